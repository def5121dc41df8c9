"""The findings of the course as MLflow runs: one for each experiment and key, in an MLflow experiment."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from mlflow.entities import Metric, Param, Run

from harness.errors import DamageError
from harness.secrets import hide
from harness.tracking import artifacts, digests
from harness.tracking.finding import find
from harness.tracking.store import Store

EXPERIMENT, FINDING = "course", "finding.json"


def names(store: Store) -> set[str]:
    """The experiments that have a finding, with whatever settings."""
    with store.told():
        experiment = store.client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            return set()
        runs = find(store, [experiment.experiment_id], "FINISHED", kind="course")
        return {run.info.run_name for run in runs}


def recorded(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """Key -> the text of its newest `finding.json`; a damaged one counts as absent, and is made again."""
    wanted, found = set(keys), {}
    with store.told():
        experiment = store.client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            return {}
        for run in find(store, [experiment.experiment_id], "FINISHED", kind="course"):
            key = run.data.tags.get("course", "")
            if key in wanted:
                with suppress(DamageError):
                    found[key] = _text(store, run)
    return found


def _text(store: Store, run: Run) -> str:
    files, place = run.data.tags.get(digests.FILES, ""), run.info.artifact_uri or ""
    file = artifacts.verified(store, run.info.run_id, place, files, FINDING)
    return file.read_text(encoding="utf-8")


def record(
    store: Store,
    name: str,
    key: str,
    metrics: Mapping[str, float],
    params: Mapping[str, str],
    files: Mapping[str, bytes],
) -> None:
    """Write the run of an experiment; its end is the last write, and one without it never happened.

    `files` are its artifacts by name, `finding.json` among them.
    """
    with store.told(), store.claims.holding(f"course {key}"):
        client, experiment = store.client, store.experiment(EXPERIMENT)
        for left in find(store, [experiment], "RUNNING", kind="course", course=key):
            client.delete_run(left.info.run_id)
        tags = {"kind": "course", "course": key, digests.FILES: digests.of_files(files)}
        run_id = str(client.create_run(experiment, tags=tags, run_name=name).info.run_id)
        with tempfile.TemporaryDirectory() as folder:
            for file, content in files.items():
                Path(folder, file).write_bytes(content)
            client.log_artifacts(run_id, folder)
        client.log_batch(
            run_id,
            metrics=[Metric(each, value, 0, 0) for each, value in metrics.items() if math.isfinite(value)],
            params=[Param(each, hide(text)) for each, text in params.items()],
        )
        client.set_terminated(run_id)
