"""The families of the optional extra `torch`: refused with the command where it is absent."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from harness.cell import run_cell
from harness.cli import compose, main
from harness.config import parse
from harness.model_files import load
from harness.records import Outcome, TrialEnded

FAMILIES = ("cnn", "rnn")


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("command", ["plan", "sweep"])
def test_without_the_extra_it_is_one_line_with_the_command_before_anything_is_written(
    name, command, tmp_path, monkeypatch, capsys
):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main([command, "data=digits", f"model=[ridge,{name}]"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"model.{name}: " in line
    assert "needs what is not installed: PyTorch and skorch" in line
    assert line.endswith(".venv/bin/uv pip install -p .venv torch skorch brings them")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def family():
    pytest.importorskip("skorch")

    def family(name):
        (job,) = compose("config", [f"model={name}", f"model.{name}.space.learning_rate=0.05"])
        (one,) = parse(job.tree, job.source).families
        return replace(one, estimator={**one.estimator, "epochs": 6, "batch_size": 16})

    return family


def ran(cell, task, recorded=()):
    events = []
    run_cell(cell, task, recorded, events.append)
    trials = [event.trial for event in events if isinstance(event, TrialEnded)]
    return [(each.number, each.params, each.value, each.points) for each in trials], trials, events[-1].result


@pytest.mark.parametrize("name", FAMILIES)
def test_a_cell_is_searched_tested_kept_resumed_and_the_same_again(name, family, task, make_cell):
    cell = make_cell(family(name), size=150, repeat=0, trials=3)
    numbers, trials, result = ran(cell, task)
    assert result.outcome is Outcome.COMPLETE
    assert result.test_error < 0.6  # two thirds by chance
    assert np.isfinite(result.test_log_loss)
    rest, _, again = ran(cell, task, trials[:2])
    assert rest == numbers[2:]
    assert (again.correct, again.test_log_loss) == (result.correct, result.test_log_loss)
    shown = load(result.model).predict(np.asarray(task.X_test)) == task.y_test
    np.testing.assert_array_equal(np.packbits(shown), np.frombuffer(result.correct, np.uint8))


def test_a_row_that_is_no_image_is_an_outcome_in_words(family, task, make_cell):
    one = family("cnn")
    image = replace(one, estimator={**one.estimator, "layout": "image"})
    _, (trial, *_), result = ran(make_cell(image, size=150, repeat=0, trials=2), task)
    assert (result.outcome, trial.outcome) == (Outcome.FAILED, Outcome.FAILED)
    assert "layout=image needs a square number of columns, got 5" in trial.message
