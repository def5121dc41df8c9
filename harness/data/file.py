"""A file: the user's own table (CSV, Parquet, Arrow or NPZ), one column of which holds the labels or numbers.

Columns of numbers and of booleans (as 0 and 1) are taken as they are, in float32; a date becomes the numbers
of its calendar; every other column is text and becomes a one-hot column for each of its levels in the pool,
or for the 49 most frequent and one for the rest where there are more than 50. A text of which nearly every
value is different names its row, and is left out. A missing number or date is NaN, a missing text sets no
column. Missing in a CSV is an empty cell, NA, NaN, null, None and their like; of labels and groups, which are
taken as they are written, an empty cell alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..naming import plain_name
from ..records import Floats, Ints, Task
from ..secrets import hide
from ..splits import SMALLEST_SIZE
from .columns import Column, decided, encoding_of, numbers_of
from .features import features_of
from .formats import open_table
from .held_out import Parts, by_groups, by_time, stratified, wanted_rows
from .notes import notes_on
from .recipe import About, Options, Recipe
from .roles import Roles, no_target, roles_of
from .rows import Rows, path_of, repeated_rows, rows_of, tested_rows
from .table import Table
from .target import target_of

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Examined:
    """A file that was looked at.

    Attributes:
        columns: of the file, in its order, with what becomes of each.
        task: None where no target is given.
        reason: why the target is of its kind.
    """

    path: Path
    rows: int
    columns: tuple[Column, ...]
    task: Task | None
    reason: str = ""


def _prepare(options: Options) -> Task:
    task = examine(options, needs_target=True).task
    assert task is not None, "a target is needed"
    return task


def examine(options: Options, needs_target: bool = False) -> Examined:
    """Look at a file, and make its Task if a target is given.

    Raises:
        DataError: as `Recipe.prepare`, for a target that is needed and not given too.
    """
    table = open_table(path_of(options, "path"), "data.path")
    roles = roles_of(options, table)
    if roles.target is None and needs_target:
        raise no_target(table.columns)
    rows = rows_of(table, roles)
    if rows.labels is None:
        columns = _decided(roles, rows, np.arange(len(rows)))
        return Examined(table.path, len(rows), _told(table, roles, columns), None)
    return _with_task(options, roles, rows, rows.labels)


def _with_task(options: Options, roles: Roles, rows: Rows, labels: pandas.Series[str]) -> Examined:
    target = target_of(rows.table, labels, options.get("kind"))
    y = target.y
    groups, times = rows.group_codes(), rows.time_codes(roles.time)
    given = None if options["test_path"] is None else tested_rows(options, roles, rows)
    pool, test = (
        (np.arange(len(rows)), np.arange(len(given)))
        if given
        else _held_out(options, roles, rows, target.strata)
    )
    if (y[pool] == y[pool[0]]).all():
        raise DataError(
            f"{rows.table.path}: outside the test rows {roles.target!r} has one label only; "
            "bring rows of other labels"
        )
    columns = _decided(roles, rows, pool)
    features = features_of(rows.table, columns)
    tested = given or rows
    task = Task(
        name=plain_name(rows.table.path),
        X=_encoded(rows, columns, pool),
        y=y[pool],
        X_test=_encoded(tested, columns, test),
        y_test=(y if given is None else target.of(given.table, given.labels))[test],
        classes=target.classes,
        features=features,
        digest="",
        source=hide(str(rows.table.path)),
        groups=None if groups is None else groups[pool],
        times=None if times is None else times[pool],
    )
    wanted = len(test) if given else wanted_rows(len(rows), options["test_rows"])
    repeated = repeated_rows(rows, pool, tested, test)
    notes = target.notes + notes_on(roles, columns, rows, given, task, wanted, repeated)
    task = replace(task, notes=notes)
    return Examined(rows.table.path, len(rows), _told(rows.table, roles, columns), task, target.reason)


def _decided(roles: Roles, rows: Rows, pool: Ints) -> dict[str, Column]:
    return {name: decided(name, of, pool, roles.time) for name, of in rows.found.items()}


def _held_out(options: Options, roles: Roles, rows: Rows, y: Ints) -> Parts:
    if len(rows) < 2 * SMALLEST_SIZE:
        raise DataError(
            f"{rows.table.path} has {len(rows)} rows, and needs at least {2 * SMALLEST_SIZE}; bring more rows"
        )
    wanted = wanted_rows(len(rows), options["test_rows"])
    if (groups := rows.group_codes()) is not None:
        return by_groups(groups, wanted, str(roles.group))
    if (times := rows.time_codes(roles.time)) is not None:
        return by_time(times, wanted, str(roles.time))
    return stratified(y, wanted)


def _encoded(rows: Rows, columns: Mapping[str, Column], chosen: Ints) -> Floats:
    import pandas

    read = {
        key: values.iloc[chosen]
        for name, column in columns.items()
        for key, values in numbers_of(column, rows.found[name]).items()
    }
    return encoding_of(columns.values()).encode(pandas.DataFrame(read, copy=False))


def _told(table: Table, roles: Roles, columns: Mapping[str, Column]) -> tuple[Column, ...]:
    """Every column of the file, those that are no features too."""
    roles_told = {roles.target: "the target", roles.group: "the groups"}
    roles_told |= dict.fromkeys(roles.drop, "dropped by data.drop")
    return tuple(
        columns[name] if name in columns else Column(name, "", 0, 0, roles_told[name])
        for name in table.columns
    )


def _source(options: Options) -> str:
    """The digests of the files' content."""
    given = [_digest(options, option) for option in ("path", "test_path") if options[option] is not None]
    return " ".join(given) or "no file"


def _digest(options: Options, option: str) -> str:
    path = path_of(options, option)
    if not os.path.isfile(path):  # a device may have no end
        return "no file"
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return "unreadable"  # reading it says why


DEFAULTS: dict[str, Any] = {
    **{"path": None, "target": None, "drop": [], "group": None, "time": None},
    **{"test_path": None, "test_rows": None, "kind": None},
}
ABOUT = About(
    title="your own table: numbers, categories, dates, missing values",
    rows="yours",
    source="data.path",
    licence="yours",
    yours=True,
    command="data=file data.path=churn.csv data.target=label",
    is_here=lambda options: options["path"] is not None and path_of(options, "path").is_file(),
)
RECIPE = Recipe(version=7, defaults=DEFAULTS, source=_source, prepare=_prepare, about=ABOUT)
