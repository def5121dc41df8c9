"""The tables beside the page: a row per cell, a row per family and size, verdicts and forecasts.

Each is written under another name, then renamed.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.curves import Curve
    from harness.report.findings import Findings
    from harness.tracking.reading import CellRecord

PICTURES = ("curves.png", "curves.svg")
TABLES = ("cells.csv", "summary.csv")
JUDGED = ("report.html", "verdicts.json", "forecast.csv")
FILES = (*JUDGED, *PICTURES, *TABLES)
CELL_COLUMNS = (
    "family",
    "size",
    "repeat",
    "test_error",
    "val_error",
    "trials",
    "fit_seconds",
    "outcome",
    "run_id",
)
FORECAST_COLUMNS = ("family", "size", "error", "low", "high", "basis", "warnings")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
SUMMARY_COLUMNS = ("family", "size", "mean", "low", "high", "repeats")


def write_tables(here: Path, records: Sequence[CellRecord], curves: Sequence[Curve]) -> None:
    """`cells.csv` and `summary.csv`."""
    from harness.curves import summary_rows

    metric = next((record.metric for record in records), "error")
    _write_csv(here / "cells.csv", CELL_COLUMNS, map(asdict, records), {"error": metric})
    _write_csv(here / "summary.csv", SUMMARY_COLUMNS, summary_rows(curves))


def write_judged(here: Path, findings: Findings) -> None:
    """`verdicts.json` and `forecast.csv`."""
    from harness import verdicts
    from harness.curves import forecast_rows

    metric = findings.plan.metric
    text = json.dumps(verdicts.as_json(findings.verdicts, metric), indent=1, allow_nan=False)
    replace_text(here / "verdicts.json", text + "\n")
    rows = forecast_rows(findings.forecasts)
    _write_csv(here / "forecast.csv", FORECAST_COLUMNS, rows, {"error": metric.name})


def _write_csv(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    named: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write rows; where the words of a column's name are `named` otherwise, as test_error by the metric."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_renamed(column, named) for column in columns])
        for row in rows:
            writer.writerow(["" if row[name] is None else _plain(row[name]) for name in columns])
    os.replace(temporary, path)


def _renamed(column: str, named: Mapping[str, str]) -> str:
    """A column's name, its last word replaced.

    >>> _renamed("test_error", {"error": "rmse"}), _renamed("error", {"error": "rmse"}), _renamed("size", {})
    ('test_rmse', 'rmse', 'size')
    """
    before, apart, last = column.rpartition("_")
    return f"{before}{apart}{named.get(last, last)}"


def _plain(value: Any) -> str:
    """A value as text: floats in full, so that equal files mean equal numbers, and no text a formula.

    A spreadsheet computes a cell that begins with one of `FORMULA`; behind an apostrophe it shows it. A
    carriage return, which `csv` leaves unquoted and readers take for the end of a row, becomes a blank.

    >>> _plain(-0.1), _plain("-0.1"), _plain("=1+1"), _plain("svm")
    ('-0.1', "'-0.1", "'=1+1", 'svm')
    """
    if isinstance(value, str):
        return ("'" * value.startswith(FORMULA) + value).replace("\r", " ")
    return repr(value) if isinstance(value, float) else str(value)


def replace_text(path: Path, text: str) -> None:
    """Write a text file under another name, then rename it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
