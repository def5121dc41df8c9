"""The gradient of a network at its start, layer by layer: how fast it shrinks on its way down."""

from __future__ import annotations

import numpy as np

from harness.course.finding import Array
from harness.course.rows import Rows
from models.activations import activation
from models.initializers import initializer
from models.losses import cross_entropy
from models.network import allocate, backward, forward, initialize, workspace


def gradient_norms(rows: Rows, name: str, depth: int, units: int, start: int) -> list[float]:
    """The norm of the loss's gradient with respect to each W[l] of a network at its start, l = 1, 2, ..."""
    scaled = (rows.X - rows.X.mean(axis=0)) / np.where(rows.X.std(axis=0) > 0, rows.X.std(axis=0), 1.0)
    x = np.ascontiguousarray(scaled, dtype=np.float64)
    y = np.eye(int(rows.y.max()) + 1)[rows.y]
    sizes = (x.shape[1], *(units,) * depth, y.shape[1])
    parameters, gradients = allocate(sizes, "float64"), allocate(sizes, "float64")
    initialize(parameters, initializer("auto", name), np.random.default_rng(start))
    work = workspace(sizes, len(x), "float64")
    cross_entropy(forward(parameters, activation(name), x, work), y)
    backward(parameters, gradients, x, work)
    return [float(np.linalg.norm(weight)) for weight in gradients.weights]


def shrinks(norms: Array) -> Array:
    """The logarithm of what the gradient is divided by from a hidden layer to the one below, of each repeat.

    `norms` are (repeats, layers). The first and the last layer have other shapes, and are left out where
    enough others are there.

    >>> np.exp(shrinks(np.array([[1.0, 1.0, 4.0, 16.0, 9.0]]))).round(6).tolist()
    [4.0]
    """
    inner = norms[:, 1:-1] if norms.shape[1] > 3 else norms[:, :-1]
    slopes: Array = np.polyfit(range(inner.shape[1]), np.log(inner).T, 1)[0]
    return slopes
