"""Which column of a file is what: the target, the groups, the time, the columns left out, the features."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from .recipe import Options
from .table import Table

LONGEST = 40  # characters of a name


@dataclass(frozen=True)
class Roles:
    """The columns by what they are for; None where there is none of a kind."""

    target: str | None
    group: str | None
    time: str | None
    drop: tuple[str, ...]
    features: tuple[str, ...]

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that are read."""
        known = (self.target, self.group)
        return (*self.features, *(name for name in known if name is not None))

    @property
    def text(self) -> tuple[str, ...]:
        """Those whose values count as they are written, NA among them."""
        return tuple(name for name in (self.target, self.group) if name is not None)


def roles_of(options: Options, table: Table) -> Roles:
    """The roles that the options give to the columns; the time is a feature too.

    Raises:
        DataError: a column is absent or has two roles, or no feature is left.
    """
    default = "y" if table.path.suffix.lower() == ".npz" else None
    target = _column(table, "target", options["target"] or default)
    group, time = (_column(table, role, options[role]) for role in ("group", "time"))
    if group is not None and time is not None:
        raise DataError(
            "data.group and data.time are both given, and rows are held out by one of them; "
            "set the other to null"
        )
    drop = tuple(_dropped(table, each) for each in _listed(options["drop"]))
    named = [each for each in (target, group, time, *dict.fromkeys(drop)) if each is not None]
    for name in named:
        if named.count(name) > 1:
            raise DataError(f"data: {name!r} is two of target, group, time and drop; choose one")
    left_out = {target, group, *drop}
    features = tuple(name for name in table.columns if name not in left_out)
    if not features:
        raise DataError(f"{table.path} has no column left to learn from; shorten data.drop")
    return Roles(target, group, time, drop, features)


def no_target(columns: Sequence[str]) -> DataError:
    """The error for a target that is not given."""
    return DataError(f"data=file needs data.target, the column to predict, one of: {some(columns)}")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _dropped(table: Table, name: object) -> str:
    return _column(table, "drop", name) or ""


def _column(table: Table, option: str, name: object) -> str | None:
    if name is None:
        return None
    if str(name) in table.columns:
        return str(name)
    rule = "made of columns" if option == "drop" else "a column"
    raise DataError(
        f"data.{option} must be {rule} of {table.path}, got {str(name)!r}; {meant(str(name), table.columns)}"
    )


def meant(name: str, columns: Collection[str]) -> str:
    """The end of an error about an unknown column: those that were probably meant, else all."""
    near = difflib.get_close_matches(name, columns, n=3)
    return f"did you mean {some(near)}?" if near else f"its columns: {some(list(columns))}"


def some(columns: Sequence[str], most: int = 10) -> str:
    """The first of a list of columns, and how many more there are."""
    shown = (name if len(name) <= LONGEST else name[:LONGEST] + "..." for name in columns[:most])
    return ", ".join(shown) + (f" and {len(columns) - most} more" if len(columns) > most else "")
