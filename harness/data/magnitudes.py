"""How large the numbers of a column are, beside what 32 bits can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from .table import Table

if TYPE_CHECKING:
    import pandas

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
