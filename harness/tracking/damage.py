"""Cells and sweeps that are not what was recorded: found by reading all of them, removed to be made again.

What looks damaged is looked at once more under its claim, so that nothing a live driver changes meanwhile
counts, and nothing it holds is removed. A removed run is marked as deleted, as by MLflow's own pages, which
also restore it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlflow.entities import Run

from harness.errors import DamageError, StoreError
from harness.tracking import artifacts, digests, trials
from harness.tracking.finding import children, find, search
from harness.tracking.reading import cell_record, in_order
from harness.tracking.store import Store
from harness.tracking.sweeps import MEMBERS

PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Damaged:
    """A cell or a sweep that cannot be read as it was recorded.

    Attributes:
        claim: the name that its driver holds while it lives.
        reason: what is wrong with it.
        is_removable: False where it may be whole, but out of reach: moved, or not to be read.
        is_early: True where no run of it has a digest: a version that made none recorded it.
    """

    run_id: str
    kind: str
    name: str
    claim: str
    reason: str
    is_removable: bool
    is_early: bool


@dataclass(frozen=True)
class Examined:
    """What was found in the records of one data set."""

    data: str
    cells: int
    trials: int
    sweeps: int
    damaged: tuple[Damaged, ...]


def examine(store: Store) -> list[Examined]:
    """Read every cell and sweep of a local store as a sweep reads its own, by data set; nothing changes."""
    with store.told():
        experiments = store.client.search_experiments()
        examined = [_of(store, each.experiment_id, each.name) for each in experiments]
    return [each for each in examined if each.cells or each.sweeps]


def _of(store: Store, experiment: str, data: str) -> Examined:
    cells = search(store.client, [experiment], "tags.kind = 'cell'")  # before their trials, which come first
    ended = list(find(store, [experiment], "!RUNNING", kind="trial"))
    sweeps = list(find(store, [experiment], "FINISHED", kind="sweep"))
    below: dict[str, list[Run]] = defaultdict(list)
    for run in ended:
        below[run.data.tags.get(PARENT, "")].append(run)
    suspects = [run for run in (*cells, *sweeps) if _damage(store, run, below[run.info.run_id])]
    found = tuple(each for run in suspects for each in _found(store, run.info.run_id, _claim(run)))
    return Examined(data, len(cells), len(ended), len(sweeps), found)


def _claim(run: Run) -> str:
    tags = run.data.tags
    return f"sweep {tags.get('sweep')}" if tags["kind"] == "sweep" else tags.get("cell", run.info.run_id)


def _found(store: Store, run_id: str, claim: str) -> Iterator[Damaged]:
    """What is damaged of a run that nobody alive holds, looked at anew."""
    with store.claims.trying(claim) as held:
        if held and (found := _look(store, run_id)):
            yield found


def _look(store: Store, run_id: str) -> Damaged | None:
    run = store.client.get_run(run_id)
    if run.info.lifecycle_stage == "deleted":
        return None
    ended = [child for child in children(store.client, run) if child.info.status != "RUNNING"]
    return _damage(store, run, ended)


def _damage(store: Store, run: Run, below: list[Run]) -> Damaged | None:
    """Why a run cannot be read with the ended runs below it; None where it can."""
    try:
        if run.data.tags["kind"] == "cell":
            _read_cell(store, run, below)
        _read_files(store, run)
    except StoreError as error:
        reason, removable = str(error).partition("; ")[0], isinstance(error, DamageError)
        name, kind = run.info.run_name or run.info.run_id, run.data.tags["kind"]
        mark = digests.FILES if kind == "sweep" else digests.DIGEST
        early = not any(mark in each.data.tags for each in (run, *below))
        return Damaged(run.info.run_id, kind, name, _claim(run), reason, removable, early)
    return None


def _read_cell(store: Store, run: Run, below: Iterable[Run]) -> None:
    """A cell that is under way has no digest yet, nor says how many trials it must have."""
    count = None
    if run.info.status != "RUNNING":
        count = cell_record(digests.check(run, store.label)).trials
    ended = [trials.read(digests.check(child, store.label)) for child in below]
    in_order(ended, run.info.run_id, store.label, count)


def _read_files(store: Store, run: Run) -> None:
    tag, place = run.data.tags.get(digests.FILES, ""), run.info.artifact_uri or ""
    names = [entry.partition("=")[0] for entry in tag.split()]
    if run.data.tags["kind"] == "sweep" and MEMBERS not in names:
        names.append(MEMBERS)
    for name in names if run.info.status != "RUNNING" else ():
        artifacts.verified(store, run.info.run_id, place, tag, name)


def remove(store: Store) -> Iterator[str]:
    """Remove the damaged cells with their trials, and sweeps with their curves; how many, by data set.

    What a live driver holds is left alone, and so is what may be whole but out of reach.
    """
    for examined in examine(store):
        with store.told():
            gone = [each for each in examined.damaged if each.is_removable and _remove(store, each)]
        for kind in ("cell", "sweep"):
            if number := sum(each.kind == kind for each in gone):
                yield f"removed {number:,} damaged {kind}{'' if number == 1 else 's'} of {examined.data}"


def _remove(store: Store, damaged: Damaged) -> bool:
    """Remove a run with what is below it, under its claim; False where it is held, or damaged no more."""
    with store.claims.trying(damaged.claim) as held:
        if not held or (now := _look(store, damaged.run_id)) is None or not now.is_removable:
            return False
        run = store.client.get_run(damaged.run_id)
        below = [*children(store.client, run), *_lost_trials(store, run)]
        for run_id in [*dict.fromkeys(child.info.run_id for child in below), damaged.run_id]:
            store.client.delete_run(run_id)
        return True


def _lost_trials(store: Store, run: Run) -> list[Run]:
    """Trials of a cell that name no run of it as the one they are below."""
    key = run.data.tags.get("cell", "")
    if not re.fullmatch(r"[\w-]+", key):
        return []
    found = search(store.client, [run.info.experiment_id], f"tags.cell = '{key}'")
    cells = {each.info.run_id for each in found if each.data.tags["kind"] == "cell"}
    return [each for each in found if {each.info.run_id, each.data.tags.get(PARENT)}.isdisjoint(cells)]
