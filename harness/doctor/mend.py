"""What `fix=true` mends: only what no live process holds, and no record that anybody can use.

A database that is damaged, half-created or of another MLflow is left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.doctor import data, files, records, runs, store
from harness.doctor.check import Check
from harness.errors import StoreError
from harness.tracking import integrity, leftovers
from harness.tracking.claims import Claims
from harness.tracking.database import has_log, is_wal, turn_wal_on

if TYPE_CHECKING:
    from harness.config import DoctorConfig


def mend(config: DoctorConfig, claims: Claims) -> Iterator[Check]:
    """Mend what is safe; each thing that was done, or could not be."""
    if not config.root.is_dir():
        return
    steps: dict[str, Callable[[], Iterator[str]]] = {
        "leftovers": lambda: _files(config.root, claims),
        "store": lambda: _store(config, claims),
        "runs": lambda: _runs(config, claims),
        "records": lambda: _records(config),
        "prepared": lambda: _prepared(config.root, claims),
    }
    for name, step in steps.items():
        try:
            for done in step():
                yield Check(name, "fixed", done)
        except (OSError, sqlite3.Error, StoreError) as error:
            yield Check(name, "warn", f"could not be mended ({' '.join(str(error).split())})")


def _files(root: Path, claims: Claims) -> Iterator[str]:
    for each in list(files.candidates(root)):
        if each.remove(claims):
            yield f"removed {each.path}"


def _store(config: DoctorConfig, claims: Claims) -> Iterator[str]:
    """An empty database goes, a sound one gets its journal mode."""
    file = store.local_file(config.root, config.uri)
    if file is None or not file.exists():
        return
    if _is_empty(file):
        with claims.holding("create the store"):
            if _is_empty(file):
                file.unlink()
                yield f"removed {file}, which had no bytes"
    elif integrity.thorough(file) is None and not is_wal(file):
        turn_wal_on(file)
        yield f"set {file} to WAL mode"


def _is_empty(file: Path) -> bool:
    return file.exists() and file.stat().st_size == 0 and not has_log(file)


def _runs(config: DoctorConfig, claims: Claims) -> Iterator[str]:
    file = own_file(config)
    if file is None or not file.exists() or integrity.thorough(file) is not None:
        return
    stale = [run for run in leftovers.stale(leftovers.running(file), claims) if not run.is_progress]
    if not stale:
        return
    from harness.tracking.store import open_store  # MLflow, which takes seconds to import

    opened = open_store(config.root, config.uri)
    with opened.told():
        removed = leftovers.remove(opened.client, claims, stale)
    if removed:
        yield f"removed {', '.join(runs.named(removed))}"


def _records(config: DoctorConfig) -> Iterator[str]:
    """Cells and sweeps that no sweep can read go, so that the same command makes them again."""
    file = own_file(config)
    if file is not None and file.exists() and integrity.thorough(file) is None and leftovers.count(file):
        yield from records.remove(config.root)


def own_file(config: DoctorConfig) -> Path | None:
    """The database whose sweeps hold their claims below `root`; of another nobody can tell here who lives."""
    file = store.local_file(config.root, config.uri)
    own = (config.root / "mlflow.db").resolve()
    return file if file is not None and file.resolve() == own else None


def _prepared(root: Path, claims: Claims) -> Iterator[str]:
    """Not while a sweep runs, whose workers may have yet to open what would go."""
    with claims.trying_all() as free:
        if free:
            yield from data.remove_damaged(root)
