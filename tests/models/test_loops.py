"""The vectorised code equals the course's loops."""

import math

import numpy as np
import pytest

from models import loops
from models.activations import activation
from models.losses import binary_cross_entropy
from models.network import allocate, backward, forward, workspace

COURSE = {
    "sigmoid": (loops.sigma, lambda z: loops.sigma(z) * (1 - loops.sigma(z))),
    "tanh": (math.tanh, lambda z: 1 - math.tanh(z) ** 2),
    "relu": (lambda z: max(0.0, z), lambda z: float(z > 0)),
    "leaky_relu": (lambda z: max(0.01 * z, z), lambda z: 1.0 if z > 0 else 0.01),
    "identity": (lambda z: z, lambda z: 1.0),
}


def fast(parameters, X, Y, name="identity"):
    """Cost and gradients by the vectorised code, for the course's X (n_x, m) and Y (1, m)."""
    sizes = [len(X), *(len(bias) for bias in parameters.biases)]
    work, gradients = workspace(sizes, X.shape[1], "float64"), allocate(sizes, "float64")
    x = np.ascontiguousarray(X.T)
    cost = binary_cross_entropy(forward(parameters, activation(name), x, work), Y.T)
    backward(parameters, gradients, x, work)
    return cost, gradients


def drawn(sizes, m, seed):
    rng = np.random.default_rng(seed)
    parameters = allocate(sizes, "float64")
    parameters.flat[:] = 0.3 * rng.standard_normal(parameters.flat.size)
    return parameters, rng.standard_normal((sizes[0], m)), rng.integers(0, 2, (1, m)).astype(float)


@pytest.mark.parametrize(("n_x", "m"), [(1, 1), (3, 7), (20, 40)])
def test_logistic_regression_equals_the_loops(n_x, m):
    parameters, X, Y = drawn((n_x, 1), m, seed=m)
    cost, gradients = fast(parameters, X, Y)
    J, dw, db = loops.logistic_regression(parameters.weights[0], float(parameters.biases[0][0]), X, Y)
    assert cost == pytest.approx(J, abs=1e-10)
    np.testing.assert_allclose(gradients.weights[0], dw, rtol=0, atol=1e-10)
    np.testing.assert_allclose(gradients.biases[0], [db], rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", sorted(COURSE))
@pytest.mark.parametrize(("n_x", "n_1", "m"), [(1, 1, 1), (3, 4, 7), (10, 6, 30)])
def test_the_shallow_network_equals_the_loops(n_x, n_1, m, name):
    parameters, X, Y = drawn((n_x, n_1, 1), m, seed=m)
    cost, gradients = fast(parameters, X, Y, name)
    (W1, W2), (b1, b2) = parameters.weights, parameters.biases
    J, *slow = loops.shallow_network(W1.T, b1[:, None], W2.T, b2[:, None], X, Y, *COURSE[name])
    assert cost == pytest.approx(J, abs=1e-10)
    pairs = [
        gradients.weights[0].T,
        gradients.biases[0][:, None],
        gradients.weights[1].T,
        gradients.biases[1][:, None],
    ]
    for vectorised, looped in zip(pairs, slow, strict=True):
        np.testing.assert_allclose(vectorised, looped, rtol=0, atol=1e-10)
