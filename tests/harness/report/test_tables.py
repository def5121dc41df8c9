"""The tables hold every number to its last bit, and no cell that a spreadsheet would compute."""

import csv
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.curves import NoForecast, curve
from harness.data import load
from harness.metrics import ERROR
from harness.report.tables import CELL_COLUMNS, write_judged, write_tables
from harness.tracking.reading import CellRecord

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1|cmd",
    "-1.5",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "=1\r=1+1",
    "＝1+1",
    '=HYPERLINK("http://example.org?"&A1,"x")',
    '=1,"=2\n=3',
]


def shown(text):
    """What must be read back in place of a text that would be a formula."""
    return f"'{text}".replace("\r", " ")


def cell(**change):
    values = {"key": "k", "run_id": "r", "family": "svm", "size": 64, "repeat": 0, "outcome": "complete"}
    numbers = {"test_error": 0.1, "val_error": -0.0, "trials": 4, "fit_seconds": 1e-300, "seconds": 1.0}
    return CellRecord(**{**values, **numbers, "test_rows": 4, "message": "", "versions": "", **change})


def written(here, records=(), curves=(), name="cells.csv"):
    write_tables(here, records, curves)
    with (here / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_a_table_is_a_formula(text, tmp_path):
    (row,) = written(tmp_path, [cell(family=text, outcome=text, run_id=text)])
    assert (row["family"], row["outcome"], row["run_id"]) == (shown(text),) * 3
    drawn = curve(text, text, {64: np.array([[True, False]])})
    (row,) = written(tmp_path, curves=[drawn], name="summary.csv")
    assert row["family"] == shown(text)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_sentence_of_a_forecast_is_a_formula(text, tmp_path, monkeypatch):
    monkeypatch.setattr("harness.verdicts.as_json", lambda verdicts, metric: {})
    forecast = NoForecast(text, text, f"{text} has 2 sizes.")
    findings = SimpleNamespace(verdicts=(), forecasts=[forecast], plan=SimpleNamespace(metric=ERROR))
    write_judged(tmp_path, findings)
    with (tmp_path / "forecast.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["family"], row["basis"]) == (shown(text), shown(f"{text} has 2 sizes."))


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**60), 2**60))
def test_every_number_reads_back_to_the_last_bit(error, trials):
    with tempfile.TemporaryDirectory() as here:
        (row,) = written(Path(here), [cell(test_error=error, val_error=-error, trials=trials)])
    assert (float(row["test_error"]), float(row["val_error"])) == (error, -error)
    assert int(row["trials"]) == trials


def test_words_of_ours_are_written_as_they_are_and_the_table_reads_back(tmp_path):
    records = [
        cell(family=name, run_id=f"{number:032x}") for number, name in enumerate(["svm", "a=b", "x-y"])
    ]
    rows = written(tmp_path, records)
    assert [row["family"] for row in rows] == ["svm", "a=b", "x-y"]
    frame = pandas.read_csv(tmp_path / "cells.csv")
    assert list(frame.columns) == list(CELL_COLUMNS)
    assert frame["test_error"].tolist() == [0.1] * 3


def test_a_table_of_ours_is_data_that_can_be_learnt_from(tmp_path):
    records = [cell(family=["svm", "=nn"][number % 2], test_error=-number / 7) for number in range(40)]
    written(tmp_path, records)
    task = load("file", {"path": str(tmp_path / "cells.csv"), "target": "family"}, tmp_path / "cache")
    assert task.classes == ("'=nn", "svm")
    errors = np.concatenate([task.X, task.X_test])[:, task.features.index("test_error")]
    assert sorted(errors) == sorted(np.float32(-number / 7) for number in range(40))
