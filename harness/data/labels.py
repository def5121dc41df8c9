"""Labels are the values of the target as they are written; their classes are the values that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..records import Ints
from .table import Table

if TYPE_CHECKING:
    import pandas


def classes_of(table: Table, labels: pandas.Series[str]) -> tuple[tuple[str, ...], Ints]:
    """The classes, numbers in their order and words in theirs, and each row's index into them.

    Raises:
        DataError: a row has no label, all have the same, or they differ in more than half of the rows.
    """
    import pandas

    target = labels.name
    present(table, labels, "target")
    classes = pandas.Series(labels.unique()).sort_values()
    numbers = pandas.to_numeric(classes, errors="coerce")
    if numbers.notna().all():
        classes = classes[numbers.sort_values().index]
    if len(classes) > max(2, len(labels) // 2):
        raise DataError(
            f"data.target: {target!r} has {len(classes):,} classes in {len(labels):,} rows, and each needs "
            "rows to be learnt from; choose a column with fewer"
        )
    if len(classes) < 2:
        raise DataError(
            f"data.target: {target!r} is {classes.iloc[0]!r} in every row; choose a target that varies"
        )
    return tuple(classes), indices(table, labels, tuple(classes))


def indices(table: Table, labels: pandas.Series[str] | None, classes: tuple[str, ...]) -> Ints:
    """Each row's index into the classes.

    Raises:
        DataError: a row has no label, or one that is no class.
    """
    import pandas

    assert labels is not None, "there is a target"
    present(table, labels, "target")
    found = pandas.Index(classes).get_indexer(pandas.Index(labels)).astype(np.int64)
    if (found < 0).any():
        row = int((found < 0).argmax())
        raise DataError(
            f"{table.where(row)}: {labels.name!r} is {labels.iloc[row]!r}, as no row of data.path; mend it"
        )
    return found


def present(table: Table, values: pandas.Series[Any], role: str) -> None:
    """Raise a DataError where a row has no value in a column of that role."""
    missing = values.isna().to_numpy()
    count, first = int(missing.sum()), int(missing.argmax())
    if count == 1:
        raise DataError(
            f"{table.where(first)} has no {values.name!r}, the {role}; fill it in or remove the line"
        )
    if count:
        raise DataError(
            f"{table.path}: {count:,} of {len(values):,} rows have no {values.name!r}, the {role} (the first "
            f"on {table.place(first)}); fill them in, or keep only the rows that have one"
        )
