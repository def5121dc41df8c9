"""The levels of a text in a test file are those of the file itself, where they mean the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

_WHOLE = re.compile(r"(-?\d+)\.0")  # a whole number among missing ones, as pandas writes it


def as_known(values: pandas.Series[Any], known: pandas.Series[Any]) -> pandas.Series[Any]:
    """The texts as the other file has them: 1.0 as 1 where that is a level there and 1.0 is none; 1 as 1.0.

    >>> import pandas
    >>> as_known(pandas.Series(["1.0", "2.5", "3", "07"]), pandas.Series(["1", "3.0", "7", "x"])).tolist()
    ['1', '2.5', '3.0', '07']
    """
    levels = known.dropna().unique().tolist()
    alike = {_whole(level): level for level in levels} | {level: level for level in levels}
    written = {value: alike.get(value, alike.get(_whole(value), value)) for value in values.dropna().unique()}
    return values.map(written).astype(values.dtype)


def _whole(text: str) -> str:
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text


def strange(values: pandas.Series[Any], known: pandas.Series[Any]) -> pandas.Series[Any]:
    """The values that are present and no level of the other file.

    >>> import pandas
    >>> strange(pandas.Series(["a", "c", None]), pandas.Series(["a", "b"])).tolist()
    ['c']
    """
    present = values.dropna()
    return present[~present.isin(known.unique())]
