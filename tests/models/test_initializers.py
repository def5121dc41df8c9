import numpy as np
import pytest

from models.initializers import INITIALIZERS, initializer


@pytest.mark.parametrize(
    ("name", "deviation"),
    [("zeros", 0.0), ("small_normal", 0.01), ("xavier", 0.05), ("he", 0.05 * np.sqrt(2))],
)
def test_weights_have_the_stated_standard_deviation(name, deviation):
    weights = INITIALIZERS[name](400, 100, np.random.default_rng(0))
    assert weights.shape == (400, 100)
    assert weights.std() == pytest.approx(deviation, rel=0.02)


@pytest.mark.parametrize(
    ("activation", "chosen"),
    [("relu", "he"), ("leaky_relu", "he"), ("tanh", "xavier"), ("sigmoid", "xavier"), ("identity", "xavier")],
)
def test_auto_follows_the_activation(activation, chosen):
    assert initializer("auto", activation) is INITIALIZERS[chosen]
    assert initializer("zeros", activation) is INITIALIZERS["zeros"]
