import numpy as np
import pytest

from harness.course.cross_entropy import LOSSES
from harness.course.sigmoid_cost import hessians, inputs, value_and_gradient
from harness.verdicts import Answer


def test_the_trap_has_two_minima_a_column_and_cross_entropy_one_in_all(found):
    finding = found("cross_entropy")
    assert finding.verdict is Answer.SUPPORTED
    minima = {(row["data"], row["columns"], row["loss"]): row["minima"] for row in finding.rows}
    assert [minima["made to trap", width, "squared error"] for width in (1, 2)] == [2, 4]
    assert {count for (*_, loss), count in minima.items() if loss == "cross-entropy"} == {1}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["made to trap", "ordinary"])
def test_gradient_and_hessian_are_what_differences_say(loss, kind):
    X, y = inputs(kind, 2, 40, seed=0)
    w, small = np.array([0.3, -0.2]), 1e-6
    value, gradient = value_and_gradient(loss, w, X, y)
    steps = small * np.eye(2)
    ahead = [value_and_gradient(loss, w + step, X, y) for step in steps]
    assert [(one[0] - value) / small for one in ahead] == pytest.approx(gradient, abs=1e-4)
    differences = np.array([(one[1] - gradient) / small for one in ahead])
    assert differences == pytest.approx(hessians(loss, w[:, None], X, y)[0], abs=1e-4)


def test_a_convex_cost_lies_below_its_chords_and_the_other_does_not():
    X, y = inputs("made to trap", 1, 0, seed=0)
    below = {}
    for loss in LOSSES:
        cost = [value_and_gradient(loss, np.array([w]), X, y)[0] for w in np.linspace(-1, 5, 50)]
        below[loss] = np.all(np.diff(cost, 2) >= -1e-12)
    assert below == {"squared error": False, "cross-entropy": True}
