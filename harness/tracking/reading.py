"""What was recorded, read back: cells by key, their trials, tables for a person.

Nothing here writes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.entities import Run

from harness import model_files
from harness.errors import DamageError, StoreError
from harness.records import Trial
from harness.tracking import artifacts, digests, trials
from harness.tracking.finding import find
from harness.tracking.store import Store, exists, open_store

if TYPE_CHECKING:
    import pandas as pd

BASELINE = "test_baseline"


@dataclass(frozen=True)
class CellRecord:
    """A recorded cell, as a row of `cells.csv`; `place` and `files` are of its artifacts.

    `test_error` and `val_error` are in its metric, whose baseline on the test rows is `baseline`.
    """

    key: str
    run_id: str
    family: str
    size: int
    repeat: int
    outcome: str
    test_error: float | None
    val_error: float | None
    trials: int
    fit_seconds: float
    seconds: float
    test_rows: int
    message: str
    versions: str
    place: str = ""
    files: str = ""
    metric: str = "error"
    baseline: float = 1.0


def ended_cells(store: Store, data: str, needed: Collection[str] | None = None) -> dict[str, CellRecord]:
    """The cells of a data set that ended, complete or failed, by key; the newest of a key counts.

    A damaged cell whose key is not `needed` (all are, where not given) is left out, so that it stops no sweep
    that it is no part of.

    Raises:
        DamageError: a cell that is needed was changed since.
    """
    with store.told():
        experiment = store.client.get_experiment_by_name(data)
        return {} if experiment is None else _ended_cells(store, experiment.experiment_id, needed)


def _ended_cells(store: Store, experiment: str, needed: Collection[str] | None) -> dict[str, CellRecord]:
    found: dict[str, CellRecord] = {}
    for run in find(store, [experiment], "!RUNNING", kind="cell"):
        try:
            record = cell_record(digests.check(run, store.label))
        except DamageError:
            if needed is None or run.data.tags.get("cell") in needed:
                raise
        else:
            found[record.key] = record
    return found


def cell_record(run: Run) -> CellRecord:
    """The record a cell's run holds."""
    tags, metrics = run.data.tags, run.data.metrics
    metric = tags.get(digests.METRIC, "error")
    return CellRecord(
        key=tags["cell"],
        run_id=run.info.run_id,
        family=tags["family"],
        size=int(tags["size"]),
        repeat=int(tags["repeat"]),
        outcome=tags.get("outcome", "failed"),
        test_error=metrics.get(f"{trials.TEST}{metric}"),
        val_error=metrics.get(f"{trials.VALIDATION}{metric}"),
        trials=int(metrics.get("trials", 0)),
        fit_seconds=metrics.get("fit_seconds", 0.0),
        seconds=metrics.get("seconds", 0.0),
        test_rows=int(tags.get("test_rows", 0)),
        message=tags.get("message", ""),
        versions=tags.get("versions", ""),
        place=run.info.artifact_uri or "",
        files=tags.get(digests.FILES, ""),
        metric=metric,
        baseline=metrics.get(BASELINE, 1.0),
    )


def trials_of(store: Store, records: Iterable[CellRecord]) -> dict[str, tuple[Trial, ...]]:
    """The trials of recorded cells of one data set, by cell key, each in the order of their numbers.

    All trials of the data set are read at once, whatever the number of cells.

    Raises:
        DamageError: a trial was changed since, or a cell has not as many as it says.
    """
    cells = {record.run_id: record for record in records}
    if not cells:
        return {}
    found: dict[str, list[Trial]] = {run_id: [] for run_id in cells}
    with store.told():
        experiment = store.client.get_run(next(iter(cells))).info.experiment_id
        for run in find(store, [experiment], "!RUNNING", kind="trial"):
            parent = run.data.tags.get("mlflow.parentRunId", "")
            if parent in cells:
                found[parent].append(trials.read(digests.check(run, store.label)))
    return {
        record.key: in_order(found[run_id], run_id, store.label, record.trials)
        for run_id, record in cells.items()
    }


def in_order(ended: Iterable[Trial], cell: str, label: str, count: int | None = None) -> tuple[Trial, ...]:
    """The trials of a cell's run by number, which are 0, 1, 2 and so on, and as many as `count` where given.

    Raises:
        DamageError: where one is missing or there twice.
    """
    trials = tuple(sorted(ended, key=lambda trial: trial.number))
    numbers = [trial.number for trial in trials]
    wanted = len(trials) if count is None else count
    if numbers != list(range(wanted)):
        found = ", ".join(map(str, numbers)) or "none"
        raise DamageError(
            f"the cell's run {cell} of {label} must have {wanted} trials numbered from 0, and has {found}; "
            f"{digests.remedy(cell)}"
        )
    return trials


def artifact(store: Store, run_id: str, name: str) -> Path:
    """A local path of a run's artifact, whose content is what was recorded.

    Raises:
        StoreError: where it is not there, as after a records folder was moved, or was changed.
    """
    with store.told():
        run = store.client.get_run(run_id)
    tags = run.data.tags
    if tags.get("kind") == "cell":
        digests.check(run, store.label)
    return artifacts.verified(store, run_id, run.info.artifact_uri or "", tags.get(digests.FILES, ""), name)


def _of_cell(store: Store, record: CellRecord, name: str) -> Path:
    return artifacts.verified(store, record.run_id, record.place, record.files, name)


def environments(store: Store, records: Iterable[CellRecord]) -> list[dict[str, Any]]:
    """The machines and packages that made cells, each once: of one cell for every line of versions."""
    first = {record.versions: record for record in records if record.versions}
    found = []
    for versions in sorted(first):
        held = json.loads(_of_cell(store, first[versions], "cell.json").read_text(encoding="utf-8"))
        if held["environment"] not in found:
            found.append(held["environment"])
    return [each for each in found if each]


def correctness(store: Store, records: Iterable[CellRecord]) -> dict[str, bytes]:
    """What complete cells hold of each test row, by key: packed correctness, or losses (`loss_file`)."""
    return {
        record.key: np.load(_of_cell(store, record, loss_file(record.metric)), allow_pickle=False).tobytes()
        for record in records
        if record.outcome == "complete"
    }


def loss_file(metric: str) -> str:
    """The artifact that a curve is drawn from: a bit for each test row, or a float32."""
    return "correct.npy" if metric == "error" else "losses.npy"


def frame(
    records: Iterable[CellRecord], labels: Mapping[str, str], correct: Mapping[str, bytes]
) -> pd.DataFrame:
    """Cells as a table: the columns of `cells.csv`, and those that the curves need.

    They are label, test_rows, metric, baseline, and by metric: correct for the error, losses for the others.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {
            "family": record.family,
            "label": labels.get(record.family, record.family),
            "size": record.size,
            "repeat": record.repeat,
            f"{trials.TEST}{record.metric}": record.test_error,
            f"{trials.VALIDATION}{record.metric}": record.val_error,
            "trials": record.trials,
            "fit_seconds": record.fit_seconds,
            "seconds": record.seconds,
            "outcome": record.outcome,
            "run_id": record.run_id,
            "test_rows": record.test_rows,
            "metric": record.metric,
            "baseline": record.baseline,
            "correct" if record.metric == "error" else "losses": correct.get(record.key, b""),
        }
        for record in records
    ]
    return pd.DataFrame(rows)


def read_cells(name: str, root: str | Path = "mlruns", uri: str | None = None) -> pd.DataFrame:
    """The cells of a sweep, one row each, for a notebook.

    Args:
        name: the sweep's name; the data set's name unless `name=` was given.
        root: the records folder, `tracking.root`.
        uri: an MLflow tracking address, for records on a server.

    Raises:
        StoreError: where there is no store, or no sweep of that name in it.
    """
    from harness.tracking.sweeps import find_sweep, members

    store = existing_store(Path(root), uri)
    sweep = find_sweep(store, name)
    if sweep is None:
        raise StoreError(f"no sweep named {name!r} in {store.label}; harness sweep makes one")
    labels, keys = members(store, sweep)
    with store.told():
        records = _ended_cells(store, sweep.info.experiment_id, keys)
        if not records.keys() >= set(keys):  # the key of one may be what is damaged
            records = _ended_cells(store, sweep.info.experiment_id, None)
    wanted = [records[key] for key in keys if key in records]
    return frame(wanted, labels, correctness(store, wanted))


def load_model(
    run_id: str,
    root: str | Path = "mlruns",
    uri: str | None = None,
    trusted_modules: tuple[str, ...] = (),
) -> Any:
    """The fitted pipeline of a cell's run, ready to predict. Kept for repeat 0 of each family and size.

    It takes rows of the data set's prepared features and predicts indices into its classes, or numbers; the
    run's `cell.json` names features and classes.

    Args:
        run_id: as in `cells.csv`.
        root: the records folder, `tracking.root`.
        uri: an MLflow tracking address, for records on a server.
        trusted_modules: modules of yours whose estimators the model may hold, as in the sweep.

    Raises:
        StoreError: where the run or its model is not there.
    """
    store = existing_store(Path(root), uri)
    with store.told():
        files = store.client.get_run(run_id).data.tags.get(digests.FILES, "")
    if not any(file.startswith("model.skops=") for file in files.split()):
        raise StoreError(
            f"run {run_id} has no model in {store.label}; models are kept for cells of repeat 0 "
            "(not where an argument is a secret, nor of an estimator that cannot be written without pickle): "
            "take a run_id from cells.csv with repeat 0"
        )
    return model_files.load(artifact(store, run_id, "model.skops").read_bytes(), trusted_modules)


def existing_store(root: Path, uri: str | None) -> Store:
    """The store, which must be there already.

    Raises:
        StoreError: where nothing was recorded below `root`.
    """
    if not exists(root, uri):
        raise StoreError(f"no records below {root}; run harness sweep first, or name their tracking.root")
    return open_store(root, uri)
