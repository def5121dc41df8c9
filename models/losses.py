"""A loss is one function of the logits that returns its mean over the rows and leaves its gradient in them.

z, y: (rows, outputs) floats. Each function returns the mean loss over the rows and overwrites z with the
gradient of that mean with respect to z: the course's dZ^[L] / m. Working from logits keeps each of them exact
where a probability would round to 0 or 1. Any memory order is right; column by column is three times as fast,
because what is done for each of a few classes then runs along the many rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.blas import daxpy, ddot, dscal, idamax, isamax, saxpy, sdot, sscal

from models.activations import Array

Loss = Callable[[Array, Array], float]

# Smaller logits need no shift: exp of them, and the sum of many, neither overflows nor vanishes in float32.
_SAFE = 16.0
_FEW_ROWS = 1024  # of more, a mean is wanted to more than six digits, and a shift costs next to nothing


def binary_cross_entropy(z: Array, y: Array) -> float:
    """-[y log a + (1 - y) log(1 - a)] with a = sigmoid(z); z, y: (rows, 1), y in [0, 1].

    Computed as max(z, 0) - z y + log(1 + exp(-|z|)); gradient (a - y) / rows.

    >>> z = np.array([[0.0], [-1000.0]])
    >>> round(binary_cross_entropy(z, np.array([[1.0], [1.0]])), 4), z.ravel().tolist()
    (500.3466, [-0.25, -0.5])
    """
    small = np.exp(-np.abs(z))
    positive = np.greater(z, 0.0)
    value = np.log1p(small).sum() + np.vdot(z, positive - y)
    np.divide(np.where(positive, 1.0, small), 1.0 + small, out=z)
    np.subtract(z, y, out=z)
    np.multiply(z, 1.0 / len(z), out=z)
    return float(value) / len(z)


def cross_entropy(z: Array, y: Array) -> float:
    """-sum_k y_k log a_k with a = softmax(z); z, y: (rows, classes), each row of y sums to 1.

    Computed after subtracting each row's largest logit where some logit is large or rows are many; else the
    mean is right to 1e-6 in float32, and the gradient as ever: (a - y) / rows.

    >>> z = np.array([[0.0, 0.0], [1000.0, 0.0]])
    >>> round(cross_entropy(z, np.array([[1.0, 0.0], [0.0, 1.0]])), 4), z.tolist()
    (500.3466, [[-0.25, 0.25], [0.5, -0.5]])
    """
    if not z.flags.f_contiguous:
        columns = np.asfortranarray(z)
        mean = cross_entropy(columns, y)
        z[:] = columns
        return mean
    rows, classes = z.shape
    logits, flat, target, blas = z.T, z.T.ravel(), y.T.ravel(), _BLAS[z.dtype.char]
    if rows > _FEW_ROWS or not abs(flat.item(blas.largest(flat))) < _SAFE:
        np.subtract(logits, np.maximum.reduce(logits, axis=0), out=logits)
    value = -blas.product(flat, target)
    np.exp(logits, out=logits)
    total = _ones(classes, z.dtype).dot(logits)
    value += np.log(total).dot(_ones(rows, z.dtype))
    blas.multiply(rows, total)
    np.divide(logits, total, out=logits)
    blas.add_scaled(target, flat, a=-1.0 / rows)
    return float(value / rows)


@lru_cache(maxsize=64)
def _ones(length: int, dtype: Any) -> Array:
    """Ones, to sum with: a product with them is faster than a reduction."""
    ones = np.ones(length, dtype)
    ones.flags.writeable = False
    return ones


class _Blas(NamedTuple):
    """What BLAS does to vectors, in a third of the time of NumPy's functions on short ones."""

    largest: Callable[[Array], int]  # the index of the largest absolute value
    product: Callable[[Array, Array], float]
    multiply: Callable[[float, Array], Array]  # both of these in place
    add_scaled: Callable[..., Array]


_BLAS = {"f": _Blas(isamax, sdot, sscal, saxpy), "d": _Blas(idamax, ddot, dscal, daxpy)}


def squared_error(z: Array, y: Array) -> float:
    """(z - y)^2 / 2, summed over outputs; gradient (z - y) / rows.

    >>> z = np.array([[3.0], [1.0]])
    >>> squared_error(z, np.array([[1.0], [1.0]])), z.ravel().tolist()
    (1.0, [1.0, 0.0])
    """
    np.subtract(z, y, out=z)
    value = 0.5 * np.vdot(z, z)
    np.multiply(z, 1.0 / len(z), out=z)
    return float(value) / len(z)


def rectified_squared_error(z: Array, y: Array) -> float:
    """(z - y)^2 / 2 where z > 0, y^2 / 2 - y z elsewhere, for y >= 0; gradient (max(z, 0) - y) / rows.

    The squared error of a ReLU output max(z, 0), continued along its tangent where the output is 0. The plain
    squared error has no gradient there, and an output unit that falls below 0 for every row is lost for good.
    This is the loss that matches the ReLU as cross-entropy matches the sigmoid: convex in z, gradient a - y.

    >>> z = np.array([[3.0], [-1.0]])
    >>> rectified_squared_error(z, np.array([[1.0], [1.0]])), z.ravel().tolist()
    (1.75, [1.0, -0.5])
    """
    tangent = np.vdot(np.minimum(z, 0.0), y) / len(z)
    np.maximum(z, 0.0, out=z)
    return squared_error(z, y) - float(tangent)


def softmax(z: Array) -> None:
    """exp(z_k) / sum_j exp(z_j) of each row, in place.

    >>> z = np.array([[1000.0, 1000.0]])
    >>> softmax(z); z.tolist()
    [[0.5, 0.5]]
    """
    np.subtract(z, z.max(axis=1, keepdims=True), out=z)
    np.exp(z, out=z)
    np.divide(z, z.sum(axis=1, keepdims=True), out=z)
