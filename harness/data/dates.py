"""A date is a text such as 2024-04-03, or a time stamp; it becomes the numbers that a calendar has for it.

Read are year-month-day, day-Jan-year, and day-month-year or month-day-year where the days of the column tell
which; a time may follow, of 24 hours or with AM or PM. A time with an offset is taken to UTC.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError

if TYPE_CHECKING:
    import pandas

STAMP = "timestamp"
PARTS = ("year", "month", "day_of_week", "day_of_year", "hour", STAMP)
GROWING = ("year", STAMP)  # of later rows they are larger than of any earlier one

_TIME = (
    r"([T ](?P<hour>\d{1,2})(?P<rest>:\d\d(:\d\d(\.\d+)?)?)"
    r"( ?(?P<half>[AaPp])\.?[Mm]\.?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_DAY, _MONTH, _YEAR, _SAME = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4})", r"(?P=s)"
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FORMS = {
    "year first": re.compile(_YEAR + r"(?P<s>[-/.])" + _MONTH + _SAME + _DAY + _TIME),
    "day first": re.compile(_DAY + r"(?P<s>[-/.])" + _MONTH + _SAME + _YEAR + _TIME),
    "month first": re.compile(_MONTH + r"(?P<s>[-/])" + _DAY + _SAME + _YEAR + _TIME),
    "month named": re.compile(_DAY + r"(?P<s>[-/. ])(?P<m>[A-Za-z]{3})" + _SAME + _YEAR + _TIME),
}
PLAIN = ("year first", "month named")  # these tell the day from the month by themselves


def as_dates(values: pandas.Series[Any], name: str, form: str = "") -> tuple[pandas.Series[Any], str]:
    """The dates of a column of texts by the form that suits most of them, NaT where a text is none; the form.

    Args:
        values: the texts.
        name: of the column.
        form: how the same column of another file is written: each is read by it, else by a form that tells
            the day from the month by itself, and never by a third.

    Raises:
        DataError: all can be read with the day first and with the month first, and would differ.

    >>> import pandas
    >>> dates, form = as_dates(pandas.Series(["24/12/2023 18:30", "03/01/2024", None]), "day")
    >>> dates.dt.month.tolist(), form
    ([12.0, 1.0, nan], 'day first')
    """
    texts = values.dropna().unique().tolist()
    if not any(text[:1].isdigit() for text in texts):
        return values.map({}).astype("datetime64[us]"), ""
    if form:
        return values.map(dict(zip(texts, _by(form, texts), strict=True))).astype("datetime64[us]"), form
    read = {form: _parsed(texts, pattern) for form, pattern in _FORMS.items()}
    _check_order(texts, name, read["day first"], read["month first"])
    best = max(read, key=lambda form: int(read[form].notna().sum()))
    return values.map(dict(zip(texts, read[best], strict=True))).astype("datetime64[us]"), best


def _by(form: str, texts: list[str]) -> pandas.Series[Any]:
    dates = _parsed(texts, _FORMS[form])
    for plain in PLAIN:
        if dates.isna().any():
            dates = dates.fillna(_parsed(texts, _FORMS[plain]))
    return dates


def _check_order(texts: list[str], name: str, day: pandas.Series[Any], month: pandas.Series[Any]) -> None:
    """Raise a DataError where all can be read with the day first and the month first, and would differ."""
    both = day.notna() & month.notna()
    if both.all() and (day != month).any():
        shown = texts[int((day != month).to_numpy().argmax())]
        raise DataError(
            f"{name!r} holds dates such as {shown!r}, of which nothing tells whether the day or the month "
            f"comes first; write them year first, such as 2024-04-03, or drop them: 'data.drop=[{name}]'"
        )


def _parsed(texts: list[str], pattern: re.Pattern[str]) -> pandas.Series[Any]:
    import pandas

    iso = [_iso(pattern.fullmatch(text)) for text in texts]
    dates = pandas.to_datetime(pandas.Series(iso, dtype="str"), format="ISO8601", utc=True, errors="coerce")
    return dates.dt.tz_localize(None)


def _iso(found: re.Match[str] | None) -> str | None:
    """The date as the standard has it; None where there is no such month or hour."""
    if found is None:
        return None
    month = found["m"].lower()
    if month in _NAMES:
        month = str(_NAMES.index(month) + 1)
    if not month.isdecimal():
        return None
    day = f"{found['y']}-{int(month):02}-{int(found['d']):02}"
    if found["hour"] is None:
        return day
    hour = _hour(int(found["hour"]), found["half"])
    return None if hour is None else f"{day}T{hour:02}{found['rest']}{found['zone'] or ''}"


def _hour(hour: int, half: str | None) -> int | None:
    """The hour of 24; None where there is no such hour before or after noon.

    >>> _hour(12, "A"), _hour(12, "p"), _hour(9, "P"), _hour(13, "P"), _hour(13, None)
    (0, 12, 21, None, 13)
    """
    if half is None:
        return hour
    return hour % 12 + 12 * (half in "Pp") if 1 <= hour <= 12 else None


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
    parts[STAMP] = since / 86_400
    if not (since % 86_400 > 0).any():
        del parts["hour"]
    return parts
