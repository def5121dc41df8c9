"""A guard watches a worker process from its nanny.

It ends one that grows past the memory limit, and whatever a worker leaves behind when it dies. It lives
outside the process it watches, so a fit that holds the interpreter cannot hold it up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

import psutil
from distributed import Nanny
from distributed.diagnostics.plugin import NannyPlugin

LOOK_SECONDS = 0.05
ALLOWED = 0.95  # of the limit; at a few GB/s a fit grows by the rest between two looks


class Guard(NannyPlugin):
    """Registered with a scheduler, it comes to every nanny there is and will be.

    Args:
        topic: where the driver hears of a worker that was ended for its memory, as (nothing, the worker's
            address, its pid, the bytes it held).
        limit: bytes of resident memory of a worker process; None for no limit.
    """

    def __init__(self, topic: str, limit: int | None) -> None:
        self.name = topic
        self.limit = limit
        self._task: asyncio.Task[None] | None = None

    def setup(self, nanny: Nanny) -> None:
        """Begin to watch."""
        self._task = asyncio.get_running_loop().create_task(self._watch(nanny))

    def teardown(self, nanny: Nanny) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self, nanny: Nanny) -> None:
        seen = 0
        while True:
            pid = nanny.pid or 0
            if seen not in (0, pid):
                end_group(seen)
            seen = pid
            if self.limit and (held := _resident(pid)) > ALLOWED * self.limit:
                with contextlib.suppress(OSError):  # a scheduler that is gone needs no word
                    message = ("", nanny.worker_address, pid, held)
                    await nanny.scheduler.log_event(topic=self.name, msg=message)
                end_group(pid)
            await asyncio.sleep(LOOK_SECONDS)


def _resident(pid: int) -> int:
    """The bytes a process holds in memory; 0 where it is gone."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    return 0


def end_group(pid: int) -> None:
    """End a worker and every process it started: it leads a group of its own (`worker.run`)."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def end_worker(pid: int, dask_worker: Any = None) -> None:
    """Run by a nanny: end its worker, if that is still the process meant."""
    if dask_worker is not None and dask_worker.pid == pid:
        end_group(pid)
