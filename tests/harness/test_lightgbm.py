"""LightGBM by the file that docs/families.md shows: trusted by name, or refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.cell import run_cell
from harness.cli import compose, main
from harness.config import parse
from harness.model_files import load
from harness.records import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "families.md"
FEWER = "model.lightgbm.estimator.n_estimators=10"


@pytest.fixture
def words(tmp_path, monkeypatch):
    """The documented family, as words of a sweep."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    section = PAGE.read_text().partition("## LightGBM")[2]
    (tmp_path / "mine" / "model").mkdir(parents=True)
    text = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0]
    (tmp_path / "mine" / "model" / "lightgbm.yaml").write_text(text)
    return ["--config-dir", "mine", "model=[lightgbm]", FEWER]


def test_untrusted_it_is_refused_before_it_is_imported(words, capsys):
    assert main(["sweep", *words]) == 2
    said = capsys.readouterr().err
    assert "is outside the trusted modules (models, sklearn); if you trust it, add its module" in said


def test_a_cell_is_searched_tested_kept_and_the_same_again_on_one_thread(words, task, make_cell):
    pytest.importorskip("lightgbm")
    (job,) = compose("config", [*words, "trusted_modules=[lightgbm]"])
    (family,) = parse(job.tree, job.source).families
    cell = replace(make_cell(family, size=150, repeat=0, trials=3), trusted_modules=("lightgbm",))
    first, second = ([], [])
    for events in (first, second):
        run_cell(cell, task, (), events.append)
    result, again = first[-1].result, second[-1].result
    assert result.outcome is Outcome.COMPLETE
    assert result.test_error < 0.4
    assert (result.correct, result.test_log_loss) == (again.correct, again.test_log_loss)
    shown = load(result.model, ("lightgbm",))
    assert shown.n_jobs == 1
    right = shown.predict(np.asarray(task.X_test)) == task.y_test
    np.testing.assert_array_equal(np.packbits(right), np.frombuffer(result.correct, np.uint8))
