"""The rows of a file: each column as its kind, labels and groups as they are written.

A given test file is read as the other one was found to be, and must be apart from it.
"""

from __future__ import annotations

import filecmp
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..records import Ints
from ..splits import SMALLEST_SIZE
from .columns import NUMBER, TEXT, Typed, stripped, typed, typed_as
from .formats import open_table
from .labels import present
from .magnitudes import refuse_fill_values
from .recipe import Options
from .roles import Roles
from .table import Table

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Rows:
    """The rows of one file, each column as its kind; labels and groups as they are written."""

    table: Table
    found: Mapping[str, Typed]
    labels: pandas.Series[str] | None
    groups: pandas.Series[str] | None

    def __len__(self) -> int:
        return self.table.rows

    def group_codes(self) -> Ints | None:
        """Each row's group as its place among them; None where there are no groups."""
        return None if self.groups is None else _codes(self.groups)

    def time_codes(self, time: str | None) -> Ints | None:
        """Each row's time as its place among them; None where there is no column of times."""
        return None if time is None else _codes(self.found[time].values)


def path_of(options: Options, option: str) -> Path:
    """The path that an option names, `~` unfolded.

    Raises:
        DataError: none is given, or it is in the home of nobody.
    """
    if options[option] is None:
        raise DataError(
            "data=file needs data.path, the file to learn from: data.path=churn.csv data.target=label"
        )
    try:
        return Path(str(options[option])).expanduser()
    except RuntimeError as error:  # ~nobody
        raise DataError(f"data.{option}: {error} of {options[option]!r}; write the path in full") from error


def rows_of(table: Table, roles: Roles, like: Mapping[str, Typed] | None = None) -> Rows:
    """The columns that have a role; read like those of another file where there is one.

    Raises:
        DataError: a column is not of its kind or role, or has a number that can only be a fill value.
    """
    like = like or {}
    text = {name for name, of in like.items() if of.kind == TEXT}
    frame = table.read(roles.read, text, roles.text)
    found = {
        name: typed_as(table, frame[name], like[name]) if like else typed(table, frame[name])
        for name in roles.features
    }
    for name, of in found.items():
        if of.kind == NUMBER:
            refuse_fill_values(table, of.values, like.get(name, of).values)
    if roles.time is not None:
        if found[roles.time].kind == TEXT:
            shown = found[roles.time].values.dropna().iloc[0]
            raise DataError(
                f"data.time must be a column of dates or numbers, got {roles.time!r} with values such as "
                f"{shown!r}; write them as 2024-04-03 18:30"
            )
        present(table, found[roles.time].values, "time")
    labels, groups = (None if name is None else stripped(frame[name]) for name in (roles.target, roles.group))
    if groups is not None:
        present(table, groups, "group")
    return Rows(table, found, labels, groups)


def _codes(values: pandas.Series[str]) -> Ints:
    """Each value as its place among the values that there are."""
    _, codes = np.unique(values.to_numpy(), return_inverse=True)
    return codes.astype(np.int64)


def tested_rows(options: Options, roles: Roles, rows: Rows) -> Rows:
    """The rows of the given test file, read as those of the other are.

    Raises:
        DataError: it is the other file again, too short, lacks a column or holds another kind of it, or is
            not apart by group or time.
    """
    if options["test_rows"] is not None:
        raise DataError("data.test_path and data.test_rows are both given; set one of them to null")
    table = open_table(path_of(options, "test_path"), "data.test_path")
    if filecmp.cmp(rows.table.path, table.path, shallow=False):
        raise DataError(
            f"data.test_path: {table.path} holds what data.path holds, so nothing would be new in the test; "
            "name a file of other rows, or leave data.test_path out"
        )
    if table.rows < SMALLEST_SIZE:
        raise DataError(
            f"data.test_path: {table.path} has {table.rows} rows, and needs {SMALLEST_SIZE}; bring more"
        )
    for name in roles.read:
        if name not in table.columns:
            raise DataError(
                f"{table.path} has no column {name!r}, and data.path has; add it or drop it there"
            )
    given = rows_of(table, roles, rows.found)
    if given.groups is not None and rows.groups is not None:
        shared = sorted(set(given.groups) & set(rows.groups))
        if shared:
            raise DataError(
                f"{table.path}: {len(shared):,} groups of data.path are tested too, such as {shared[0]!r}; "
                "remove their rows from one of the files"
            )
    if roles.time is not None:
        last, first = rows.found[roles.time].values.max(), given.found[roles.time].values.min()
        if first <= last:
            raise DataError(
                f"{table.path} begins at {first} by {roles.time!r}, and data.path ends at {last}; "
                "remove the rows of one that are not apart from the other"
            )
    return given


def repeated_rows(rows: Rows, pool: Ints, tested: Rows, test: Ints) -> int:
    """How many of the test rows are among the rows to draw on too, in every feature and the target."""
    known = _hashes(rows)
    candidates = known if tested is rows else _hashes(tested)
    return int(np.isin(candidates[test], known[pool]).sum())


def _hashes(rows: Rows) -> NDArray[np.uint64]:
    import pandas

    read = {name: of.values for name, of in rows.found.items()}
    frame = pandas.DataFrame({**read, "": rows.labels}, copy=False)  # no column of a file is without a name
    return np.asarray(pandas.util.hash_pandas_object(frame, index=False), dtype=np.uint64)
