import numpy as np
import pytest

from harness.course.single_neuron import approach, data_sets, least_squares
from harness.verdicts import Answer


def test_the_neuron_ends_where_least_squares_is(found):
    finding = found("single_neuron")
    assert finding.verdict is Answer.SUPPORTED
    assert finding.high < 1e-9
    assert {row["data"] for row in finding.rows} == set(data_sets(60, 3, 0))


def test_a_training_that_ends_early_is_told_apart(found):
    assert found("single_neuron", steps=50).verdict is Answer.UNDETERMINED


def test_the_distance_falls_as_fast_as_the_condition_number_allows():
    X, y = data_sets(200, 4, seed=1)["correlated columns"]
    one = approach(X, y, 400, start=0)
    late = [k for k, step in enumerate(one.steps) if step >= 100]
    slope = np.polyfit(np.array(one.steps)[late], np.log(np.array(one.distance)[late]), 1)[0]
    assert slope == pytest.approx(np.log((one.condition - 1) / (one.condition + 1)), rel=0.05)


def test_least_squares_leaves_residuals_at_right_angles_to_the_columns():
    X, y = data_sets(50, 3, seed=0)["independent columns"]
    assert X.T @ (least_squares(X, y) - y) == pytest.approx(np.zeros(3), abs=1e-9)
