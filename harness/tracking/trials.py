"""A trial as an MLflow run and back, bit for bit.

Parameters are `repr`s, metrics are float64, the reported points one JSON tag. A trial is recorded when its
run has a terminal status, which is the last thing written.
"""

from __future__ import annotations

import ast
import json
import time
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from harness.records import Cell, Outcome, Trial
from harness.secrets import hide

TERMINAL = {Outcome.COMPLETE: "FINISHED", Outcome.PRUNED: "FINISHED"}
MESSAGE_LENGTH = 2000


def write(client: MlflowClient, experiment: str, parent: str, cell: Cell, trial: Trial) -> None:
    """Record an ended trial as a child of its cell's run."""
    now = int(time.time() * 1000)
    run = client.create_run(
        experiment,
        start_time=now - int(trial.seconds * 1000),
        tags=_tags(parent, cell, trial),
        run_name=f"trial {trial.number}",
    )
    metrics = {"value": trial.value, "val_error": trial.error, "step": trial.step, "seconds": trial.seconds}
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(name, float(v), now, 0) for name, v in metrics.items() if v is not None],
        params=[Param(name, repr(v)) for name, v in trial.params.items()],
    )
    if trial.traceback:
        client.log_text(run.info.run_id, hide(trial.traceback), "traceback.txt")
    client.set_terminated(run.info.run_id, TERMINAL.get(trial.outcome, "FAILED"), end_time=now)


def _tags(parent: str, cell: Cell, trial: Trial) -> dict[str, Any]:
    return {
        "mlflow.parentRunId": parent,
        "kind": "trial",
        "cell": cell.key,
        "number": str(trial.number),
        "outcome": trial.outcome.value,
        "points": json.dumps(trial.points),
        **({"message": hide(trial.message)[:MESSAGE_LENGTH]} if trial.message else {}),
    }


def read(run: Run) -> Trial:
    """The trial a run records."""
    tags, metrics = run.data.tags, run.data.metrics
    step = metrics.get("step")
    return Trial(
        number=int(tags["number"]),
        params={name: ast.literal_eval(text) for name, text in run.data.params.items()},
        outcome=Outcome(tags["outcome"]),
        value=metrics.get("value"),
        error=metrics.get("val_error"),
        step=None if step is None else int(step),
        points=tuple((int(at), float(value)) for at, value in json.loads(tags["points"])),
        seconds=metrics.get("seconds", 0.0),
        message=tags.get("message", ""),
    )
