"""Squared Euclidean distances between rows, each matrix one product: ||a - b||^2 = a.a + b.b - 2 a.b.

Fits that see the same rows again, as the trials of a search do, can share the matrix: see `shared`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

from models.activations import Array
from models.standardization import in_blocks

HELD_BYTES = 2**29  # of matrices kept at once: among 8,192 rows, one
_BLOCK_ELEMENTS = 2**16  # a block is gone through while it is in the cache

_held: ContextVar[OrderedDict[bytes, NDArray[np.float64]] | None] = ContextVar("held", default=None)


def between(A: Array, B: Array) -> NDArray[np.float64]:
    """Squared distances (len(A), len(B)) between the rows of A and of B; rounding may leave a 0 at -1e-12.

    One product of wider rows, (-2a, a.a, 1) . (b, 1, b.b), after moving both by the mean of B: rows far from
    the origin would lose their digits. So what is said of one row of A does not depend on the others.

    >>> between(np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[0.0, 4.0]])).tolist()
    [[16.0], [25.0]]
    """
    centre = B.mean(axis=0, dtype=np.float64)
    A, B = A - centre, B - centre
    left = np.column_stack([-2.0 * A, np.einsum("ij,ij->i", A, A), np.ones(len(A))])
    right = np.column_stack([B, np.ones(len(B)), np.einsum("ij,ij->i", B, B)])
    D: NDArray[np.float64] = left @ right.T
    return D


def among(X: Array) -> NDArray[np.float64]:
    """Squared distances (n, n) among the rows of X, 0 on the diagonal.

    Below `shared` it may be a matrix made before for the same rows, which is then read-only.
    """
    held = _held.get()
    size = 8 * len(X) ** 2
    if held is None or size > HELD_BYTES:
        return _fresh(X)
    key = hashlib.blake2b(f"{X.dtype} {X.shape}".encode() + X.tobytes()).digest()
    if key not in held:
        while sum(each.nbytes for each in held.values()) + size > HELD_BYTES:
            held.popitem(last=False)
        held[key] = _fresh(X)
        held[key].flags.writeable = False
    held.move_to_end(key)
    return held[key]


@contextmanager
def shared() -> Iterator[None]:
    """Keep the matrices of `among` until the end of the block, up to `HELD_BYTES`, those used last.

    They are told apart by the content of their rows, so nothing that is computed depends on it.

    >>> X = np.eye(2)
    >>> with shared():
    ...     among(X) is among(X.copy())
    True
    >>> among(X) is among(X)
    False
    """
    token = _held.set(OrderedDict())
    try:
        yield
    finally:
        _held.reset(token)


def _fresh(X: Array) -> NDArray[np.float64]:
    D = between(X, X)
    np.fill_diagonal(D, 0.0)
    return D


def decayed(D: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """exp(-rate D), in place where D may be written to.

    >>> decayed(np.array([[0.0, 1.0]]), rate=np.log(2)).round(6).tolist()
    [[1.0, 0.5]]
    """
    out = D if D.flags.writeable else np.empty_like(D)
    for part in in_blocks(len(D), max(1, _BLOCK_ELEMENTS // D.shape[1])):
        np.multiply(D[part], -rate, out=out[part])
        np.exp(out[part], out=out[part])
    return out
