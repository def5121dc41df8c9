"""A CSV, plain or in a gzip or zip archive, is a table if every row has a value for every named column.

The file is walked once before pandas reads it, because pandas fills short rows with missing values, renames
repeated columns, and takes a surplus column as labels of the rows, all without a word.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..wording import quoted
from .table import Table, checked_columns, one_line, told

if TYPE_CHECKING:
    import pandas

# What gzip and zipfile raise: a member that ends early or is damaged, encrypted, or packed in a way unknown.
DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)

MISSING = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def open_csv(path: Path) -> Table:
    """Walk a CSV: comma-separated, UTF-8, the column names in its first line; blank lines are skipped.

    Raises:
        DataError: it is empty, damaged or not UTF-8, a column has no name or that of another, a row has more
            or fewer fields than there are columns, or there are no rows.
    """
    try:
        with _content(path) as content:
            text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
            columns, lines = _walk(path, csv.reader(text, skipinitialspace=True))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} line {_undecodable_line(path)} is not UTF-8; save the file as UTF-8"
        ) from error
    except csv.Error as error:
        raise DataError(f"{path}: {one_line(error)}; mend the file") from error

    def read(wanted: Sequence[str], text: Collection[str], labels: Collection[str]) -> pandas.DataFrame:
        frame = _read(path, columns, wanted, text, labels)
        if len(frame) != len(lines):
            raise DataError(
                f"{path} can be read as {len(lines):,} rows or as {len(frame):,}; mend its quotes"
            )
        return frame

    return Table(path, columns, len(lines), read, lines)


@contextmanager
def _content(path: Path) -> Iterator[Any]:
    """The bytes of the CSV, unpacked, as a file."""
    match path.suffix.lower():
        case ".gz":
            with told(path, "a gzip file", *DAMAGE), gzip.open(path) as unpacked:
                yield unpacked
        case ".zip":
            with (
                told(path, "a zip archive", *DAMAGE),
                zipfile.ZipFile(path) as archive,
                archive.open(_only(path, archive)) as member,
            ):
                yield member
        case _:
            with told(path, "a CSV"), path.open("rb") as plain:
                yield plain


def _only(path: Path, archive: zipfile.ZipFile) -> str:
    """The one file in an archive, beside what macOS puts there."""
    names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX/" not in name]
    if len(names) != 1:
        raise DataError(
            f"{path} holds {len(names)} files, and must hold one, a CSV; unpack it and name the file"
        )
    return names[0]


def _walk(path: Path, reader: csv._reader) -> tuple[tuple[str, ...], tuple[int, ...]]:  # type: ignore[name-defined]
    """The columns, and the line on which each row ends."""
    columns: tuple[str, ...] = ()
    lines = []
    for row in reader:
        if not row or (len(row) == 1 and not row[0].strip()):
            continue
        if not columns:
            columns = _names(path, [name.strip() for name in row])
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
    return columns, tuple(lines)


def _names(path: Path, row: list[str]) -> tuple[str, ...]:
    columns = checked_columns(path, row)
    if len(columns) == 1:
        words = [word for sign, word in SEPARATORS.items() if sign in columns[0]]
        remedy = f"; {words[0]} seem to stand for them: save it with commas and points" if words else ""
        raise DataError(
            f"{path} has one column, {quoted(columns[0])}, and needs two or more, separated by commas{remedy}"
        )
    return columns


def _read(
    path: Path,
    names: Sequence[str],
    columns: Sequence[str],
    text: Collection[str],
    labels: Collection[str],
) -> pandas.DataFrame:
    import pandas

    missing = {name: [""] if name in labels else MISSING for name in columns}

    try:
        with _content(path) as content:
            return pandas.read_csv(
                content,
                names=list(names),
                usecols=list(columns),
                header=0,
                dtype=dict.fromkeys(text, "str"),
                na_values=missing,
                keep_default_na=False,
                skipinitialspace=True,
                low_memory=False,
            )
    except ValueError as error:
        raise DataError(f"{path}: {one_line(error)}; mend the file") from error


def _undecodable_line(path: Path) -> int:
    with _content(path) as text:
        for number, line in enumerate(text, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1  # pragma: no cover
