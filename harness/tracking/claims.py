"""A claim says "this cell is mine while I live": an operating-system lock that no crash leaves behind.

All claims of a records folder are byte ranges of one file, one byte per name, at an offset hashed from it,
so nothing has to be cleaned up. The lock is the process's own (`fcntl`): it is gone when the process is.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Claims:
    """The claims this process holds in a records folder.

    Open one per process and folder: closing any handle of the file drops the process's locks on it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")

    def take(self, name: str) -> bool:
        """Claim a name; False where another live process holds it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(name), os.SEEK_SET)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, name: str) -> None:
        """Give a name back."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _offset(name), os.SEEK_SET)

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Hold a name, waiting for it as long as another process has it."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _offset(name), os.SEEK_SET)
        try:
            yield
        finally:
            self.release(name)

    def close(self) -> None:
        """Give every name back."""
        self._file.close()


def _offset(name: str) -> int:
    """A byte of the lock file: 62 bits of a hash, so that two names never meet in practice."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 2
