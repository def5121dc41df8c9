"""A cell's rows: a prefix of one stratified ordering of the pool, and the validation splits inside it.

Nothing here knows a family, so every family learns from, and is selected on, the same rows.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from .apart import group_folds, latest, whole_groups
from .errors import ConfigError
from .records import Ints, Split, Task
from .seeds import seed_for

SMALLEST_SIZE = 5  # one row for each fold


def check_size(size: int, pool: int) -> None:
    """Raise a ConfigError unless `size` rows can be drawn from a pool of `pool` rows and split.

    >>> check_size(400, pool=150)
    Traceback (most recent call last):
    harness.errors.ConfigError: size must be at most 150 (the rows of the pool), got 400; lower data.sizes
    """
    if size > pool:
        raise ConfigError(
            f"size must be at most {pool:,} (the rows of the pool), got {size:,}; lower data.sizes"
        )
    if size < SMALLEST_SIZE:
        raise ConfigError(
            f"size must be at least {SMALLEST_SIZE} (a row for each fold), got {size:,}; raise data.sizes"
        )


def check_classes(size: int, y_pool: Ints) -> None:
    """Raise a ConfigError where `size` rows may all be of one class, which nothing can be learnt from.

    At least 3 rows must be expected outside the commonest class: `subset` draws 2 of a second class then.

    >>> check_classes(64, np.arange(2_000) % 100 == 0)
    Traceback (most recent call last):
    harness.errors.ConfigError: size must be at least 300 (99.0 % of the pool are of one class, and 3 rows \
of another are needed), got 64; raise data.sizes
    """
    counts = np.bincount(y_pool)
    others = 1 - counts.max() / len(y_pool)
    if size * others < 3 - 1e-9:
        raise ConfigError(
            f"size must be at least {smallest_size(y_pool):,} ({100 * (1 - others):.1f} % of the pool are of "
            f"one class, and 3 rows of another are needed), got {size:,}; raise data.sizes"
        )


def check_searches(task: Task, draws: Collection[tuple[int, int]], seed: int) -> None:
    """Raise a ConfigError where a search would learn from rows of one class, for whole groups or the past.

    Args:
        task: what is drawn on; without groups and times every training side has two classes.
        draws: the (size, repeat) of the cells. A draw holds the smaller ones of its repeat.
        seed: the sweep's seed.
    """
    if task.groups is None and task.times is None:
        return
    for repeat in sorted({repeat for _, repeat in draws}):
        sizes = sorted(size for size, of in draws if of == repeat)
        rows = subset(task.strata, sizes[-1], repeat, seed)
        for size in sizes:
            _check_search(task, rows[:size], repeat, seed)


def _check_search(task: Task, rows: Ints, repeat: int, seed: int) -> None:
    y = task.y[rows]
    groups, times = (None if of is None else of[rows] for of in (task.groups, task.times))
    for split in inner_splits(task.strata[rows], repeat, seed, groups=groups, times=times):
        learnt = y[split.train]
        if not len(learnt) or (learnt == learnt[0]).all():
            why, option = ("groups stay whole", "group")
            if times is not None:
                why, option = ("it judges the latest", "time")
            raise ConfigError(
                f"at size {len(rows):,} the search of repeat {repeat} would learn from rows of one "
                f"{'class' if task.classes else 'value'} only, for {why}; raise data.sizes, or set "
                f"data.{option}=null"
            )


def smallest_size(y_pool: Ints) -> int:
    """The least size that `check_classes` allows.

    >>> smallest_size(np.arange(100) % 2)
    6
    """
    others = len(y_pool) - int(np.bincount(y_pool).max())
    return -(-3 * len(y_pool) // others) if others else 3 * len(y_pool)


def subset(y_pool: Ints, size: int, repeat: int, seed: int) -> Ints:
    """Row indices, (size,) int64, of a stratified random subset of the pool.

    The subsets of all sizes of one (repeat, seed) are prefixes of one ordering: each class's members in
    random order, member j of the N_c members of class c at position (j + u_c) / N_c, with u_c uniform in
    [0, 1), and all classes merged by position. So a prefix holds about its share of every class: within
    one row for two classes, and never off by more than (K - 2) p + 1 rows for a class of share p among K.

    Args:
        y_pool: (rows,) class indices of the pool, from 0.
        size: how many rows, from 5 up to all of them.
        repeat: the repeat, which has its own ordering.
        seed: the sweep's seed.

    Raises:
        ConfigError: the size is outside those limits.

    >>> y = np.array([0, 1, 1, 0, 1, 1, 0, 1, 1])
    >>> small, large = (subset(y, size, repeat=0, seed=0) for size in (6, 9))
    >>> np.bincount(y[small]).tolist(), bool((small == large[:6]).all())
    ([2, 4], True)
    """
    check_size(size, len(y_pool))
    rng = np.random.default_rng(seed_for("subset", repeat=repeat, seed=seed))
    counts = np.bincount(y_pool)
    shuffled = rng.permutation(len(y_pool))
    rows = shuffled[_stable_order(y_pool[shuffled])]
    labels = np.repeat(np.arange(len(counts)), counts)
    members = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    positions = (members + rng.random(len(counts))[labels]) / counts[labels]
    # Only the head needs sorting: up to position t lie more than t N - K rows.
    head = np.flatnonzero(positions <= (size + len(counts)) / len(rows))
    return rows[head[np.argsort(positions[head], kind="stable")][:size]]


def inner_splits(
    y: Ints, repeat: int, seed: int, groups: Ints | None = None, times: Ints | None = None
) -> tuple[Split, ...]:
    """Splits of the n rows of a cell for selection: 5 folds up to 500 rows, 3 up to 2,000, else a hold-out.

    The hold-out validates on max(n / 10, min(n / 5, 2000)) rows, rounded down. The rows are laid out by
    class, the classes in random order and each class in the order given, and dealt to the folds in turn;
    the hold-out takes evenly spaced rows of the same layout. So folds differ by at most one row in size and
    in every class, a class rarer than k is missing from some validation sets and never raises a warning,
    and a leading share of the training rows is itself stratified. A class with a single row always trains,
    so no training set lacks a class, unless too few rows are left to validate on.

    With groups, folds and hold-out are made of whole ones, as alike as those allow. With times, one hold-out
    of any size validates on the latest max(n / 10, min(n / 5, 2000)) rows.

    Args:
        y: (n,) class indices of the cell's rows in the order of `subset`, which is random in each class.
        repeat: the cell's repeat.
        seed: the sweep's seed.
        groups: (n,) whose equal values stay together.
        times: (n,) ascending with time.

    Returns:
        One split per fold; train and validation are ascending, disjoint, and together every row.

    Raises:
        ConfigError: fewer than 5 rows.

    Source: `Search` in the protocol: k-fold where rows are few, a hold-out of 10 to 20 % where they are not.

    >>> [len(split.validation) for split in inner_splits(np.arange(103) % 2, repeat=0, seed=0)]
    [21, 21, 21, 20, 20]
    >>> [len(split.validation) for split in inner_splits(np.arange(5_000) % 2, repeat=0, seed=0)]
    [1000]
    """
    n = len(y)
    check_size(n, pool=n)
    if times is not None:
        return (_split(n, latest(times, _hold_out(n))),)
    rng = np.random.default_rng(seed_for("inner splits", repeat=repeat, seed=seed))
    if groups is not None:
        return tuple(_split(n, rows) for rows in _of_groups(y, groups, rng))
    layout = _stable_order(rng.permutation(int(y.max()) + 1)[y])
    if n > 2_000:
        validation = validation_rows(n)
        return (_split(n, _spaced(_repeated(y, layout, validation), validation, rng)),)
    k = _folds(n)
    dealt = _repeated(y, layout, k)
    return tuple(_split(n, dealt[fold::k]) for fold in range(k))


def _of_groups(y: Ints, groups: Ints, rng: np.random.Generator) -> list[Ints]:
    """The validation rows of each split of whole groups."""
    n = len(y)
    if n > 2_000:
        return [whole_groups(groups, _hold_out(n), rng)]
    return group_folds(y, groups, _folds(n), rng)


def _folds(n: int) -> int:
    return 5 if n <= 500 else 3


def _hold_out(n: int) -> int:
    return max(n // 10, min(n // 5, 2_000))


def validation_rows(n: int, forward: bool = False) -> int:
    """How many of a cell's n rows its selection is measured on: all over the folds, or the hold-out.

    Args:
        n: the rows of the cell.
        forward: they have times, so that there is one hold-out at any size.

    >>> validation_rows(500), validation_rows(4_096), validation_rows(40_000)
    (500, 819, 4000)
    >>> validation_rows(500, forward=True)
    100
    """
    return _hold_out(n) if forward or n > 2_000 else n


def _repeated(y: Ints, layout: Ints, enough: int) -> Ints:
    """The rows of the layout whose class has another row; all of it where those are not enough."""
    rows = layout[np.bincount(y)[y[layout]] > 1]
    return rows if len(rows) >= enough else layout


def _spaced(rows: Ints, count: int, rng: np.random.Generator) -> Ints:
    """`count` of the rows at even spacing from a random start: any run gives its share within one."""
    steps: Ints = (np.arange(len(rows) + 1) + rng.integers(len(rows))) * count // len(rows)
    return rows[np.flatnonzero(np.diff(steps))]


def _split(n: int, validation: Ints) -> Split:
    held = np.zeros(n, dtype=bool)
    held[validation] = True
    return Split(train=np.flatnonzero(~held), validation=np.flatnonzero(held))


def _stable_order(keys: Ints) -> Ints:
    """`argsort`, stable; where the classes fit 16 bits, by radix and ten times faster."""
    narrow: NDArray[np.integer] = keys.astype(np.uint16) if keys.max() < 2**16 else keys
    return np.argsort(narrow, kind="stable")
