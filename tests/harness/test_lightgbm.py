"""LightGBM, which may be absent: then one line says how to get it, before anything is written."""

import sys

import numpy as np
import pytest

from harness.cell import run_cell
from harness.cli import compose, main
from harness.config import parse
from harness.model_files import load
from harness.records import Outcome


def test_without_it_one_line_says_the_command_that_brings_it(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "lightgbm", None)  # so that importing it fails as if it were absent
    assert main(["sweep", "data=digits", "model=[lightgbm]"]) == 2
    said = "it needs lightgbm, which is absent; .venv/bin/python -m pip install lightgbm"
    assert capsys.readouterr().err == f"harness: model.lightgbm: {said}\n"
    assert list(tmp_path.iterdir()) == []


def test_with_it_a_cell_is_searched_tested_kept_and_the_same_again(task, make_cell):
    pytest.importorskip("lightgbm")
    (job,) = compose("config", ["model=[lightgbm]", "model.lightgbm.estimator.n_estimators=10"])
    cell = make_cell(parse(job.tree, job.source).families[0], size=150, repeat=0, trials=3)
    first, second = ([], [])
    for events in (first, second):
        run_cell(cell, task, (), events.append)
    result, again = first[-1].result, second[-1].result
    assert result.outcome is Outcome.COMPLETE
    assert result.test_error < 0.4
    assert "lightgbm" in result.environment
    assert (result.correct, result.test_log_loss) == (again.correct, again.test_log_loss)
    shown = load(result.model)
    assert shown.n_jobs == 1
    right = shown.predict(np.asarray(task.X_test)) == task.y_test
    np.testing.assert_array_equal(np.packbits(right), np.frombuffer(result.correct, np.uint8))
