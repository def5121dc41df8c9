"""An activation is one function that turns z into f(z) and writes f'(z) beside it, both in place.

The derivative is taken where its value is cheapest, at the forward pass, so that the backward pass is one
product. In the course's notation z is Z^[l], f(z) is A^[l] and f'(z) is g'^[l](Z^[l]); rows are examples.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Activation = Callable[[Array, Array], None]

_ZERO = np.zeros((), np.float32)  # an array compares twice as fast as a Python number on small batches


def sigmoid(z: Array, derivative: Array) -> None:
    """1 / (1 + exp(-z)), by way of tanh, which never overflows; derivative a (1 - a).

    >>> z, d = np.array([0.0, 1000.0]), np.empty(2)
    >>> sigmoid(z, d); print(z, d)
    [0.5 1. ] [0.25 0.  ]
    """
    np.multiply(z, 0.5, out=z)
    np.tanh(z, out=z)
    np.multiply(z, 0.5, out=z)
    np.add(z, 0.5, out=z)
    np.subtract(1.0, z, out=derivative)
    np.multiply(derivative, z, out=derivative)


def tanh(z: Array, derivative: Array) -> None:
    """Hyperbolic tangent; derivative 1 - a^2.

    >>> z, d = np.array([0.0, 1000.0]), np.empty(2)
    >>> tanh(z, d); print(z, d)
    [0. 1.] [1. 0.]
    """
    np.tanh(z, out=z)
    np.multiply(z, z, out=derivative)
    np.subtract(1.0, derivative, out=derivative)


def relu(z: Array, derivative: Array) -> None:
    """max(z, 0); derivative 1 where z > 0, else 0.

    >>> z, d = np.array([-2.0, 3.0]), np.empty(2)
    >>> relu(z, d); print(abs(z), d)
    [0. 3.] [0. 1.]
    """
    np.greater(z, _ZERO, out=derivative)
    np.multiply(z, derivative, out=z)  # cheaper than np.maximum, whose mask would be needed anyway


def leaky_relu(z: Array, derivative: Array, slope: float = 0.01) -> None:
    """The larger of z and slope * z; derivative 1 or slope.

    >>> z, d = np.array([-2.0, 3.0]), np.empty(2)
    >>> leaky_relu(z, d, slope=0.5); print(z, d)
    [-1.  3.] [0.5 1. ]
    """
    np.greater(z, _ZERO, out=derivative)
    np.multiply(derivative, 1.0 - slope, out=derivative)
    np.add(derivative, slope, out=derivative)
    np.multiply(z, derivative, out=z)


def identity(z: Array, derivative: Array) -> None:
    """No change; derivative 1. A network of these is linear, however deep.

    >>> z, d = np.array([-2.0, 3.0]), np.empty(2)
    >>> identity(z, d); print(z, d)
    [-2.  3.] [1. 1.]
    """
    derivative.fill(1.0)


ACTIVATIONS: dict[str, Callable[..., None]] = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "identity": identity,
}


def activation(name: str, slope: float = 0.01) -> Activation:
    """The activation of that name; `slope` is that of leaky_relu and ignored by the others."""
    return partial(leaky_relu, slope=slope) if name == "leaky_relu" else ACTIVATIONS[name]
