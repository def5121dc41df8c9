"""Spreadsheets and JSON are not read; they are told by their name or content, with the remedy."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ..errors import DataError
from .table import told

SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls")
JSON = (".json", ".jsonl", ".ndjson", ".geojson")
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refuse_unread(path: Path) -> None:
    """Raise a DataError for a spreadsheet or JSON, and for a zip archive of another name.

    >>> refuse_unread(Path("a.json"))
    Traceback (most recent call last):
    harness.errors.DataError: a.json is JSON, and read are CSV, Parquet, Arrow and NPZ; save it as one of \
these (pandas does with to_csv(index=False))
    """
    suffix = path.suffix.lower()
    if suffix in JSON:
        raise DataError(
            f"{path} is JSON, and read are CSV, Parquet, Arrow and NPZ; save it as one of these (pandas does "
            "with to_csv(index=False))"
        )
    content = b"" if suffix in SPREADSHEETS else _begins(path)
    if suffix in SPREADSHEETS or content == OLD_EXCEL or (content[:4] == ZIP and _is_workbook(path)):
        raise DataError(f"{path} is an Excel file; save its sheet as CSV (UTF-8), and name that file")
    if content[:4] == ZIP and suffix not in (".zip", ".npz"):
        raise DataError(f"{path} is a zip archive; give it a name that ends in .zip, or unpack it")


def _begins(path: Path) -> bytes:
    with told(path, "a table"), path.open("rb") as content:
        return content.read(8)


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
