"""A slip is a value unlike nearly all others of its column: one `1,5` or `n/k` among measurements.

A column of at least 20 values of which at least 95 % are numbers (or dates), and not all, is refused with the
first that is none: each measurement would otherwise turn into a level of its own. So is one whose values are
numbers but for a percent sign, a currency sign or commas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..wording import quoted
from .dates import as_dates
from .table import Table

if TYPE_CHECKING:
    import pandas

PLAIN_SHARE, PLAIN_VALUES = 0.95, 20  # from there on, a value unlike the others is a slip
MANY_NUMBERS, MANY_LEVELS = 0.5, 0.9  # of the values, or of those that differ: all may be meant as numbers
SIGNED = r"[-+(]?\s?[$€£¥]?\s?[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:[.,]\d+)?\s?[%$€£¥]?\)?"


def all_numbers(table: Table, text: pandas.Series[Any]) -> pandas.Series[Any] | None:
    """The values as numbers where all are, such as integers beyond 64 bits; None where it is a text.

    Raises:
        DataError: nearly all are, or are so but for signs and commas.
    """
    numbers = _plain(text)
    remedy = (
        "write a number with a point, leave the cell empty if it is missing, put a letter before each "
        f"number of the column if they are codes, or drop it: 'data.drop=[{text.name}]'"
    )
    return numbers if _are(table, text, numbers.notna(), "numbers", remedy) else None


def all_dates(
    table: Table, text: pandas.Series[Any], form: str = ""
) -> tuple[pandas.Series[Any], str] | None:
    """The values as dates where all are, and their form; None where it is a text.

    Args:
        table: where they are from.
        text: the values.
        form: that of the same column of another file.

    Raises:
        DataError: nearly all are dates, or the order of day and month cannot be told; where a form is given,
            one is not of it.
    """
    dates, found = as_dates(text, str(text.name), form)
    if form:
        _refuse_other_dates(table, text, dates, form)
    remedy = (
        "write a date as 2024-04-03, leave the cell empty if it is missing, or drop the column: "
        f"'data.drop=[{text.name}]'"
    )
    return (dates, found) if _are(table, text, dates.notna(), "dates", remedy) else None


def _refuse_other_dates(table: Table, text: pandas.Series[Any], dates: pandas.Series[Any], form: str) -> None:
    strange = (text.notna() & dates.isna()).to_numpy()
    if strange.any():
        row = int(strange.argmax())
        raise DataError(
            f"{table.where(row)}: {text.name!r} is {quoted(str(text.iloc[row]))}, which is no date as "
            f"data.path has them ({form}); write it as 2024-04-03, or leave the cell empty if it is missing"
        )


def refuse_signed_numbers(table: Table, text: pandas.Series[Any]) -> None:
    """Raise a DataError where nearly all values of a text are numbers but for signs and commas."""
    if said := signed_numbers(table, text):
        raise DataError(
            f"{said}, put a letter before each if they are codes, or drop the column: "
            f"'data.drop=[{text.name}]'"
        )


def signed_numbers(table: Table, text: pandas.Series[Any]) -> str:
    """What is amiss where nearly all values of a text are numbers but for signs and commas; else empty."""
    plain = _plain(text).notna()
    signed = _signed(text) & ~plain
    count, numbers = int(text.notna().sum()), int((signed | plain).sum())
    if count < PLAIN_VALUES or numbers < PLAIN_SHARE * count or not signed.any():
        return ""
    row = int(signed.to_numpy().argmax())
    return (
        f"{table.where(row)}: {text.name!r} is {quoted(str(text.iloc[row]))}, and {numbers:,} of the "
        f"{count:,} values of that column are numbers, some with a percent sign, a currency sign or a "
        "comma; write them as 1234.5"
    )


def many_numbers(text: pandas.Series[Any]) -> str:
    """What a person should know of a text with many numbers in it; empty for others.

    Many are half of the values, or nine tenths of those that differ.

    >>> import pandas
    >>> many_numbers(pandas.Series(["1", "2.5", "?", "?", "7", None], name="x"))
    "'x' is taken as text: of 5 values 3 are numbers, the others '?'; empty those cells unless they are codes"
    >>> many_numbers(pandas.Series(["a", "b", "7"]))
    ''
    """
    numbers, present = _plain(text).notna() | _signed(text), text.notna()
    few = numbers.sum() < MANY_NUMBERS * present.sum()
    if not present.any() or (few and text[numbers].nunique() < MANY_LEVELS * text.nunique()):
        return ""
    said = f"{text.name!r} is taken as text: of {present.sum():,} values {numbers.sum():,} are numbers"
    signed = numbers & _plain(text).isna()
    if signed.any():
        said += f", {signed.sum():,} of them with a sign or comma, such as {quoted(text[signed].iloc[0])}"
    others = text[present & ~numbers].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if others.empty:
        return f"{said}; write them as 1234.5"
    shown = ", ".join(quoted(other) for other in others.index[:3])
    more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
    plainly = "write the numbers as 1234.5 and " if signed.any() else ""
    return f"{said}, the others {shown}{more}; {plainly}empty those cells unless they are codes"


def _plain(text: pandas.Series[Any]) -> pandas.Series[Any]:
    import pandas

    return pandas.to_numeric(text, errors="coerce").astype("float64")


def _signed(text: pandas.Series[Any]) -> pandas.Series[Any]:
    return text.str.fullmatch(SIGNED, na=False)


def _are(table: Table, values: pandas.Series[Any], fit: pandas.Series[Any], what: str, remedy: str) -> bool:
    """Whether all the values that are present fit.

    Raises:
        DataError: nearly all do.
    """
    present = values.notna()
    strange, count = present & ~fit, int(present.sum())
    unfit = int(strange.sum())
    if count < PLAIN_VALUES or unfit == 0 or unfit > (1 - PLAIN_SHARE) * count:
        return unfit == 0
    row = int(strange.to_numpy().argmax())
    raise DataError(
        f"{table.where(row)}: {values.name!r} is {quoted(str(values.iloc[row]))}, and {count - unfit:,} of "
        f"the {count:,} values of that column are {what}; {remedy}"
    )
