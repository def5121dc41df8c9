from itertools import pairwise

import numpy as np
import pytest

from harness.course.gradients import gradient_norms
from harness.course.rows import Rows
from harness.course.steps import Evidence, evidence
from harness.verdicts import Answer

ABOVE, BELOW, OPEN = (0.5, 0.1, 0.9), (-0.5, -0.9, -0.1), (0.1, -0.3, 0.5)


def test_relu_is_faster_and_the_gradient_of_sigmoid_vanishes(found):
    finding = found("relu_vs_sigmoid")
    assert finding.effect > 1
    gradients = finding.panels[-1].curves
    fall = {name: curve.y[1] / curve.y[-2] for name, curve in gradients.items()}
    assert fall["sigmoid"] < fall["relu"]


def test_the_gradient_through_sigmoid_is_at_most_a_quarter_of_what_its_weights_pass_on():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((200, 8)), np.arange(200) % 3
    norms = gradient_norms(Rows(X, y, X, y), "sigmoid", 6, 64, start=0)
    falls = [below / above for below, above in pairwise(norms[1:5])]
    # Xavier weights keep a vector's length on average, and g' is at most 1/4
    assert max(falls) < 0.4
    assert norms == pytest.approx(gradient_norms(Rows(X, y, X, y), "sigmoid", 6, 64, start=0))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (Evidence(ABOVE, ABOVE, ABOVE, OPEN), Answer.SUPPORTED),
        (Evidence(ABOVE, ABOVE, None, ABOVE), Answer.SUPPORTED),
        (Evidence(ABOVE, ABOVE, OPEN, BELOW), Answer.UNDETERMINED),  # faster, for an unknown cause
        (Evidence(ABOVE, ABOVE, None, None), Answer.UNDETERMINED),
        (Evidence(ABOVE, ABOVE, BELOW, BELOW), Answer.CONTRADICTED),  # faster, and not because of it
        (Evidence(ABOVE, BELOW, ABOVE, ABOVE), Answer.CONTRADICTED),
        (Evidence(BELOW, ABOVE, ABOVE, ABOVE), Answer.CONTRADICTED),
        (Evidence(OPEN, ABOVE, ABOVE, ABOVE), Answer.UNDETERMINED),
    ],
)
def test_faster_and_because_are_two_parts_that_must_both_hold(held, expected):
    assert held.verdict is expected


def test_growth_is_judged_only_over_depths_at_which_every_training_arrives():
    wave = np.array([1.0, 1.1, 0.9])
    found = {("adam", name, depth): 10 * wave for name in ("relu", "sigmoid") for depth in (1, 2, 3)}
    found["adam", "sigmoid", 2] = 20 * wave
    found["adam", "sigmoid", 3] = np.array([np.inf, 90.0, 90.0])
    norms = {name: np.geomspace(1, 9, 5)[None].repeat(3, axis=0) for name in ("relu", "sigmoid")}
    assert evidence(found, norms, 100).grows == pytest.approx((np.log(2),) * 3)
    assert evidence(found, norms, 100).over_second is None
