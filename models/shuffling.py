"""An order of the rows for an epoch: any permutation, or one that visits a large matrix page by page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAGE = 32  # rows; of 28 float32 columns about one page of memory


def shuffled(rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A uniform permutation of range(rows)."""
    return rng.permutation(rows)


def shuffled_by_page(rows: int, together: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Pages of neighbouring rows in random order, and then, in each stretch of `together` rows, any order.

    A row that is alone on its page costs memory, or a disk, as much as the whole page. Mini-batches are
    almost as mixed as under a uniform permutation, for a stretch holds many pages from all over the matrix
    (the two-level shuffle of Xu et al. 2022, "In-database machine learning with CorgiPile").

    >>> order = shuffled_by_page(100, 64, np.random.default_rng(0))
    >>> sorted(order.tolist()) == list(range(100)), len(set((order[:64] // PAGE).tolist()))
    (True, 2)
    """
    pages = rng.permutation(-(-rows // PAGE))
    order = (pages[:, None] * PAGE + np.arange(PAGE)).ravel()
    if rows % PAGE:
        order = order[order < rows]
    for start in range(0, rows, together):
        rng.shuffle(order[start : start + together])
    return order
