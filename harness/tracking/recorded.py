"""A recorded run, whole: what a reproduction starts from and is compared with. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from harness.errors import StoreError
from harness.records import CellResult, Outcome, Trial
from harness.tracking import digests, trials
from harness.tracking.finding import children
from harness.tracking.reading import BASELINE, artifact, cell_record, in_order
from harness.tracking.store import Store
from harness.tracking.sweeps import MEMBERS

KINDS = ("trial", "cell", "sweep")


@dataclass(frozen=True)
class Origin:
    """What a run id stands for.

    Attributes:
        name: the run's, for a person.
        source: the configuration behind it, unresolved YAML.
        cells: the run ids of its cells; of a trial's, the one it belongs to.
        trial: its number, for a trial.
    """

    run_id: str
    kind: str
    name: str
    source: str
    cells: tuple[str, ...]
    trial: int | None = None


@dataclass(frozen=True)
class RecordedCell:
    """A cell as it was recorded; `definition` is its family as `cell.json` has it."""

    key: str
    name: str
    digest: str
    definition: Mapping[str, Any]
    trials: tuple[Trial, ...]
    result: CellResult


def origin(store: Store, run_id: str) -> Origin:
    """What a run id stands for.

    Raises:
        StoreError: where there is no such run, or none that can be run again.
    """
    run = _run(store, run_id)
    kind, name = run.data.tags.get("kind", "no run of ours"), run.info.run_name or run_id
    if kind not in KINDS:
        raise StoreError(
            f"run {run_id} of {store.label} is of the kind {kind!r}; name a trial's, a cell's or a sweep's"
        )
    if kind == "sweep":
        held = json.loads(artifact(store, run_id, MEMBERS).read_text(encoding="utf-8"))
        return Origin(run_id, kind, name, _source(store, run_id), tuple(c["run_id"] for c in held["cells"]))
    cell = run.data.tags["mlflow.parentRunId"] if kind == "trial" else run_id
    ended = _run(store, cell)
    if ended.info.status == "RUNNING" or run.info.status == "RUNNING":
        raise StoreError(f"the cell of run {run_id} has not ended; harness sweep goes on with it")
    if kind == "cell":
        return Origin(run_id, kind, name, _source(store, cell), (cell,))
    number = int(run.data.tags["number"])
    return Origin(run_id, kind, f"{name} of {ended.info.run_name}", _source(store, cell), (cell,), number)


def recorded_cell(store: Store, run_id: str) -> RecordedCell:
    """A cell that ended, with its trials in the order of their numbers.

    Raises:
        StoreError: where the run or an artifact of it is not there.
    """
    run = _run(store, run_id)
    details = json.loads(artifact(store, run_id, "cell.json").read_text(encoding="utf-8"))
    ended = [
        trials.read(digests.check(child, store.label))
        for child in children(store.client, run)
        if child.info.status != "RUNNING"
    ]
    return RecordedCell(
        key=run.data.tags["cell"],
        name=run.info.run_name or run_id,
        digest=run.data.tags["data_digest"],
        definition=details["family"],
        trials=in_order(ended, run_id, store.label),
        result=_result(store, run, details["environment"]),
    )


def _result(store: Store, run: Run, environment: Mapping[str, Any] | None) -> CellResult:
    record, metrics = cell_record(digests.check(run, store.label)), run.data.metrics
    held = {
        name: np.load(artifact(store, record.run_id, f"{name}.npy"), allow_pickle=False).tobytes()
        for name in ("correct", "losses")
        if f"{name}.npy=" in record.files
    }
    beside = {f"{trials.TEST}{record.metric}", "test_log_loss", BASELINE}
    best = metrics.get("best_trial")
    return CellResult(
        Outcome(record.outcome),
        record.trials,
        best=None if best is None else int(best),
        val_error=record.val_error,
        test_error=record.test_error,
        test_log_loss=None if record.metric == "log_loss" else metrics.get("test_log_loss"),
        message=record.message,
        environment=environment,
        scores={
            name.removeprefix(trials.TEST): score
            for name, score in metrics.items()
            if name.startswith(trials.TEST) and name not in beside
        },
        baseline=record.baseline,
        **held,
    )


def _source(store: Store, run_id: str) -> str:
    return artifact(store, run_id, "config.yaml").read_text(encoding="utf-8")


def _run(store: Store, run_id: str) -> Run:
    try:
        run = store.client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise StoreError(f"{store.label} gave no run {run_id} ({error}); try harness doctor") from error
        run = None
    if run is None or run.info.lifecycle_stage == "deleted":
        raise StoreError(
            f"no run {run_id} in {store.label}; cells.csv and harness ui have the ids, "
            "tracking.root names another place"
        )
    return run
