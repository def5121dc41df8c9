"""Standardising is (x - mean) / scale per column, by training rows' statistics; a missing value becomes 0.

What is far out may then be drawn in smoothly (`drawn_in`): an outlier, or a pixel that is rarely on.

It is done on the rows just gathered for a batch, so a matrix in a file is read but never copied.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.activations import Array

_BLOCK_ELEMENTS = 2**18


def column_moments(X: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
    """Mean and standard deviation (divisor n) of each column of X over `rows`, in float64, NaN left out.

    A column that is constant, or all NaN, has scale 1. X: (n, d); one pass in blocks of rows, merged by the
    formula of Chan, Golub and LeVeque (1979).

    >>> X = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0], [9.0, 9.0]])
    >>> [part.tolist() for part in column_moments(X, np.arange(3))]
    [[2.0, 5.0], [1.0, 1.0]]
    """
    width = X.shape[1]
    count, mean, squares = np.zeros(width), np.zeros(width), np.zeros(width)
    for part in in_blocks(len(rows), max(1, _BLOCK_ELEMENTS // width)):
        block = X.take(rows[part], axis=0).astype(np.float64, copy=False)
        missing = np.isnan(block)
        present = len(block) - missing.sum(axis=0)
        block[missing] = 0.0
        block_mean = block.sum(axis=0) / np.maximum(present, 1)
        block -= block_mean
        block[missing] = 0.0
        total = np.maximum(count + present, 1)
        difference = block_mean - mean
        squares += np.einsum("ij,ij->j", block, block) + difference**2 * count * present / total
        mean += difference * present / total
        count += present
    variance = squares / np.maximum(count, 1)
    rounding = np.finfo(np.float64).eps * np.maximum(count, 1)
    constant = variance <= rounding * variance + (rounding * mean) ** 2
    return mean, np.where(constant, 1.0, np.sqrt(variance))


def drawn_in(z: Array, clip: float) -> None:
    """Make z into z / sqrt(1 + (z / clip)^2), in place: z where it is small, and never beyond clip.

    The smooth clipping of RealMLP (Holzmueller, Grinsztajn and Steinwart 2024), which has clip = 3. What is
    beyond 1e19 clip becomes 0, as a missing value does: its square is beyond float32.

    >>> z = np.array([0.1, -3.0, 1000.0])
    >>> drawn_in(z, 3.0); z.round(4).tolist()
    [0.0999, -2.1213, 3.0]
    """
    share = z * (1.0 / clip)
    np.multiply(share, share, out=share)  # np.hypot, which cannot overflow, takes ten times as long
    np.add(share, 1.0, out=share)
    np.sqrt(share, out=share)
    np.divide(z, share, out=z)


class Gatherer:
    """Copies chosen rows of X into a workspace, standardised when a mean and a scale are given.

    With `clip`, what is standardised is `drawn_in`.

    Where X's type is not the workspace's, the arithmetic is done in X's, in a buffer the gatherer keeps; so a
    gatherer serves one loop at a time.
    """

    def __init__(self, X: Array, mean: Array | None, scale: Array | None, clip: float | None = None) -> None:
        self._X, self._clip = X, clip
        self._raw = np.empty((0, X.shape[1]), X.dtype)
        self._moments = None
        if mean is not None and scale is not None:
            self._moments = mean.astype(X.dtype), (1.0 / scale).astype(X.dtype)

    def __call__(self, rows: NDArray[np.intp], out: Array) -> None:
        """Fill out (*rows.shape, d) with those rows."""
        values = out if out.dtype == self._X.dtype else self._buffer(rows.size).reshape(out.shape)
        self._X.take(rows, axis=0, out=values, mode="clip")
        if self._moments is not None:
            mean, inverse = self._moments
            np.subtract(values, mean, out=values)
            np.multiply(values, inverse, out=values)
            if self._clip is not None:
                drawn_in(values, self._clip)
        if values is not out:
            np.copyto(out, values, casting="same_kind")
        if self._moments is not None and np.isnan(out.sum()):  # a sum costs a tenth of looking at each
            np.copyto(out, 0.0, where=np.isnan(out))

    def _buffer(self, rows: int) -> Array:
        if len(self._raw) < rows:
            self._raw = np.empty((rows, self._X.shape[1]), self._X.dtype)
        return self._raw[:rows]


def in_blocks(rows: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover range(rows).

    >>> list(in_blocks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))
