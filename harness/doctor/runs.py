"""The runs of the local store: those that nobody goes on with, and the versions that made the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness.doctor.check import Check
from harness.tracking import leftovers
from harness.tracking.claims import Claims
from harness.wording import counted


def left(file: Path, claims: Claims) -> Check:
    """Whether runs are left RUNNING by a driver that is gone; those of live drivers are counted, no more."""
    running = leftovers.running(file)
    stale = leftovers.stale(running, claims)
    live = sum(run.kind == "cell" for run in running) - sum(run.kind == "cell" for run in stale)
    beside = f"; {counted(live, 'cell')} of sweeps that run now" if live else ""
    useless = Counter(run.kind for run in stale if not run.is_progress)
    progress = [run for run in stale if run.is_progress]
    remedies = []
    if progress:
        remedies.append("the same sweep command goes on from the ended trials")
    if useless:
        remedies.append("harness doctor fix=true removes what nobody can use")
    if not stale:
        return Check("runs", "ok", f"none left RUNNING by a sweep that is gone{beside}")
    ended = sum(run.ended for run in progress)
    found = [f"{counted(len(progress), 'cell')} with {counted(ended, 'ended trial')}"] if progress else []
    found += named(useless)
    return Check("runs", "warn", f"left RUNNING: {', '.join(found)}{beside}", "; ".join(remedies))


def named(kinds: Counter[str] | dict[str, int]) -> Iterator[str]:
    """How many of each kind.

    >>> list(named({"trial": 1, "cell": 2}))
    ['2 cells without an ended trial', '1 trial that never ended']
    """
    words = {"cell": " without an ended trial", "trial": " that never ended", "sweep": "", "curve": ""}
    for kind, more in words.items():
        if number := kinds.get(kind, 0):
            yield f"{counted(number, kind)}{more}"


def versions(file: Path) -> Check:
    """Whether one set of versions made every finished cell: others may give other numbers."""
    made = leftovers.versions(file)
    if len(made) < 2:
        return Check("versions", "ok", next(iter(made), "no finished cell"))
    listed = "; ".join(f"{counted(cells, 'cell')} by {text}" for text, cells in made.items())
    return Check(
        "versions", "warn", listed, "to compare like with like, sweep again below another tracking.root"
    )
