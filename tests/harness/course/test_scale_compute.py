import numpy as np

from harness.course.scale_compute import Trained, envelope


def test_more_computation_lowers_the_error(found):
    finding = found("scale_compute")
    assert finding.effect < 0
    operations = {(row["units"], row["step"]): row["operations"] for row in finding.rows}
    # 6 operations for each parameter and row: 151 features, 16 classes, 128 rows in a step
    assert operations[4, 150] == 6 * (152 * 4 + 5 * 16) * 128 * 150


def test_the_envelope_takes_the_best_width_that_a_budget_pays_for():
    found = {
        1: Trained(np.array([10.0, 100.0]), np.zeros((1, 2)), np.zeros((1, 2))),
        9: Trained(np.array([90.0, 900.0]), np.zeros((1, 2)), np.zeros((1, 2))),
    }
    errors = {1: np.array([5.0, 4.0]), 9: np.array([6.0, 2.0])}
    lowest, best = envelope(found, np.array([10.0, 100.0, 1000.0]), errors)
    assert lowest.tolist() == [5.0, 4.0, 2.0]
    assert best.tolist() == [1, 1, 9]
