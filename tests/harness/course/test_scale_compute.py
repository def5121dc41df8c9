import numpy as np

from harness.course.envelope import Trained, envelope
from harness.course.scale_compute import BUDGETS, _judged
from harness.verdicts import Answer


def test_more_computation_lowers_the_error(found):
    finding = found("scale_compute")
    assert finding.effect < 0
    operations = {(row["units"], row["step"]): row["operations"] for row in finding.rows}
    # 6 operations for each parameter and row: 151 features, 16 classes, 128 rows in a step
    assert operations[4, 150] == 6 * (152 * 4 + 5 * 16) * 128 * 150


def test_the_envelope_takes_the_best_width_that_a_budget_pays_for():
    found = {
        1: Trained(0.1, np.array([10.0, 100.0]), np.zeros((1, 2)), np.zeros((1, 2))),
        9: Trained(0.1, np.array([90.0, 900.0]), np.zeros((1, 2)), np.zeros((1, 2))),
    }
    errors = {1: np.array([5.0, 4.0]), 9: np.array([6.0, 2.0])}
    lowest, best = envelope(found, np.array([10.0, 100.0, 1000.0]), errors)
    assert lowest.tolist() == [5.0, 4.0, 2.0]
    assert best.tolist() == [1, 1, 9]


def trained(operations, *errors):
    return Trained(0.1, np.array(operations), np.zeros((len(errors), len(operations))), np.array(errors))


def test_a_larger_network_must_be_the_best_one_of_each_repeat_at_larger_budgets():
    small, large = [10.0, 100.0, 1000.0], [100.0, 1000.0, 10000.0]
    grows = {2: trained(small, [60.0, 50.0, 45.0], [61.0, 50.0, 44.0]),
             9: trained(large, [58.0, 30.0, 20.0], [58.0, 31.0, 20.0])}  # fmt: skip
    assert _judged(grows, [1, 2, 3], 90.0, "").verdict is Answer.SUPPORTED
    torn = {2: trained(small, [60.0, 50.0, 10.0], [61.0, 50.0, 44.0]), 9: grows[9]}
    assert _judged(torn, [1, 2, 3], 90.0, "").verdict is Answer.UNDETERMINED
    assert _judged(grows, [1, 2, 3], 10.0, "").verdict is Answer.UNDETERMINED  # nothing has been learned


def test_the_envelope_begins_where_something_is_learned():
    found = {2: trained([10.0, 100.0, 1000.0, 10000.0], *[[90.0, 85.0, 40.0, 20.0]] * 2)}
    envelope_shown = _judged(found, [1, 2, 3, 4], 80.0, "").panels[0].curves["envelope"]
    assert envelope_shown.y[0] == 40.0
    assert len(envelope_shown.y) < BUDGETS
