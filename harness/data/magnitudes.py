"""The numbers of a column beside what 32 bits can hold: how large they are, and how near to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .table import Table

if TYPE_CHECKING:
    import pandas

SEEN, LOST = 1000, 0.01  # of more numbers with many digits some are always one in float32
HUGE = 9e18  # beyond are fill values from the least and largest 64-bit integer on; nanoseconds are below
MOST_DEVIATIONS = 1e15  # that a huge number may be from the others: from there on some learners overflow


def bounded(table: Table, numbers: pandas.Series[Any]) -> pandas.Series[Any]:
    """The numbers, none of which is beyond float32.

    Raises:
        DataError: one is.
    """
    too_large = numbers.abs() > np.finfo(np.float32).max
    if too_large.any():
        row = int(too_large.argmax())
        raise DataError(
            f"{table.where(row)}: {numbers.name!r} is {numbers.iloc[row]}, beyond "
            "32-bit numbers; mend it or rescale the column"
        )
    return numbers


def refuse_fill_values(table: Table, numbers: pandas.Series[Any], known: pandas.Series[Any]) -> None:
    """Raise a DataError for a number that no learner can stand beside the others, such as 9.97e36 among 0.5.

    That is one beyond 9e18, and more than 1e15 standard deviations of the others from their mean, where at
    least half of the values are not beyond 9e18.

    Args:
        table: where they are from.
        numbers: the values.
        known: those of the same column of the file to learn from.
    """
    huge, ordinary = numbers.abs() > HUGE, known[known.abs() <= HUGE]
    if not huge.any() or 2 * len(ordinary) < known.notna().sum():
        return
    mean, spread = float(ordinary.mean()), float(np.float64(ordinary.std(ddof=0)))
    far = huge & ((numbers - mean).abs() > MOST_DEVIATIONS * spread)
    if far.any():
        row = int(far.to_numpy().argmax())
        raise DataError(
            f"{table.where(row)}: {numbers.name!r} is {numbers.iloc[row]:g}, and its other values are "
            f"{mean:.3g} with a standard deviation of {spread:.3g}: too far apart for 32-bit numbers; empty "
            f"the cell if it stands for a missing value, or drop the column: 'data.drop=[{numbers.name}]'"
        )


def zero_of(numbers: pandas.Series[Any]) -> float:
    """What a column is counted from: 0, or its median where float32 makes too many numbers one.

    Of about 1,000 numbers, float32 tells fewer than 99 % apart, and more if they are counted from the median.

    >>> import pandas
    >>> zero_of(pandas.Series(range(1_700_000_000, 1_700_000_100))), zero_of(pandas.Series(range(100)))
    (1700000049.0, 0.0)
    """
    present = numbers.dropna().to_numpy(dtype=np.float64)
    seen = np.unique(present[:: max(1, len(present) // SEEN)])
    kept = _told_apart(seen)
    if kept >= (1 - LOST) * len(seen):
        return 0.0
    zero = float(np.quantile(seen, 0.5, method="lower"))
    return zero if _told_apart(seen - zero) > kept else 0.0


def _told_apart(numbers: NDArray[np.float64]) -> int:
    return len(np.unique(numbers.astype(np.float32)))
