"""Runs that are left RUNNING though their driver is gone; a driver is gone when its claim can be taken.

Looking reads the database's file alone. Mending holds the claim of what it mends, so that a sweep which
starts at the same moment waits for it, and looks again once it holds it.

A cut-off cell with ended trials is progress, not a leftover: the next run of its sweep goes on from it, and
knows it by its status. It stays RUNNING, without those of its trials that never ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.tracking.claims import Claims
from harness.tracking.database import unchanged

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_QUERY = """
SELECT runs.run_uuid, kind.value, coalesce(cell.value, 'sweep ' || sweep.value), (
    SELECT count(*) FROM tags AS parent JOIN runs AS child USING (run_uuid)
    WHERE parent.key = 'mlflow.parentRunId' AND parent.value = runs.run_uuid
    AND child.lifecycle_stage = 'active' AND child.status != 'RUNNING')
FROM runs JOIN tags AS kind USING (run_uuid)
LEFT JOIN tags AS cell ON cell.run_uuid = runs.run_uuid AND cell.key = 'cell'
LEFT JOIN tags AS sweep ON sweep.run_uuid = runs.run_uuid AND sweep.key = 'sweep'
WHERE runs.status = 'RUNNING' AND runs.lifecycle_stage = 'active' AND kind.key = 'kind'
"""
_VERSIONS = """
SELECT versions.value, count(*) FROM runs JOIN tags AS versions USING (run_uuid)
WHERE runs.status = 'FINISHED' AND runs.lifecycle_stage = 'active' AND versions.key = 'versions'
AND versions.value != '' GROUP BY versions.value ORDER BY count(*) DESC
"""
_COUNT = """
SELECT count(*) FROM runs JOIN tags AS kind USING (run_uuid)
WHERE runs.lifecycle_stage = 'active' AND kind.key = 'kind' AND kind.value IN ('cell', 'sweep')
"""


@dataclass(frozen=True)
class Left:
    """A run that is RUNNING in the records.

    Attributes:
        kind: cell, trial, sweep or curve.
        claim: the name that its driver holds while it lives.
        ended: how many runs below it ended.
    """

    run_id: str
    kind: str
    claim: str
    ended: int

    @property
    def is_progress(self) -> bool:
        """True for a cell that the next run of its sweep goes on from."""
        return self.kind == "cell" and self.ended > 0


def running(file: Path) -> list[Left]:
    """Every run of ours that is RUNNING, live or left.

    Raises:
        sqlite3.Error: for a database that cannot be read.
    """
    with unchanged(file) as connection:
        return [Left(*row) for row in connection.execute(_QUERY) if row[2] is not None]


def stale(runs: Iterable[Left], claims: Claims) -> list[Left]:
    """Those whose driver is gone."""
    listed = list(runs)
    free = {name for name in {run.claim for run in listed} if claims.is_free(name)}
    return [run for run in listed if run.claim in free]


def versions(file: Path) -> dict[str, int]:
    """How many finished cells each line of versions made, the most first."""
    with unchanged(file) as connection:
        return dict(connection.execute(_VERSIONS).fetchall())


def count(file: Path) -> int:
    """How many cells and sweeps there are, under way or ended."""
    with unchanged(file) as connection:
        return int(connection.execute(_COUNT).fetchone()[0])


def remove(client: MlflowClient, claims: Claims, left: Iterable[Left]) -> dict[str, int]:
    """Remove stale runs that are no progress; how many of each kind.

    What a live driver holds is left alone, also one that came since they were looked at.
    """
    removed: dict[str, int] = {}
    for name in sorted({run.claim for run in left}):
        if not claims.take(name):
            continue
        try:
            for run in _removable(client, name):
                client.delete_run(run.info.run_id)
                kind = run.data.tags["kind"]
                removed[kind] = removed.get(kind, 0) + 1
        finally:
            claims.release(name)
    return removed


def _removable(client: MlflowClient, claim: str) -> list[Run]:
    """What is RUNNING under a claim that is held, looked at anew; of a sweep also its finished curves."""
    from harness.tracking.finding import children, search

    name = claim.removeprefix("sweep ")
    tag = "cell" if name == claim else "sweep"
    experiments = [each.experiment_id for each in client.search_experiments()]
    found = search(client, experiments, f"attributes.status = 'RUNNING' and tags.{tag} = '{name}'")
    below = {run.info.run_id: children(client, run) for run in found}
    if tag == "sweep":
        listed = [*found, *(child for children in below.values() for child in children)]
        return list({run.info.run_id: run for run in listed}.values())
    return [run for run in found if all(child.info.status == "RUNNING" for child in below[run.info.run_id])]
