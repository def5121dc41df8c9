"""Files that a process left half-written when it died. Who writes one holds a lock while it lives."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.doctor.check import Check
from harness.tracking.claims import Claims
from harness.wording import counted

TEMPORARY = re.compile(r"\..+\.\d+(-wal|-shm|-journal)?")  # .name.PID, to be renamed to name


@dataclass(frozen=True)
class Leftover:
    """A path that is to be renamed when it is whole, and the claim or lock file of whoever writes it."""

    path: Path
    lock: str | Path

    def is_stale(self, claims: Claims) -> bool:
        """True where nobody writes it any more."""
        with _held(self.lock, claims) as held:
            return held

    def remove(self, claims: Claims) -> bool:
        """Remove it, holding its lock; False where somebody writes it."""
        with _held(self.lock, claims) as held:
            if held and self.path.is_dir():
                shutil.rmtree(self.path)
            elif held:
                self.path.unlink(missing_ok=True)
            return held


def leftovers(root: Path, claims: Claims) -> Check:
    """Whether a process that is gone left files that nobody will use."""
    stale = [each.path for each in candidates(root) if each.is_stale(claims)]
    if not stale:
        return Check("leftovers", "ok", "none")
    found = f"{counted(len(stale), 'file')} of processes that are gone, the first {stale[0]}"
    return Check("leftovers", "warn", found, "harness doctor fix=true removes them")


def candidates(root: Path) -> Iterator[Leftover]:
    """What may be half-written: databases, prepared data sets, files of reports; certificates of Slurm's."""
    for path in sorted(root.glob(".mlflow.db.*")):
        if TEMPORARY.fullmatch(path.name):
            yield Leftover(path, "create the store")
    for path in sorted((root / "cache").glob("*.partial")):
        yield Leftover(path, path.with_suffix(".lock"))
    for path in sorted((root / "slurm").glob(".tls-*/lock")):  # the certificates come after it
        yield Leftover(path.parent, path)
    for path in sorted((root / "reports").glob("*/.*")):
        if TEMPORARY.fullmatch(path.name) and path.is_file():
            yield Leftover(path, f"report {path.parent.name}")


@contextmanager
def _held(lock: str | Path, claims: Claims) -> Iterator[bool]:
    """Hold a claim or a lock file's lock, where nobody else does; a lock that is not there is nobody's."""
    if isinstance(lock, Path):
        with _locked(lock) as held:
            yield held
        return
    with claims.trying(lock) as held:
        yield held


@contextmanager
def _locked(lock: Path) -> Iterator[bool]:
    if not lock.exists():
        yield True
        return
    with contextlib.ExitStack() as stack:
        held = False
        with contextlib.suppress(OSError):  # another's, or one that cannot be told
            opened = stack.enter_context(lock.open("r+b"))  # NFS locks only what may be written
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        yield held
