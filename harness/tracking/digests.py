"""A digest says that a run is still what was recorded: a hash of all that is read back of a trial or a cell.

It is one of the run's own tags. Artifacts are in it by their own hashes, in the tag `files`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from mlflow.entities import Run

from harness.errors import DamageError

DIGEST, FILES = "digest", "files"
TAGS = (
    *("kind", "cell", "mlflow.parentRunId", "number", "outcome", "points", "message"),
    *("family", "size", "repeat", "data_digest", "test_rows", "versions", FILES),
)
METRIC = "metric"  # a tag of runs that are judged by another metric than the error


def of_run(tags: Mapping[str, str], metrics: Mapping[str, float], params: Mapping[str, str]) -> str:
    """The digest of a trial's or a cell's run: all its metrics and parameters, and of its tags `TAGS`.

    Other tags are not in it, so a note or a mark that someone adds does no harm.

    >>> of_run({"kind": "trial"}, {"value": -0.0}, {}) == of_run({"kind": "trial", "x": ""}, {"value": 0}, {})
    True
    """
    held = {name: tags.get(name, "") for name in TAGS}
    held |= {METRIC: tags[METRIC]} if METRIC in tags else {}
    numbers = {name: float(value) + 0.0 for name, value in metrics.items()}  # a database keeps -0.0 as 0.0
    text = json.dumps([held, numbers, dict(params)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def of_files(files: Mapping[str, bytes]) -> str:
    """The tag `files`: of each artifact its name and the hash of its content."""
    return " ".join(f"{name}={hashlib.sha256(content).hexdigest()}" for name, content in files.items())


def check(run: Run, label: str) -> Run:
    """The run itself, where it is what was recorded in the store of that label.

    Raises:
        DamageError: where anything that is read of it was changed, or it has no digest.
    """
    kept = run.data.tags.get(DIGEST)
    if kept != of_run(run.data.tags, run.data.metrics, run.data.params):
        lost = "has no digest: it was lost, or a version that made none recorded it"
        what = lost if kept is None else "is not what was recorded"
        cell = run.data.tags.get("mlflow.parentRunId", run.info.run_id)
        raise DamageError(f"run {run.info.run_id} of {label} {what}; {remedy(cell)}")
    return run


def remedy(run_id: str) -> str:
    """What a person can do about a cell or a sweep that is damaged: it is made again whole."""
    return (
        "put a copy of the records back (mlflow.db* moved away before), or have it made again: "
        f"harness doctor fix=true removes run {run_id} and those below it "
        "(on a server: delete it in harness ui), then sweep again"
    )
