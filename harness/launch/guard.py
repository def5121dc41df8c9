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
from distributed import Client, Nanny
from distributed.diagnostics.plugin import NannyPlugin

PREFIX = "harness-guard-"
TOPIC = "harness-memory"
LOOK_SECONDS = 0.05
ALLOWED = 0.95  # of the limit; at a few GB/s a fit grows by the rest between two looks


class Guard(NannyPlugin):
    """Registered with a scheduler, it comes to every nanny there is and will be.

    Of a worker that it ends for its memory every driver of the scheduler hears, by (nothing, the worker's
    address, its pid, the bytes it held, the limit).

    Args:
        client: the driver's id.
        limit: bytes of resident memory of a worker process; None for no limit.
    """

    def __init__(self, client: str, limit: int | None) -> None:
        self.name = f"{PREFIX}{client}"
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
                    message = ("", nanny.worker_address, pid, held, self.limit)
                    await nanny.scheduler.log_event(topic=TOPIC, msg=message)
                end_group(pid)
            await asyncio.sleep(LOOK_SECONDS)


def forget_the_dead(client: Client) -> None:
    """Remove the guards of drivers that were killed, which would come to every new nanny."""
    for name in client.run_on_scheduler(_without_driver):
        client.unregister_worker_plugin(name, nanny=True)


def _without_driver(dask_scheduler: Any = None) -> list[str]:
    """Run by a scheduler: the names of the guards whose driver is not connected to it."""
    guards = [name for name in dask_scheduler.nanny_plugins if name.startswith(PREFIX)]
    return [name for name in guards if name.removeprefix(PREFIX) not in dask_scheduler.clients]


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


def end_worker(pid: int | None, dask_worker: Any = None) -> None:
    """Run by a nanny: end its worker, if that is still the process meant; None means whatever it is."""
    if dask_worker is not None and dask_worker.pid and pid in (None, dask_worker.pid):
        end_group(dask_worker.pid)
