"""The notes on a file say what a person should know of the data and its splits, beside what holds for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..errors import plain
from ..records import REGRESSION, Task
from ..secrets import hide
from .columns import Column
from .encoding import OTHER
from .features import is_free_text
from .levels import strange
from .roles import Roles, some
from .rows import Rows

REPEATED = 0.01  # of the test rows; fewer move an error by less than a point, and a few repeat by accident
STRANGE = 0.01  # of the values of a text in a test file


def notes_on(
    roles: Roles,
    columns: Mapping[str, Column],
    rows: Rows,
    given: Rows | None,
    task: Task,
    wanted: int,
    repeated: int,
) -> tuple[str, ...]:
    """The notes, each a sentence.

    Args:
        roles: what the columns are for.
        columns: the features.
        rows: of the file.
        given: of the test file.
        task: what was made of them.
        wanted: how many test rows were.
        repeated: how many test rows are among the rows to draw on.
    """
    said = (
        _on_columns(columns),
        _on_tested(given, task),
        _on_levels(columns, rows, given),
        _on_repeated(roles, given, task, repeated),
        _on_splits(roles, task, wanted),
    )
    return tuple(plain(note) for notes in said for note in notes)


def _on_columns(columns: Mapping[str, Column]) -> Iterator[str]:
    if left_out := [name for name, of in columns.items() if is_free_text(of)]:
        yield f"left out as ids or free text: {some(left_out)}"
    yield from (column.note for column in columns.values() if column.note)


def _on_tested(given: Rows | None, task: Task) -> Iterator[str]:
    if given is not None:
        yield f"tested on the rows of {hide(str(given.table.path))}"
    for y, what in () if task.kind == REGRESSION else ((task.y, "row to draw on"), (task.y_test, "test row")):
        counts = np.bincount(y, minlength=len(task.classes))
        absent = [name for name, count in zip(task.classes, counts, strict=True) if not count]
        if absent:
            yield f"no {what} is of class {some(absent)}"


def _on_levels(columns: Mapping[str, Column], rows: Rows, given: Rows | None) -> Iterator[str]:
    """A level that the file does not have says nothing, or counts as the rest."""
    if given is None:
        return
    for name, levels in ((name, of.levels) for name, of in columns.items() if of.levels):
        tested = given.found[name].values
        unknown, present = strange(tested, rows.found[name].values), int(tested.notna().sum())
        if len(unknown) and len(unknown) >= STRANGE * present:
            become = "count as the rest" if levels[-1] == OTHER else "set no column"
            yield (
                f"{name!r}: {len(unknown):,} of the {present:,} values of the test rows, such as "
                f"{unknown.iloc[0]!r}, are no levels of data.path and {become}; write them as there if they "
                "mean the same"
            )


def _on_repeated(roles: Roles, given: Rows | None, task: Task, repeated: int) -> Iterator[str]:
    """A learner that knows a test row by heart seems better than it is."""
    tested = len(task.y_test)
    among = f"{repeated:,} of the {tested:,} test rows are among the rows to draw on, value by value"
    if given is not None and repeated:
        yield among
    elif repeated >= REPEATED * tested:
        together = ", or keep them together: data.group=COLUMN" if roles.group is None else ""
        yield f"{among}; if these are copies, and not different cases that look alike, remove them{together}"


def _on_splits(roles: Roles, task: Task, wanted: int) -> Iterator[str]:
    if roles.group is not None:
        yield f"no group by {roles.group!r} is on both sides of a split, neither for the test nor in a search"
        if 2 * len(task.y_test) < wanted:
            yield (
                f"only {len(task.y_test):,} rows are tested, for {wanted:,} were wanted and the groups left "
                "are larger than what remains"
            )
    if roles.time is not None:
        yield (
            f"by {roles.time!r} every test row is later than the rows to draw on, and a search judges on the "
            "latest of its rows"
        )
