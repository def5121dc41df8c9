"""A description says what was found in a data set and what was decided, before anything runs on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..errors import DataError, plain
from ..metrics import in_digits
from ..records import Task
from ..wording import counted
from .columns import Column
from .file import Examined
from .ladder import proposed

SHOWN = 200  # columns, and classes; a wide table need not be read to its end
WIDEST = 32  # characters of a name


def of_file(found: Examined) -> Iterator[str]:
    """The lines on a file of the user's: its columns and, where a target is given, what is made of it."""
    yield f"{plain(str(found.path))}: {counted(found.rows, 'row')}, {counted(len(found.columns), 'column')}"
    yield ""
    yield from _table(("column", "type", "missing", "different", "becomes"), map(_row, found.columns))
    if found.task is None:
        yield ""
        yield "no target is given: add data.target=COLUMN to see the classes, the test rows and the sizes"
    else:
        yield from _of_rows(found.task, found.reason)


def of_task(task: Task) -> Iterator[str]:
    """The lines on a data set that has its features already."""
    yield f"{task.name}: {task.source or 'no source stated'}; licence: {task.licence or 'not stated'}"
    yield ""
    yield from _table(("column", "type", "becomes"), _features(task))
    yield from _of_rows(task)


def _row(column: Column) -> tuple[str, ...]:
    if not column.kind:
        return (column.name, "", "", "", column.becomes)
    return (column.name, column.kind, f"{column.missing:,}", f"{column.distinct:,}", column.becomes)


def _features(task: Task) -> Iterator[tuple[str, ...]]:
    """The one-hot columns of a name together: `origin=EWR`, `origin=JFK` are 2 levels of `origin`."""
    levels: dict[str, int] = {}
    for feature in task.features:
        name, is_level, _ = feature.partition("=")
        levels[name] = levels.get(name, 0) + bool(is_level)
    for name, count in levels.items():
        becomes = counted(count, "one-hot column") if count else "as it is"
        yield (name, "text" if count else "number", becomes)


def _of_rows(task: Task, reason: str = "") -> Iterator[str]:
    """What is drawn on and tested, the classes or how the numbers are spread, and the sizes proposed."""
    yield ""
    features = counted(len(task.features), "feature")
    yield f"{len(task.y):,} rows to draw on, {len(task.y_test):,} test rows, {features}"
    yield from (f"note: {note}" for note in task.notes)
    if reason:
        other = "regression" if task.classes else "classification"
        yield f"{task.kind}, for {reason} (data.kind={other} overrides)"
    yield ""
    yield from _classes(task) if task.classes else _numbers(task)
    yield ""
    try:
        sizes = f"[{','.join(map(str, proposed(task)))}] (data.sizes=auto)"
    except DataError as error:
        sizes = f"none: {error}"
    yield f"sizes: {sizes}"


def _numbers(task: Task) -> Iterator[str]:
    """How the target is spread."""
    quantiles = (0, 0.05, 0.5, 0.95, 1)
    head = ("target", "mean", "deviation", "least", "5 %", "median", "95 %", "most")
    yield from _table(
        head,
        (
            (name, *map(in_digits, (y.mean(), y.std(), *np.quantile(y, quantiles))))
            for name, y in (("rows to draw on", np.asarray(task.y)), ("test rows", np.asarray(task.y_test)))
        ),
    )


def _classes(task: Task) -> Iterator[str]:
    pool, test = (np.bincount(y, minlength=len(task.classes)) for y in (task.y, task.y_test))
    yield from _table(
        ("class", "rows to draw on", "share", "test rows", "share"),
        (
            (name, f"{pool[at]:,}", _share(pool, at), f"{test[at]:,}", _share(test, at))
            for at, name in enumerate(task.classes)
        ),
    )


def _share(counts: np.ndarray[tuple[int], np.dtype[np.int64]], at: int) -> str:
    return f"{100 * counts[at] / counts.sum():.1f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Aligned columns: numbers to the right, the rest to the left."""
    rows = list(rows)
    shown = [head, *([_cut(row[0]), *map(plain, row[1:])] for row in rows[:SHOWN])]
    widths = [max(len(row[at]) for row in shown) for at in range(len(head))]
    for row in shown:
        cells = [
            cell.rjust(width) if _is_number_column(shown, at) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
    if len(rows) > SHOWN:
        yield f"and {len(rows) - SHOWN:,} more"


def _is_number_column(rows: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at] for row in rows[1:] if row[at]]
    return at > 0 and all(cell[0].isdigit() and cell[-1] in "0123456789%" for cell in cells)


def _cut(name: str) -> str:
    name = " ".join(plain(name).split())
    return name if len(name) <= WIDEST else name[: WIDEST - 3] + "..."
