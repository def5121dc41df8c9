"""A table is a CSV whose every row has a value for every named column, and whose rows know their line.

The file is walked once before pandas reads it, because pandas fills short rows with missing values, renames
repeated columns, and takes a surplus column as labels of the rows, all without a word.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError

if TYPE_CHECKING:
    import pandas

MOST_COLUMNS = 10_000  # each costs pandas a fraction of a millisecond


@dataclass(frozen=True)
class Table:
    """A CSV that was walked: its column names and, for each row, the line of the file it ends on."""

    path: Path
    columns: tuple[str, ...]
    lines: tuple[int, ...]

    def read(self, text: str) -> pandas.DataFrame:
        """The rows, with the column `text` as it is written and the others as pandas infers them."""
        import pandas

        try:
            frame = pandas.read_csv(
                self.path,
                names=list(self.columns),
                header=0,
                dtype={text: "str"},
                skipinitialspace=True,
                low_memory=False,
            )
        except ValueError as error:
            raise DataError(f"{self.path}: {_one_line(error)}; mend the file") from error
        if len(frame) != len(self.lines):
            raise DataError(
                f"{self.path} can be read as {len(self.lines):,} rows or as {len(frame):,}; mend its quotes"
            )
        return frame


def walk(path: Path) -> Table:
    """Walk a CSV: comma-separated, UTF-8, the column names in its first line; blank lines are skipped.

    Raises:
        DataError: there is no such file, it is empty or not UTF-8, a column has no name or that of another, a
            row has more or fewer fields than there are columns, or there are no rows.
    """
    if not os.path.isfile(path):  # which is False where one may not even look
        found = "is a folder, a pipe or a device" if os.path.lexists(path) else "does not exist"
        raise DataError(
            f"data.path: there is no file {str(path)!r} (it {found}, seen from {Path.cwd()}); mend data.path"
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            return _walk(path, csv.reader(text, skipinitialspace=True))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} line {_undecodable_line(path)} is not UTF-8; save the file as UTF-8"
        ) from error
    except csv.Error as error:
        raise DataError(f"{path}: {_one_line(error)}; mend the file") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); mend data.path or the file") from error


def _walk(path: Path, reader: csv._reader) -> Table:  # type: ignore[name-defined]
    columns: tuple[str, ...] = ()
    lines = []
    for row in reader:
        if not row or (len(row) == 1 and not row[0].strip()):
            continue
        if not columns:
            columns = _checked(path, [name.strip() for name in row])
        elif len(row) != len(columns):
            raise DataError(
                f"{path} line {reader.line_num} has {len(row)} fields, and there are {len(columns)} columns; "
                "mend that line"
            )
        else:
            lines.append(reader.line_num)
    if not lines:
        found = "no rows below its column names" if columns else "nothing in it"
        raise DataError(f"{path} has {found}; data.path must name a CSV with column names and rows")
    return Table(path, columns, tuple(lines))


def _checked(path: Path, columns: list[str]) -> tuple[str, ...]:
    name, count = Counter(columns).most_common(1)[0]
    if "" in columns:
        raise DataError(
            f"{path}: column {columns.index('') + 1} has no name; name it, "
            "or leave it out if it numbers the rows"
        )
    if count > 1:
        raise DataError(f"{path} has {count} columns named {name!r}; rename all but one")
    if len(columns) > MOST_COLUMNS:
        raise DataError(
            f"{path} has {len(columns):,} columns, and at most {MOST_COLUMNS:,} are read; drop some"
        )
    if len(columns) == 1:
        raise DataError(f"{path} has one column, {name!r}, and needs two or more, separated by commas")
    return tuple(columns)


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as text:
        for number, line in enumerate(text, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1  # pragma: no cover


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
