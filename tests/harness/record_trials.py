"""Runs real cells without a pruner and keeps what their trials reported, for test_pruning.py to replay.

From the checkout, on one core about five minutes:

    python tests/harness/record_trials.py

It writes recorded_trials.json beside itself: of each cell the steps at which its trials reported (gradient
steps, or rows of a rung) and, a row for each trial, the selection metric at each of them. `noise` is the
standard error of the winner's metric on its validation rows: sqrt(e (1 - e) / V) of an error e, and
s / sqrt(V) of a log-loss whose spread s between rows is taken from the test rows, of which there are more.
"""

import json
import math
import tempfile
from pathlib import Path

import numpy as np

from harness import data, evaluate, model_files
from harness.cell import run_cell
from harness.cli import compose
from harness.config import parse
from harness.records import Cell, CellResult, Family, SearchSettings, Task, Trial, TrialEnded
from harness.splits import inner_splits, subset

OUT = Path(__file__).with_name("recorded_trials.json")
ROWS = 2000  # training rows that a probability is mixed with the uniform for
SEARCH = SearchSettings(trials=16, pruner="none")
CELLS = [
    *(("flights", "small_nn", 2048, repeat) for repeat in range(5)),
    *(("flights", "medium_nn", 2048, repeat) for repeat in range(3)),
    *(("flights", "svm", 2048, repeat) for repeat in range(4)),
    *(("flights", "svm", 4096, repeat) for repeat in range(3)),
    *(("digits", "small_nn", 512, repeat) for repeat in range(3)),
    *(("digits", "svm", 1024, repeat) for repeat in range(3)),
]


def main() -> None:
    spreads: dict[tuple[str, str], float] = {}
    recorded = []
    with tempfile.TemporaryDirectory() as cache:
        tasks = {name: data.load(name, {}, Path(cache)) for name in ("flights", "digits")}
        for name, family_name, size, repeat in CELLS:
            (job,) = compose("config", [f"model={family_name}"])
            family = parse(job.tree, job.source).families[0]
            trials, result = run(tasks[name], family, size, repeat)
            if result.model is not None and family.selection == "log_loss":  # repeat 0
                spreads[name, family_name] = spread(tasks[name], result)
            held_out = validation_rows(tasks[name], size, repeat)
            recorded.append(
                {
                    **{"data": name, "family": family_name, "size": size, "repeat": repeat},
                    "progress": family.progress,
                    "noise": noise(family, result, spreads.get((name, family_name), 0.0), held_out),
                    "steps": max(([step for step, _ in trial.points] for trial in trials), key=len),
                    "trials": [[float(f"{value:.6g}") for _, value in trial.points] for trial in trials],
                }
            )
            print(name, family_name, size, repeat, flush=True)
    OUT.write_text("[\n" + ",\n".join(json.dumps(cell) for cell in recorded) + "\n]\n")


def run(task: Task, family: Family, size: int, repeat: int) -> tuple[list[Trial], CellResult]:
    events = []
    cell = Cell("", task.name, task.digest, "", family, size, repeat, seed=0, search=SEARCH)
    run_cell(cell, task, (), events.append)
    return [event.trial for event in events if isinstance(event, TrialEnded)], events[-1].result


def spread(task: Task, result: CellResult) -> float:
    """The standard deviation between test rows of the winner's log-loss."""
    learner = model_files.load(result.model)
    p = evaluate.probabilities(learner, task.X_test, len(task.classes))
    rows = zip(p, task.y_test, strict=True)
    return float(np.std([evaluate.log_loss(row[None], y[None], ROWS) for row, y in rows]))


def noise(family: Family, result: CellResult, log_loss_spread: float, held_out: int) -> float:
    error = result.val_error
    between_rows = math.sqrt(error * (1 - error)) if family.selection == "error" else log_loss_spread
    return float(f"{between_rows / math.sqrt(held_out):.4g}")


def validation_rows(task: Task, size: int, repeat: int) -> int:
    y = task.y[subset(task.y, size, repeat, seed=0)]
    return sum(len(fold.validation) for fold in inner_splits(y, repeat, seed=0))


if __name__ == "__main__":
    main()
