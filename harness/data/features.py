"""The features of a file are the numbers and the levels that its columns become, each of its own name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..errors import DataError
from ..wording import quoted
from .columns import TEXT, Column, encoding_of
from .table import Table

SHOWN = 3  # columns that a message says more of


def features_of(table: Table, columns: Mapping[str, Column]) -> tuple[str, ...]:
    """The names of all columns of X, each there once.

    Raises:
        DataError: nothing is left to learn from, or a part of a date has the name of another column.
    """
    counts = Counter(number for column in columns.values() for number in column.numbers)
    for name, count in counts.items():
        if count > 1 or (name in columns and name not in columns[name].numbers):
            raise DataError(f"{table.path}: {name!r} is a column and a part of a date; rename the column")
    features = encoding_of(columns.values()).features
    if not features:
        raise DataError(f"{table.path} has no column to learn from: {_left_out(columns)}")
    return features


def _left_out(columns: Mapping[str, Column]) -> str:
    """Why there is no feature, and what would be one.

    >>> said = "dropped: 80 of 80 values are different, as ids and free text are"
    >>> print(_left_out({"note": Column("note", "text", 0, 80, said)}))
    left out is 'note' (80 of 80 values are different, as ids and free text are); turn free text into \
numbers or categories first, such as its length or its topic
    """
    told = [f"{quoted(of.name)} ({of.becomes.removeprefix('dropped: ')})" for of in columns.values()]
    more = f" and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""
    remedy = "bring columns whose values vary"
    if any(map(is_free_text, columns.values())):
        remedy = "turn free text into numbers or categories first, such as its length or its topic"
    return f"left out {'is' if len(told) == 1 else 'are'} {', '.join(told[:SHOWN])}{more}; {remedy}"


def is_free_text(column: Column) -> bool:
    """Whether it is text that names its row, such as ids and free text."""
    return column.kind == TEXT and column.distinct > 0 and not column.levels
