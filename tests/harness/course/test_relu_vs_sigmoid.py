from itertools import pairwise

import numpy as np
import pytest

from harness.course.relu_vs_sigmoid import gradient_norms
from harness.course.rows import Rows


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
