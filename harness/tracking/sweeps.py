"""A sweep's run and its curves' runs: derived from cells, and written anew when the cells change.

A curve run carries its family's error as a metric with step = n, so that MLflow's own pages draw the
data-scale curve.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow.entities import Metric, Param, Run

from harness.secrets import hide
from harness.tracking import digests
from harness.tracking.finding import find, search
from harness.tracking.reading import CellRecord, artifact
from harness.tracking.store import Store

if TYPE_CHECKING:
    from harness.curves import Curve

MEMBERS, CONFIGURATION = "sweep.json", "config.yaml"


def digest_of(records: Iterable[CellRecord], labels: Mapping[str, str]) -> str:
    """Hash of what a sweep is derived from: its complete cells' runs, those that failed, and its labels."""
    runs = (
        (record.key, record.run_id if record.outcome == "complete" else record.outcome) for record in records
    )
    members = [*sorted(runs), sorted(labels.items())]
    return hashlib.sha256(json.dumps(members).encode()).hexdigest()[:32]


def find_sweep(store: Store, name: str, digest: str | None = None) -> Run | None:
    """The newest finished run of a sweep by name, of this digest where one is given."""
    tags = {"kind": "sweep", "sweep": name} | ({} if digest is None else {"digest": digest})
    with store.told():
        runs = list(find(store, _experiments(store), "FINISHED", **tags))
    return runs[-1] if runs else None


def members(store: Store, sweep: Run) -> tuple[dict[str, str], list[str]]:
    """The families' labels and the cells' keys of a sweep, in its order."""
    held = json.loads(artifact(store, sweep.info.run_id, MEMBERS).read_text(encoding="utf-8"))
    return held["labels"], [cell["key"] for cell in held["cells"]]


def write_sweep(
    store: Store,
    experiment: str,
    name: str,
    records: Sequence[CellRecord],
    curves: Sequence[Curve],
    labels: Mapping[str, str],
    files: Iterable[Path],
    source: str,
) -> str:
    """Write a sweep's run with one child per family, remove those it replaces, then end it; its run id."""
    client = store.client
    with store.claims.holding(f"sweep {name}"):
        old = [run for run in search(client, [experiment], f"tags.sweep = '{name}'") if _is_over(store, run)]
        held = [{"key": record.key, "run_id": record.run_id} for record in records]
        text = json.dumps({"name": name, "labels": dict(labels), "cells": held}, indent=1)
        own = {MEMBERS: text.encode(), CONFIGURATION: hide(source).encode()}
        tags = {
            "kind": "sweep",
            "sweep": name,
            "digest": digest_of(records, labels),
            digests.FILES: digests.of_files(own),
        }
        run_id = str(client.create_run(experiment, tags=tags, run_name=f"sweep {name}").info.run_id)
        for curve in curves:
            _write_curve(store, experiment, run_id, name, curve)
        with tempfile.TemporaryDirectory() as folder:
            for file_name, content in own.items():
                Path(folder, file_name).write_bytes(content)
            client.log_artifacts(run_id, folder)
        for file in files:
            client.log_artifact(run_id, str(file))
        complete = [record for record in records if record.outcome == "complete"]
        client.log_batch(
            run_id,
            params=[Param("families", ", ".join(labels)), Param("cells", str(len(complete)))],
        )
        for run in old:
            client.delete_run(run.info.run_id)
        client.set_terminated(run_id)  # the last write: cut off before it, everything is derived anew
    return run_id


def _write_curve(store: Store, experiment: str, parent: str, sweep: str, curve: Curve) -> None:
    client = store.client
    tags = {"kind": "curve", "sweep": sweep, "family": curve.family, "mlflow.parentRunId": parent}
    run_id = client.create_run(experiment, tags=tags, run_name=f"curve {curve.family}").info.run_id
    now = int(time.time() * 1000)
    name, unit = f"test_{curve.metric.name}", curve.metric.baseline
    series = {name: curve.mean, f"{name}_low": curve.low, f"{name}_high": curve.high}
    metrics = [
        Metric(key, float(value) * unit, now, int(size))
        for key, values in series.items()
        for size, value in zip(curve.sizes, values, strict=True)
        if value is not None
    ]
    params = [Param("family", curve.family), Param("label", curve.label)]
    client.log_batch(run_id, metrics=metrics, params=params)
    client.set_terminated(run_id)


def _is_over(store: Store, run: Run) -> bool:
    """False for what the driver of another records folder may be writing now."""
    origin = run.data.tags.get("origin")
    return run.info.status != "RUNNING" or origin is None or origin == store.claims.identity()


def _experiments(store: Store) -> list[str]:
    return [experiment.experiment_id for experiment in store.client.search_experiments()]
