"""A claim says "this cell is mine while I live": an operating-system lock that no crash leaves behind.

All claims of a records folder are byte ranges of one file, one byte per name, at an offset hashed from it,
so nothing has to be cleaned up. The lock is the process's own (`fcntl`): it is gone when the process is, and
also when the process closes any handle of the file, so there is one handle per file and it stays open.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Claims:
    """The claims this process holds in a records folder; the file is made at the first of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, name: str) -> bool:
        """Claim a name; False where another live process holds it."""
        handle = _handle(self._path)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(name), os.SEEK_SET)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, name: str) -> None:
        """Give a name back."""
        fcntl.lockf(_handle(self._path), fcntl.LOCK_UN, 1, _offset(name), os.SEEK_SET)

    def identity(self) -> str:
        """A hash of this machine and the lock file: equal only for claims that exclude each other."""
        machine = Path("/etc/machine-id")
        parts = [platform.node(), machine.read_text() if machine.exists() else "", str(self._path)]
        parts.append(str(os.fstat(_handle(self._path)).st_ino))  # containers may share all the rest
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def is_free(self, name: str) -> bool:
        """Whether no other live process holds a name that this one does not hold; makes no file."""
        with self.trying(name) as held:
            return held

    @contextmanager
    def trying(self, name: str) -> Iterator[bool]:
        """Hold a name where no other live process does; makes no file: without one nobody holds anything."""
        if not self._path.exists():
            yield True
            return
        try:
            held = self.take(name)
        except OSError:  # a file system that is read-only: who holds what cannot be told
            held = False
        try:
            yield held
        finally:
            if held:
                self.release(name)

    @contextmanager
    def trying_all(self) -> Iterator[bool]:
        """Hold every name at once, where no other live process holds any; makes no file."""
        if not self._path.exists():
            yield True
            return
        try:
            fcntl.lockf(_handle(self._path), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(_handle(self._path), fcntl.LOCK_UN)

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Hold a name, waiting for it as long as another process has it."""
        fcntl.lockf(_handle(self._path), fcntl.LOCK_EX, 1, _offset(name), os.SEEK_SET)
        try:
            yield
        finally:
            self.release(name)


_handles: dict[Path, int] = {}


def _handle(path: Path) -> int:
    """The process's one handle of a lock file, opened anew where the file was removed meanwhile."""
    held = _handles.get(path)
    if held is None or not path.exists() or os.fstat(held).st_ino != path.stat().st_ino:
        path.parent.mkdir(parents=True, exist_ok=True)
        _handles[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    return _handles[path]


def _offset(name: str) -> int:
    """A byte of the lock file: 62 bits of a hash, so that two names never meet in practice."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 2
