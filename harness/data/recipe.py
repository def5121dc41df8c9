"""A recipe is how one data set is made: its options, what its source looks like now, and the preparation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from ..records import Task

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """How a data set is made.

    Attributes:
        version: raised whenever the preparation would make other arrays of the same source.
        defaults: every option, with the value it has when left out.
        source: options -> what identifies the source's content; cheap, for it is asked at every load.
        prepare: options -> the Task in memory, its digest and path still empty.
    """

    version: int
    defaults: Options
    source: Callable[[Options], str]
    prepare: Callable[[Options], Task]


def rows_option(value: Any, most: int, least: int = 1) -> int:
    """The option `test_rows` as an integer (10000, or 1e4); a DataError unless it is in [least, most].

    >>> rows_option(1e4, most=33_431)
    10000
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and float(value).is_integer() and least <= value <= most:
        return int(value)
    raise DataError(
        f"data.test_rows must be a whole number from {least:,} to {most:,}, got {value!r}; mend it"
    )
