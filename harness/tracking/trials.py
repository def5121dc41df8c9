"""A trial as an MLflow run and back, bit for bit.

Parameters are `repr`s, metrics are float64, the reported points one JSON tag. A trial is recorded when its
run has a terminal status, which is the last thing written, or written at once with all the rest (writing.py).
"""

from __future__ import annotations

import ast
import json
import time

from mlflow.entities import Run

from harness.records import Cell, Outcome, Trial
from harness.secrets import hide
from harness.tracking import digests, writing
from harness.tracking.store import Store
from harness.tracking.writing import Held, Times

TERMINAL = {Outcome.COMPLETE: "FINISHED", Outcome.PRUNED: "FINISHED"}
MESSAGE_LENGTH = 2000
VALIDATION, TEST = "val_", "test_"  # before the names of metrics


def write(store: Store, experiment: str, parent: str, cell: Cell, trial: Trial) -> None:
    """Record an ended trial as a child of its cell's run."""
    now = int(time.time() * 1000)
    tags, metrics = _tags(parent, cell, trial), _metrics(cell, trial)
    params = {name: repr(value) for name, value in trial.params.items()}
    digest = digests.of_run(tags, metrics, params)
    writing.new_run(
        store,
        experiment,
        f"trial {trial.number}",
        TERMINAL.get(trial.outcome, "FAILED"),
        Times(now - int(trial.seconds * 1000), now),
        Held({**tags, digests.DIGEST: digest}, metrics, params),
        {"traceback.txt": told(trial.traceback)} if trial.traceback else {},
    )


def _metrics(cell: Cell, trial: Trial) -> dict[str, float]:
    held = {"value": trial.value, "step": trial.step, "seconds": trial.seconds}
    held |= {
        f"{VALIDATION}{name}": score for name, score in {**trial.scores, cell.metric: trial.error}.items()
    }
    return {name: float(value) for name, value in held.items() if value is not None}


def _tags(parent: str, cell: Cell, trial: Trial) -> dict[str, str]:
    return {
        "mlflow.parentRunId": parent,
        "kind": "trial",
        "cell": cell.key,
        "number": str(trial.number),
        "outcome": trial.outcome.value,
        "points": json.dumps(trial.points),
        **({} if cell.metric == "error" else {digests.METRIC: cell.metric}),
        **({"message": told(trial.message)[:MESSAGE_LENGTH]} if trial.message else {}),
    }


def told(text: str) -> str:
    r"""What a learner said, without secrets, and without halves of characters, which no database takes.

    >>> print(told("no file caf\udce9.csv"))
    no file caf\udce9.csv
    """
    return hide(text).encode(errors="backslashreplace").decode()


def read(run: Run) -> Trial:
    """The trial that a run records, which `digests.check` has passed."""
    tags, metrics = run.data.tags, run.data.metrics
    step = metrics.get("step")
    metric = f"{VALIDATION}{tags.get(digests.METRIC, 'error')}"
    return Trial(
        number=int(tags["number"]),
        params={name: ast.literal_eval(text) for name, text in run.data.params.items()},
        outcome=Outcome(tags["outcome"]),
        value=metrics.get("value"),
        error=metrics.get(metric),
        step=None if step is None else int(step),
        points=tuple((int(at), float(value)) for at, value in json.loads(tags["points"])),
        seconds=metrics.get("seconds", 0.0),
        message=tags.get("message", ""),
        scores={
            name.removeprefix(VALIDATION): score
            for name, score in metrics.items()
            if name.startswith(VALIDATION) and name != metric
        },
    )
