"""An order of the rows for an epoch that visits a large matrix page by page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAGE = 1024  # numbers: of float32, a page of memory


def shuffled_by_page(rows: int, width: int, together: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Pages of neighbouring rows in random order, and then, in each stretch of `together` rows, any order.

    `width` is that of a row, in numbers.

    A row that is alone on its page costs memory, or a disk, as much as the whole page, and a row of 1,024
    columns or more is a page. Mini-batches are almost as mixed as under a uniform permutation where a stretch
    holds many pages (the two-level shuffle of Xu et al. 2022, "In-database machine learning with CorgiPile").

    >>> order = shuffled_by_page(100, 32, 64, np.random.default_rng(0))
    >>> sorted(order.tolist()) == list(range(100)), len(set((order[:64] // 32).tolist()))
    (True, 2)
    """
    page = max(1, PAGE // width)
    pages = rng.permutation(-(-rows // page))
    order = (pages[:, None] * page + np.arange(page)).ravel()
    if rows % page:
        order = order[order < rows]
    for start in range(0, rows, together):
        rng.shuffle(order[start : start + together])
    return order
