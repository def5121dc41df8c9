"""A date is a text such as 2024-04-03, or a time stamp; it becomes the numbers that a calendar has for it.

Read are year-month-day, with an hour behind it or without, and day-month-year or month-day-year where the
days of the column tell which. A time with an offset is taken to UTC.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError

if TYPE_CHECKING:
    import pandas

PARTS = ("year", "month", "day_of_week", "day_of_year", "hour", "timestamp")
GROWING = ("year", "timestamp")  # of later rows they are larger than of any earlier one

_TIME = r"(?P<time>[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"
_FORMS = {
    "year first": re.compile(r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d\d)(?P=s)(?P<d>\d\d)" + _TIME),
    "day first": re.compile(r"(?P<d>\d{1,2})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<y>\d{4})" + _TIME),
    "month first": re.compile(r"(?P<m>\d{1,2})(?P<s>[-/])(?P<d>\d{1,2})(?P=s)(?P<y>\d{4})" + _TIME),
}


def as_dates(values: pandas.Series[Any], name: str) -> pandas.Series[Any]:
    """The dates of a column of texts, by the form that suits most of them; NaT where a text is none.

    Raises:
        DataError: all can be read with the day first and with the month first, and would differ.

    >>> import pandas
    >>> as_dates(pandas.Series(["24/12/2023 18:30", "03/01/2024", None]), "day").dt.month.tolist()
    [12.0, 1.0, nan]
    """
    texts = values.dropna().unique().tolist()
    if not any(text[:1].isdigit() for text in texts):
        return values.map({}).astype("datetime64[us]")
    read = {form: _parsed(texts, pattern) for form, pattern in _FORMS.items()}
    day, month = read["day first"], read["month first"]
    both = day.notna() & month.notna()
    if texts and both.all() and (day != month).any():
        shown = texts[int((day != month).to_numpy().argmax())]
        raise DataError(
            f"{name!r} holds dates such as {shown!r}, of which nothing tells whether the day or the month "
            f"comes first; write them year first, such as 2024-04-03, or drop them: 'data.drop=[{name}]'"
        )
    best = max(read.values(), key=lambda dates: int(dates.notna().sum()))
    return values.map(dict(zip(texts, best, strict=True))).astype("datetime64[us]")


def _parsed(texts: list[str], pattern: re.Pattern[str]) -> pandas.Series[Any]:
    import pandas

    iso = [_iso(pattern.fullmatch(text)) for text in texts]
    dates = pandas.to_datetime(pandas.Series(iso, dtype="str"), format="ISO8601", utc=True, errors="coerce")
    return dates.dt.tz_localize(None)


def _iso(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    return f"{found['y']}-{int(found['m']):02}-{int(found['d']):02}{found['time'] or ''}"


def parts_of(dates: pandas.Series[Any]) -> dict[str, pandas.Series[Any]]:
    """The parts of dates, of which `hour` is there only where some date has one; NaN where there is no date.

    `day_of_week` counts from Monday = 0, `timestamp` is in days since 1970 began.

    >>> import pandas
    >>> parts = parts_of(pandas.Series(pandas.to_datetime(["2024-02-03"])))
    >>> {name: part.item() for name, part in parts.items()}
    {'year': 2024.0, 'month': 2.0, 'day_of_week': 5.0, 'day_of_year': 34.0, 'timestamp': 19756.0}
    """
    parts = {name: getattr(dates.dt, name).astype("float64") for name in PARTS[:-1]}
    since = (dates - np.datetime64("1970-01-01")).dt.total_seconds()
    parts["timestamp"] = since / 86_400
    if not (since % 86_400 > 0).any():
        del parts["hour"]
    return parts
