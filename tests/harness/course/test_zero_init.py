import numpy as np
import pytest

from harness.course.zero_init import distinct_units
from harness.verdicts import Answer


def test_units_that_start_at_zero_never_differ_and_logistic_regression_does_not_mind(found):
    finding = found("zero_init")
    assert finding.verdict is Answer.SUPPORTED
    assert (finding.effect, finding.low, finding.high) == (1.0, 1.0, 1.0)
    zero = [row for row in finding.rows if row["start"] == "zero" and row["hidden_layers"]]
    random = [row for row in finding.rows if row["start"] == "random" and row["hidden_layers"]]
    assert {row["distinct_units"] for row in zero} == {1}
    assert {row["distinct_units"] for row in random} == {16}


def test_with_relu_and_tanh_only_the_outputs_biases_learn(found):
    rows = found("zero_init", activations=["relu", "tanh"], layers=[1], repeats=1).rows
    stuck = [row["loss_last"] for row in rows if row["start"] == "zero" and row["hidden_layers"]]
    assert stuck == pytest.approx([np.log(10)] * 2, rel=1e-3)


def test_a_unit_that_differs_in_one_weight_is_told_apart():
    into, out = np.ones((4, 3)), np.ones((3, 2))
    assert distinct_units([into, out], [np.zeros(3), np.zeros(2)]) == [1]
    out[2, 1] += 1e-6
    assert distinct_units([into, out], [np.zeros(3), np.zeros(2)]) == [2]
