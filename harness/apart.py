"""Splits that keep apart what would tell the answer: rows of one group, and the past from what came after it.

A group (a patient, a customer, a shop) is whole on one side. Later rows are never learnt from to judge
earlier ones.
"""

from __future__ import annotations

import numpy as np

from .records import Ints


def whole_groups(groups: Ints, rows: int, rng: np.random.Generator) -> Ints:
    """Indices, ascending, of about `rows` rows: random groups, each taken if all of it still fits.

    The smallest group where none fits. Never every group.

    >>> whole_groups(np.array([0, 0, 1, 1, 2, 2]), rows=3, rng=np.random.default_rng(0)).tolist()
    [4, 5]
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    taken, left = np.zeros(len(sizes), dtype=bool), len(sizes)
    for candidate in rng.permutation(len(sizes)).tolist():
        if rows == 0 or left == 1:
            break
        if sizes[candidate] <= rows:
            taken[candidate] = True
            rows, left = rows - int(sizes[candidate]), left - 1
    if not taken.any():
        taken[sizes.argmin()] = True
    return np.flatnonzero(taken[group])


def group_folds(y: Ints, groups: Ints, k: int, rng: np.random.Generator) -> list[Ints]:
    """Row indices of at most `k` folds, none empty, none sharing a group with another, each row in one.

    Groups are dealt by falling size, random among equals, each to the fold in which its classes are rarest so
    far: the one with the least sum over classes c of held_c * group_c / n_c, the number of rows counted as
    one more class. So folds come as near to the same size and the same classes as the groups allow.

    >>> folds = group_folds(np.array([0, 1, 0, 1]), np.array([7, 7, 8, 8]), 5, np.random.default_rng(0))
    >>> sorted(fold.tolist() for fold in folds)
    [[0, 1], [2, 3]]
    """
    _, group = np.unique(groups, return_inverse=True)
    content = np.zeros((group.max() + 1, y.max() + 2))
    np.add.at(content, (group, y), 1)
    content[:, -1] = content.sum(axis=1)
    weight = content / np.maximum(content.sum(axis=0), 1)
    held = np.zeros((min(k, len(content)), content.shape[1]))
    fold = np.empty(len(content), dtype=np.int64)
    for dealt in sorted(rng.permutation(len(content)).tolist(), key=lambda one: -content[one, -1]):
        fold[dealt] = np.argmin(held @ weight[dealt])
        held[fold[dealt]] += content[dealt]
    return [np.flatnonzero(fold[group] == at) for at in range(len(held))]


def latest(times: Ints, rows: int) -> Ints:
    """Indices, ascending, of the `rows` latest rows; of equal times, those that come last.

    >>> latest(np.array([3, 1, 3, 2]), 2).tolist(), latest(np.array([3, 1, 3, 2]), 1).tolist()
    ([0, 2], [2])
    """
    return np.sort(np.argsort(times, kind="stable")[len(times) - rows :])
