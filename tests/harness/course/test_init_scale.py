import numpy as np
import pytest

from harness.course.rows import Rows
from harness.course.starts import variances


@pytest.fixture
def rows():
    X, y = np.random.default_rng(0).standard_normal((500, 256)).astype("float32"), np.arange(500) % 3
    return Rows(X, y, X, y)


def test_he_keeps_the_mean_square_through_relu_and_xavier_halves_it(rows):
    he, xavier = (
        np.mean([variances(rows, ("relu", start, 5), (256, 256, 3), seed) for seed in range(5)], axis=0)
        for start in ("he", "xavier")
    )
    # the first layer's output has the inputs' mean square: half of 2 / fan_in times fan_in of it
    assert he[1:] / he[:-1] == pytest.approx(np.ones(5), rel=0.1)
    assert xavier[1:] / xavier[:-1] == pytest.approx(np.full(5, 0.5), rel=0.1)


def test_a_hundredth_multiplies_the_mean_square_by_what_theory_says(rows):
    found = variances(rows, ("relu", "small_normal", 3), (256, 256, 3), 0)
    # 256 inputs of variance 0.01 ** 2 each, of which ReLU keeps half
    assert np.divide(found[1:], found[:-1]) == pytest.approx(np.full(3, 256 * 1e-4 / 2), rel=0.1)


def test_a_hundredth_does_for_one_layer_and_not_for_seven(found):
    rows = [row for row in found("init_scale").rows if row["measured"] == "loss by gradient_descent"]

    def loss(start, depth):
        return np.mean([r["value"] for r in rows if (r["start"], r["hidden_layers"]) == (start, depth)])

    assert loss("0.01", 7) == pytest.approx(np.log(10), abs=0.05)
    assert loss("He", 7) < loss("0.01", 7) - 0.5
    assert loss("0.01", 1) < loss("0.01", 7) - 0.5
