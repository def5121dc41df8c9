"""The test rows of a file are set apart once: a stratified draw, whole groups, or the latest."""

from __future__ import annotations

import numpy as np

from ..apart import whole_groups
from ..errors import DataError
from ..records import Ints
from ..seeds import seed_for
from ..splits import SMALLEST_SIZE, subset
from .recipe import rows_option

MOST_TEST_ROWS = 10_000

Parts = tuple[Ints, Ints]  # the pool and the test rows, ascending


def wanted_rows(n: int, option: object) -> int:
    """The option `test_rows`; a fifth of the rows and at most 10,000 where it is None."""
    default = min(MOST_TEST_ROWS, max(SMALLEST_SIZE, n // 5))
    return rows_option(default if option is None else option, most=n // 2, least=SMALLEST_SIZE)


def stratified(y: Ints, rows: int) -> Parts:
    """A stratified draw, the same for every sweep of the same labels."""
    return _parts(len(y), subset(y, rows, repeat=0, seed=seed_for("test", data="file")))


def by_groups(groups: Ints, rows: int, name: str) -> Parts:
    """Whole groups, drawn at random.

    Raises:
        DataError: there are fewer than 3, or they are so large that the test would take half of the rows.
    """
    count = int(groups.max()) + 1
    test = whole_groups(groups, rows, np.random.default_rng(seed_for("test", data="file")))
    if count < 3 or not SMALLEST_SIZE <= len(test) <= len(groups) // 2:
        largest = np.bincount(groups).max()
        groups_of = f"group{'' if count == 1 else 's'} of up to {largest:,} rows"
        raise DataError(
            f"data.group: {name!r} has {count} {groups_of}, of which {len(test):,} of {len(groups):,} would "
            "be tested; choose a column with more and smaller groups"
        )
    return _parts(len(groups), test)


def by_time(times: Ints, rows: int, name: str) -> Parts:
    """The latest rows, all of which are later than every other: at most `rows`, or those of the last time.

    Raises:
        DataError: half of the rows or more are of the last time.
    """
    ordered = np.sort(times)
    cut = int(ordered[-rows - 1])  # of the latest row that would be too many
    test = np.flatnonzero(times > cut) if cut < ordered[-1] else np.flatnonzero(times == ordered[-1])
    if not SMALLEST_SIZE <= len(test) <= len(times) // 2:
        raise DataError(
            f"data.time: by {name!r} the latest rows are {len(test):,} of {len(times):,}, and from "
            f"{SMALLEST_SIZE} to {len(times) // 2:,} can be tested; choose a finer column, or data.test_rows"
        )
    return _parts(len(times), test)


def _parts(n: int, test: Ints) -> Parts:
    return np.setdiff1d(np.arange(n), test), np.sort(test)
