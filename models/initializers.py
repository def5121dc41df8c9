"""An initialiser draws the weights of one layer: (fan_in, fan_out, rng) -> (fan_in, fan_out) float64.

Biases start at zero. Draws are float64 whatever the network's type, so both types start alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from models.activations import Array

Initializer = Callable[[int, int, np.random.Generator], Array]


def zeros(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """All zero, for logistic regression; it keeps all units of a hidden layer identical (course 1, week 3).

    >>> zeros(2, 1, np.random.default_rng(0)).tolist()
    [[0.0], [0.0]]
    """
    return np.zeros((fan_in, fan_out))


def small_normal(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Normal with standard deviation 0.01 (course 1, week 3).

    >>> small_normal(2, 3, np.random.default_rng(0)).shape
    (2, 3)
    """
    return 0.01 * rng.standard_normal((fan_in, fan_out))


def xavier(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Normal with variance 1 / fan_in, for tanh, sigmoid and identity (course 2, week 1; after Glorot 2010).

    >>> bool(abs(xavier(10_000, 1, np.random.default_rng(0)).std() - 0.01) < 0.0005)
    True
    """
    return math.sqrt(1.0 / fan_in) * rng.standard_normal((fan_in, fan_out))


def he(fan_in: int, fan_out: int, rng: np.random.Generator) -> Array:
    """Normal with variance 2 / fan_in, for rectified units (course 2, week 1; He 2015).

    >>> bool(abs(he(20_000, 1, np.random.default_rng(0)).std() - 0.01) < 0.0005)
    True
    """
    return math.sqrt(2.0 / fan_in) * rng.standard_normal((fan_in, fan_out))


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "small_normal": small_normal,
    "xavier": xavier,
    "he": he,
}


def initializer(name: str, activation: str) -> Initializer:
    """The initialiser of that name; "auto" is he for relu and leaky_relu, else xavier."""
    if name == "auto":
        name = "he" if activation in ("relu", "leaky_relu") else "xavier"
    return INITIALIZERS[name]
