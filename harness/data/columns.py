"""A column is found to hold numbers, truth values, dates or text, and becomes numbers accordingly.

The kind is decided on all rows, the levels of a text on those of the pool, and both without labels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..records import Ints
from .dates import GROWING, STAMP, parts_of
from .encoding import OTHER, Encoding, frequent_levels
from .levels import as_known
from .magnitudes import bounded, zero_of
from .slips import all_dates, all_numbers, many_numbers, refuse_signed_numbers
from .table import Table

if TYPE_CHECKING:
    import pandas

NUMBER, BOOLEAN, DATE, TEXT = "number", "boolean", "date", "text"
MOST_LEVELS = 50
ID_SHARE = 0.95  # of a text's values are different, as those of ids and free text are


@dataclass(frozen=True)
class Typed:
    """A column's kind, and its values as such: float64, datetime64 or str; missing ones stay missing.

    Attributes:
        form: how its dates were written, so that those of a test file are read alike.
    """

    kind: str
    values: pandas.Series[Any]
    form: str = ""


@dataclass(frozen=True)
class Column:
    """What was found in a column, and what becomes of it.

    Attributes:
        kind: number, boolean, date or text; empty for a column that is not read.
        missing: rows without a value.
        distinct: values that differ; for text, in the pool.
        becomes: what becomes of it, for a person.
        numbers: the columns of numbers that it gives.
        levels: those that are one-hot columns.
        note: what a person should know of it before anything runs.
        zero: what its numbers, or its time stamps, are counted from.
    """

    name: str
    kind: str
    missing: int
    distinct: int
    becomes: str
    numbers: tuple[str, ...] = ()
    levels: tuple[Hashable, ...] = ()
    note: str = ""
    zero: float = 0.0


def typed(table: Table, values: pandas.Series[Any], form: str = "") -> Typed:
    """The kind of a column, and its values; its dates by that form if it suits them.

    Raises:
        DataError: a number is beyond float32, nearly all values are numbers or dates, or the order of day and
            month cannot be told.
    """
    import pandas
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    present = values.dropna()
    if is_datetime64_any_dtype(values):
        return Typed(DATE, values.astype("datetime64[us]"))
    if isinstance(values.dtype, pandas.CategoricalDtype):
        return Typed(TEXT, stripped(values.astype("str")))
    if len(present) and not is_numeric_dtype(values) and all(isinstance(each, bool) for each in present):
        return Typed(BOOLEAN, values.astype("float64"))
    if is_numeric_dtype(values) or present.empty:
        return Typed(BOOLEAN if is_bool_dtype(values) else NUMBER, bounded(table, values.astype("float64")))
    text = stripped(values)
    if (numbers := all_numbers(table, text)) is not None:
        return Typed(NUMBER, bounded(table, numbers))
    if (dates := all_dates(table, text, form)) is not None:
        return Typed(DATE, *dates)
    refuse_signed_numbers(table, text)
    return Typed(TEXT, text)


def typed_as(table: Table, values: pandas.Series[Any], like: Typed) -> Typed:
    """A column of another file as the kind that its namesake was found to be, its levels as written there.

    Raises:
        DataError: it is of another kind.
    """
    kind = like.kind
    if kind == TEXT:
        return Typed(TEXT, as_known(stripped(values), like.values))
    found = typed(table, values, like.form)
    if found.kind != kind and values.notna().any():
        raise DataError(
            f"{table.path}: {values.name!r} holds {found.kind}s, and {kind}s in data.path; "
            "mend the column in one of them"
        )
    if found.kind != kind and kind == DATE:
        return Typed(DATE, found.values.astype("datetime64[us]"))
    return Typed(kind, found.values)


def stripped(values: pandas.Series[Any]) -> pandas.Series[Any]:
    """The values as text without surrounding blanks; what is empty then is missing, as it is in a CSV."""
    text = values.map(str, na_action="ignore").astype("str").str.strip()  # without a value it is no text
    return text.mask(text == "")


def decided(name: str, found: Typed, pool: Ints, time: str | None = None) -> Column:
    """What becomes of a column.

    Args:
        name: of the column.
        found: its kind and values, on all rows.
        pool: the rows that learners draw on.
        time: the column by whose values the latest rows are held out: what grows with time, as the year of
            any date does, is no feature then.
    """
    values, orders = found.values, name == time
    missing = int(values.isna().sum())
    if found.kind == TEXT:
        column, note = _decided_text(name, values.iloc[pool], missing), many_numbers(values)
        more = "; many values are numbers" if note else ""
        return replace(column, becomes=column.becomes + more, note=note)
    if found.kind == DATE:
        parts = [part for part in parts_of(values) if time is None or part not in GROWING]
        becomes = f"{'orders the rows; ' if orders else ''}{', '.join(parts)}"
        numbers = tuple(f"{name}.{part}" for part in parts)
        column = Column(name, DATE, missing, values.nunique(), becomes, numbers)
        return _counted(column, f"{name}.{STAMP}", found, pool)
    if orders:
        return Column(name, found.kind, missing, values.nunique(), "orders the rows; no feature")
    distinct = values.nunique()
    becomes = "0 or 1" if found.kind == BOOLEAN else "as it is"
    if distinct == len(values) > MOST_LEVELS and (values % 1 == 0).all():
        becomes = f"as it is; if these are ids, 'data.drop=[{name}]'"
    elif distinct < 2:
        becomes = f"as it is; {'one value' if distinct else 'no value'}"
    return _counted(Column(name, found.kind, missing, distinct, becomes, (name,)), name, found, pool)


def _counted(column: Column, number: str, found: Typed, pool: Ints) -> Column:
    """The column with what that number of it is counted from, judged on the pool."""
    numbers = numbers_of(column, found)
    zero = zero_of(numbers[number].iloc[pool]) if number in numbers else 0.0
    if not zero:
        return column
    counted = f"counted from {zero:,.15g}"
    becomes = column.becomes.replace("as it is", counted)
    note = f"{number!r} is {counted}, for 32-bit numbers cannot tell its values apart"
    return replace(column, becomes=becomes, note=note, zero=zero)


def _decided_text(name: str, pool: pandas.Series[Any], missing: int) -> Column:
    distinct, present = pool.nunique(), int(pool.notna().sum())
    if distinct > MOST_LEVELS and distinct >= ID_SHARE * present:
        said = f"dropped: {distinct:,} of {present:,} values are different, as ids and free text are"
        return Column(name, TEXT, missing, distinct, said)
    levels = frequent_levels(pool, MOST_LEVELS)
    rest = distinct - len(levels) + 1
    more = f", and one for the {rest:,} others" if levels and levels[-1] == OTHER and rest > 1 else ""
    shown = len(levels) - bool(more)
    becomes = f"{shown} one-hot column{'' if shown == 1 else 's'}{more}" if levels else "dropped: no value"
    return Column(name, TEXT, missing, distinct, becomes, (), levels)


def encoding_of(columns: Iterable[Column]) -> Encoding:
    """The numbers first, then the levels; each in the order of the columns."""
    columns = list(columns)
    numbers = tuple(number for column in columns for number in column.numbers)
    return Encoding(numbers, {column.name: column.levels for column in columns if column.levels})


def numbers_of(column: Column, found: Typed) -> dict[str, pandas.Series[Any]]:
    """What the encoding reads of a column: its text, its numbers, or the parts of its dates."""
    if column.levels:
        return {column.name: found.values}
    if found.kind == DATE:
        parts = parts_of(found.values)
        midnight = 0 * parts["month"]  # where another file has hours, and this one none
        parts[STAMP] = parts[STAMP] - column.zero
        return {name: parts.get(name.rpartition(".")[2], midnight) for name in column.numbers}
    return dict.fromkeys(column.numbers, found.values - column.zero if column.zero else found.values)
