"""A recipe is how one data set is made: its options, what its source looks like now, and the preparation."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from ..records import Task

Options = Mapping[str, Any]


@dataclass(frozen=True)
class About:
    """What a person is told of a data set that is not prepared.

    Attributes:
        title: what is learned from what.
        rows: the rows to draw on and the test rows, by default; or what they depend on.
        source: where the data comes from.
        licence: of the data.
        command: what brings it to this machine; empty where it comes with the harness or is generated.
        yours: its options name which data it is, and by default none.
        is_here: options -> whether it can be prepared without a network. Nothing is read or imported for it.
    """

    title: str = ""
    rows: str = ""
    source: str = ""
    licence: str = ""
    command: str = ""
    yours: bool = False
    is_here: Callable[[Options], bool] = lambda _: True


@dataclass(frozen=True)
class Recipe:
    """How a data set is made.

    Attributes:
        version: raised whenever the preparation would make other arrays of the same source.
        defaults: every option, with the value it has when left out.
        source: options -> what identifies the source's content; cheap, for it is asked at every load.
        prepare: options -> the Task in memory, its digest and path still empty.
        about: what a person is told of it.
    """

    version: int
    defaults: Options
    source: Callable[[Options], str]
    prepare: Callable[[Options], Task]
    about: About = About()


def rows_option(value: Any, most: int, least: int = 1) -> int:
    """The option `test_rows` as an integer (10000, or 1e4); a DataError unless it is in [least, most].

    >>> rows_option(1e4, most=33_431)
    10000
    """
    return whole_option("test_rows", value, least, most)


def whole_option(option: str, value: Any, least: int, most: int) -> int:
    """An option as an integer (10000, or 1e4); a DataError unless it is in [least, most].

    >>> whole_option("bits", 99, 1, 20)
    Traceback (most recent call last):
    harness.errors.DataError: data.bits must be a whole number from 1 to 20, got 99; mend it
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and float(value).is_integer() and least <= value <= most:
        return int(value)
    raise DataError(
        f"data.{option} must be a whole number from {least:,} to {most:,}, got {value!r}; mend it"
    )


def has_package(name: str) -> bool:
    """Whether a package is installed; it is not imported, for some parse all their data then."""
    return importlib.util.find_spec(name) is not None
