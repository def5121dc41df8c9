"""A file: the user's own CSV, one column of which holds the labels.

Columns of numbers and of booleans (as 0 and 1) are taken as they are, in float32; every other column is text
and becomes a one-hot column for each of its levels in the pool, or for the 49 most frequent and one for the
rest where there are more than 50. A missing number is NaN, a missing text sets no column. Missing is what
pandas reads as missing: an empty cell, NA, NaN, null, None and their like. A column of at least 20 values of
which at least 95 % are numbers, and not all, is refused with the first that is none: one `1,5` or `n/k` among
measurements would otherwise turn each of them into a level of its own.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..records import Ints, Task
from ..secrets import hide
from ..seeds import seed_for
from ..splits import SMALLEST_SIZE, subset
from .encoding import Encoding, frequent_levels
from .recipe import About, Options, Recipe, rows_option
from .table import Table, walk

if TYPE_CHECKING:
    import pandas

MOST_LEVELS = 50
MOST_NUMERIC_CLASSES = 100
MOST_TEST_ROWS = 10_000
NUMERIC_SHARE, NUMERIC_VALUES = 0.95, 20  # from there on, a value that is no number is a slip


def _prepare(options: Options) -> Task:
    path = _path(options)
    table = walk(path)
    target = _target(options, table)
    frame = table.read(text=target)
    classes, y = _labels(table, frame.pop(target))
    pool, test = _pool_and_test(table, y, options["test_rows"])
    if (y[pool] == y[pool[0]]).all():
        raise DataError(
            f"{path}: outside the test rows {target!r} has one label only; bring rows of other labels"
        )
    frame = frame.apply(lambda values: _typed(table, values))
    numeric = frame.select_dtypes("float64").columns
    text = frame.columns.difference(numeric, sort=False)
    levels = {column: frequent_levels(frame[column].iloc[pool], MOST_LEVELS) for column in text}
    encoding = Encoding(tuple(numeric), levels)
    return Task(
        name=path.stem,
        X=encoding.encode(frame.iloc[pool]),
        y=y[pool],
        X_test=encoding.encode(frame.iloc[test]),
        y_test=y[test],
        classes=classes,
        features=encoding.features,
        digest="",
        source=hide(str(path)),
    )


def _path(options: Options) -> Path:
    if options["path"] is None:
        raise DataError(
            "data=file needs data.path, the CSV to learn from: data.path=churn.csv data.target=label"
        )
    try:
        return Path(str(options["path"])).expanduser()
    except RuntimeError as error:  # ~nobody
        raise DataError(f"data.path: {error} of {options['path']!r}; write the path in full") from error


def _target(options: Options, table: Table) -> str:
    target, columns = options["target"], table.columns
    if target is None:
        raise DataError(f"data=file needs data.target, the column to predict, one of: {_some(columns)}")
    if str(target) in columns:
        return str(target)
    near = difflib.get_close_matches(str(target), columns, n=3)
    hint = f"did you mean {_some(near)}?" if near else f"its columns: {_some(columns)}"
    raise DataError(f"data.target must be a column of {table.path}, got {str(target)!r}; {hint}")


def _labels(table: Table, labels: pandas.Series[str]) -> tuple[tuple[str, ...], Ints]:
    """The classes, numbers in their order and words in theirs, and each row's index into them."""
    import pandas

    target, labels = labels.name, labels.str.strip()
    if labels.isna().any():
        line = table.lines[int(labels.isna().argmax())]
        raise DataError(
            f"{table.path} line {line} has no {target!r}, the target; fill it in or remove the line"
        )
    classes = pandas.Series(labels.unique()).sort_values()
    numbers = pandas.to_numeric(classes, errors="coerce")
    if numbers.notna().all():
        classes = classes[numbers.sort_values().index]
        if len(classes) > MOST_NUMERIC_CLASSES:
            raise DataError(
                f"data.target: {target!r} is a number with {len(classes):,} distinct values, and at most "
                f"{MOST_NUMERIC_CLASSES} are taken as classes (regression is not swept yet); choose a label"
            )
    if len(classes) < 2:
        raise DataError(
            f"data.target: {target!r} is {classes.iloc[0]!r} in every row; choose a target that varies"
        )
    return tuple(classes), pandas.Index(classes).get_indexer(pandas.Index(labels))


def _pool_and_test(table: Table, y: Ints, wanted: object) -> tuple[Ints, Ints]:
    """The pool and the test rows: a stratified draw, the same for every sweep of the same labels."""
    n = len(y)
    if n < 2 * SMALLEST_SIZE:
        raise DataError(f"{table.path} has {n} rows, and needs at least {2 * SMALLEST_SIZE}; bring more rows")
    default = min(MOST_TEST_ROWS, max(SMALLEST_SIZE, n // 5))
    rows = rows_option(default if wanted is None else wanted, most=n // 2, least=SMALLEST_SIZE)
    test = np.sort(subset(y, rows, repeat=0, seed=seed_for("test", data="file")))
    return np.setdiff1d(np.arange(n), test), test


def _typed(table: Table, values: pandas.Series[Any]) -> pandas.Series[Any]:
    """Numbers and booleans as float64, anything else as text without surrounding blanks."""
    from pandas.api.types import is_numeric_dtype

    present = values.dropna()
    plain = is_numeric_dtype(values) or present.map(lambda value: isinstance(value, bool)).all()
    numbers = values if plain else _all_numbers(table, values)
    if numbers is not None:
        numbers = numbers.astype("float64")
        too_large = numbers.abs() > np.finfo(np.float32).max
        if too_large.any():
            row = int(too_large.argmax())
            raise DataError(
                f"{table.path} line {table.lines[row]}: {values.name!r} is {numbers.iloc[row]}, beyond "
                "32-bit numbers; mend it or rescale the column"
            )
        return numbers
    return values.map(str, na_action="ignore").str.strip()


def _all_numbers(table: Table, values: pandas.Series[Any]) -> pandas.Series[Any] | None:
    """The values as numbers where all are, such as integers beyond 64 bits; None where it is a text.

    Raises:
        DataError: nearly all are numbers.
    """
    import pandas

    present = values.dropna()
    numbers = pandas.to_numeric(present, errors="coerce")
    strange = present[numbers.isna()]
    if strange.empty:
        return pandas.to_numeric(values, errors="coerce")
    if len(present) < NUMERIC_VALUES or len(strange) > (1 - NUMERIC_SHARE) * len(present):
        return None
    raise DataError(
        f"{table.path} line {table.lines[int(strange.index[0])]}: {values.name!r} is "
        f"{_short(str(strange.iloc[0]))}, and {len(present) - len(strange):,} of the {len(present):,} values "
        "of that column are numbers; write a number with a point, leave the cell empty if it is missing, or "
        "put a letter before each number of the column if they are codes"
    )


def _short(text: str, most: int = 40) -> str:
    return repr(text if len(text) <= most else text[:most] + "...")


def _some(columns: Sequence[str], most: int = 10) -> str:
    return ", ".join(columns[:most]) + (f" and {len(columns) - most} more" if len(columns) > most else "")


def _source(options: Options) -> str:
    path = _path(options)
    if not os.path.isfile(path):  # a device may have no end
        return "no file"
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return "unreadable"  # reading it says why


RECIPE = Recipe(
    version=2,
    defaults={"path": None, "target": None, "test_rows": None},
    source=_source,
    prepare=_prepare,
    about=About(
        title="your own CSV: numeric and categorical columns, missing values",
        rows="yours",
        source="data.path",
        licence="yours",
        command="data=file data.path=churn.csv data.target=label",
        is_here=lambda options: options["path"] is not None and _path(options).is_file(),
    ),
)
