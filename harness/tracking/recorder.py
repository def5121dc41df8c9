"""The recorder writes cells and their trials as they end; it is the driver's pen, and the only one.

A cell's run is open while the cell is under way; a cell that was cut off is found by its key, and goes on
from its recorded trials.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Dataset, Run

from harness import model_files
from harness.records import Cell, CellResult, Task, Trial
from harness.secrets import hidden, hide, known
from harness.tracking import digests, trials, writing
from harness.tracking.finding import children, search
from harness.tracking.reading import BASELINE, in_order
from harness.tracking.remote import Heart, Pace, RemoteClaims
from harness.tracking.store import Store
from harness.tracking.tables import CellRuns
from harness.tracking.writing import Held, Times


class Recorder:
    """Writes the cells of one sweep.

    Args:
        source: the sweep's configuration, unresolved, as YAML; kept with every cell.
    """

    def __init__(self, store: Store, task: Task, source: str) -> None:
        self._store, self._client = store, store.client
        self._task, self._source = task, hide(source)
        self._experiment = store.experiment(task.name)
        self._runs: dict[str, str] = {}
        self._best: dict[str, dict[int, Trial]] = {}
        self._written: dict[str, int] = {}  # when a result was written that was cut off
        self._cells = CellRuns(store.tables, self._experiment) if store.tables is not None else None
        self._remote = _remote_claims(store, self._experiment) if store.is_remote else None

    def claim(self, cell: Cell) -> bool:
        """Claim a cell; False where another live driver has it."""
        with self._store.told():
            if not self._store.claims.take(cell.key):
                return False
            taken = self._remote is None or self._remote.take(cell.key, _name(cell), _identity(cell))
            if not taken:
                self._store.claims.release(cell.key)
            return taken

    def release(self, cell: Cell) -> None:
        """Give a cell back, finished or not."""
        with self._store.told():
            if self._remote is not None:
                self._remote.release(cell.key)
            self._store.claims.release(cell.key)

    def begin(self, cell: Cell) -> tuple[Trial, ...] | None:
        """Open the run of a claimed cell: its recorded trials, or None where the cell is done already."""
        with self._store.told():
            return self._begin(cell)

    def _begin(self, cell: Cell) -> tuple[Trial, ...] | None:
        if self._remote is not None:
            held = self._remote.run_of(cell.key)
            return None if held is None else self._adopt(cell, self._client.get_run(held))
        found = self._found(cell.key)
        if any(run.info.status == "FINISHED" for run in found):
            return None
        for run in found:
            if run.info.status == "RUNNING":
                return self._adopt(cell, run)
            self._remove(run)  # a failed cell is tried anew
        self._runs[cell.key] = self._create(cell)
        return ()

    def _found(self, key: str) -> list[Run]:
        """The runs of a cell."""
        if self._cells is not None:
            return self._cells.of(key)
        return search(self._client, [self._experiment], f"tags.kind = 'cell' and tags.cell = '{key}'")

    def _adopt(self, cell: Cell, run: Run) -> tuple[Trial, ...]:
        """Take over a run whose driver is gone; a trial without terminal status never happened."""
        recorded = []
        for child in children(self._client, run):
            if child.info.status == "RUNNING":
                self._client.delete_run(child.info.run_id)
            else:
                recorded.append(trials.read(digests.check(child, self._store.label)))
        ended = in_order(recorded, run.info.run_id, self._store.label)
        self._runs[cell.key] = run.info.run_id
        self._best[cell.key] = dict(enumerate(ended))
        if run.data.metrics or run.data.params:  # of a result that was cut off
            history = self._client.get_metric_history(run.info.run_id, "trials")
            self._written[cell.key] = max((point.timestamp for point in history), default=0)
        return ended

    def _remove(self, run: Run) -> None:
        for child in children(self._client, run):
            self._client.delete_run(child.info.run_id)
        self._client.delete_run(run.info.run_id)

    def _create(self, cell: Cell) -> str:
        times, held = Times(int(time.time() * 1000)), Held(_identity(cell), {}, {})
        return writing.new_run(self._store, self._experiment, _name(cell), "RUNNING", times, held)

    def trial(self, cell: Cell, trial: Trial) -> None:
        """Record a trial of an open cell."""
        with self._store.told():
            trials.write(self._store, self._experiment, self._runs[cell.key], cell, trial)
        self._best.setdefault(cell.key, {})[trial.number] = trial

    def result(self, cell: Cell, result: CellResult) -> None:
        """Record how a cell ended; its terminal status is the last write."""
        with self._store.told():
            self._result(cell, result)

    def _result(self, cell: Cell, result: CellResult) -> None:
        run_id = self._runs[cell.key]
        if self._remote is not None and not self._remote.is_mine(cell.key):
            self._remove(self._client.get_run(run_id))  # another driver took it while this one was away
            self._forget(cell)
            return
        best = self._best.get(cell.key, {}).get(-1 if result.best is None else result.best)
        files = self._files(cell, result)
        metrics, params = _metrics(cell, result), _params(cell, best)
        tags = {
            **_identity(cell),
            "outcome": result.outcome.value,
            "message": trials.told(result.message)[: trials.MESSAGE_LENGTH],
            "test_rows": str(len(self._task.y_test)),
            "versions": _versions(result),
            digests.FILES: digests.of_files(files),
        }
        tags[digests.DIGEST] = digests.of_run(tags, metrics, params)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                Path(folder, name).write_bytes(content)
            self._client.log_artifacts(run_id, folder)
        if self._remote is not None:
            self._remove_orphans(run_id)
        now, before = int(time.time() * 1000), self._written.get(cell.key)
        status, held = trials.TERMINAL.get(result.outcome, "FAILED"), Held(tags, metrics, params)
        if before is None:
            writing.end_run(self._store, run_id, status, now, held, self._dataset())
        else:  # the later of two counts
            writing.end_again(self._store, run_id, status, max(now, before + 1), held, self._dataset())
        self._forget(cell)

    def _remove_orphans(self, run_id: str) -> None:
        """Trials whose making was asked for again, as no answer had come to the first request."""
        for child in children(self._client, self._client.get_run(run_id)):
            if child.info.status == "RUNNING":
                self._client.delete_run(child.info.run_id)

    def _forget(self, cell: Cell) -> None:
        for held in (self._runs, self._best, self._written):
            held.pop(cell.key, None)

    def _dataset(self) -> Dataset:
        task = self._task
        profile = {"pool_rows": len(task.y), "test_rows": len(task.y_test), "features": len(task.features)}
        source = json.dumps({"source": hide(task.source), "licence": task.licence})
        return Dataset(task.name, task.digest[:36], "local", source, profile=json.dumps(profile))

    def _files(self, cell: Cell, result: CellResult) -> dict[str, bytes]:
        """The artifacts of a cell, by name."""
        details = json.dumps(hidden(_details(self._task, cell, result)), indent=1)
        files = {"config.yaml": self._source.encode(), "cell.json": details.encode()}
        if result.correct:
            array = io.BytesIO()
            np.save(array, np.frombuffer(result.correct, np.uint8), allow_pickle=False)
            files["correct.npy"] = array.getvalue()
        if result.losses:
            array = io.BytesIO()
            np.save(array, np.frombuffer(result.losses, np.float32), allow_pickle=False)
            files["losses.npy"] = array.getvalue()
        if result.model is not None and not model_files.holds(result.model, known()):
            files["model.skops"] = result.model
        return files


def _remote_claims(store: Store, experiment: str) -> RemoteClaims:
    pace, uri = Pace(), store.uri
    heart = Heart(lambda: MlflowClient(uri), pace.beat)
    return RemoteClaims(store.client, experiment, store.claims.identity(), heart, pace, label=store.label)


def _name(cell: Cell) -> str:
    return f"{cell.family.name} n={cell.size} repeat {cell.repeat}"


def _identity(cell: Cell) -> dict[str, str]:
    """The tags that say which cell it is."""
    return {
        "kind": "cell",
        "cell": cell.key,
        "family": cell.family.name,
        "size": str(cell.size),
        "repeat": str(cell.repeat),
        "data_digest": cell.digest,
        **({} if cell.metric == "error" else {digests.METRIC: cell.metric}),
    }


def _metrics(cell: Cell, result: CellResult) -> dict[str, float]:
    held = {
        **{f"{trials.TEST}{name}": score for name, score in result.scores.items()},
        "test_log_loss": result.test_log_loss,
        f"{trials.TEST}{cell.metric}": result.test_error,
        f"{trials.VALIDATION}{cell.metric}": result.val_error,
        BASELINE: None if result.test_error is None or cell.metric == "error" else result.baseline,
        "fit_seconds": result.fit_seconds,
        "seconds": result.seconds,
        "best_trial": result.best,
        "trials": result.trials,
    }
    return {name: float(value) for name, value in held.items() if value is not None}


def _params(cell: Cell, best: Trial | None) -> dict[str, str]:
    asked = {
        "family": cell.family.name,
        "size": str(cell.size),
        "repeat": str(cell.repeat),
        "seed": str(cell.seed),
        "sampler": cell.search.sampler,
        "pruner": cell.search.pruner,
        "budget": cell.search.budget,
    }
    return asked | {f"best.{name}": repr(value) for name, value in (best.params if best else {}).items()}


def _versions(result: CellResult) -> str:
    """The packages and the processor that made a cell, in one line."""
    made = result.environment or {}
    packages = ("python", "numpy", "scipy", "scikit-learn", "optuna", "scale-harness")
    named = [f"{name} {made[name]}" for name in packages if name in made]
    kernels = sorted({str(pool["architecture"]) for pool in made.get("blas", ()) if pool.get("architecture")})
    return ", ".join([*named, *kernels])


def _details(task: Task, cell: Cell, result: CellResult) -> dict[str, object]:
    family = cell.family
    return {
        "key": cell.key,
        "data": {
            "name": cell.data,
            "digest": cell.digest,
            "features": task.features,
            "classes": task.classes,
        },
        "family": {
            "name": family.name,
            "label": family.label,
            "estimator": family.estimator,
            "space": family.space,
            "selection": family.selection,
            "progress": family.progress,
            "preprocess": family.preprocess,
            "max_parameters": family.max_parameters,
        },
        "size": cell.size,
        "repeat": cell.repeat,
        "seed": cell.seed,
        "outcome": result.outcome.value,
        "environment": result.environment,
    }
