"""A guard watches a worker process from its nanny.

It ends one that grows past the memory limit, and whatever a worker leaves behind when it dies. It lives
outside the process it watches, so a fit that holds the interpreter cannot hold it up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
from typing import Any

import psutil
from distributed import Client, Nanny
from distributed.diagnostics.plugin import NannyPlugin

PREFIX = "harness-guard-"
TOPIC = "harness-memory"
LOOK_SECONDS = 0.05
ASK_EVERY = 60  # looks
ALLOWED = 0.95  # of the limit; at a few GB/s a fit grows by the rest between two looks


class Guard(NannyPlugin):
    """Registered with a scheduler, it comes to every nanny there is and will be.

    Of a worker that it ends for its memory every driver of the scheduler hears, by (nothing, the worker's
    address, its pid, the bytes it held, the limit). Where workers outlive the driver, a guard whose driver is
    gone ends what that left running; the next driver removes it (`forget_the_dead`).

    Args:
        client: the driver's id.
        limit: bytes of resident memory of a worker process; None for no limit.
        outlives: True where workers may outlive the driver.
    """

    def __init__(self, client: str, limit: int | None, outlives: bool) -> None:
        self.name = f"{PREFIX}{client}"
        self.client, self.limit, self.outlives = client, limit, outlives
        self._task: asyncio.Task[None] | None = None

    def setup(self, nanny: Nanny) -> None:
        """Begin to watch."""
        self._task = asyncio.get_running_loop().create_task(self._watch(nanny))

    def teardown(self, nanny: Nanny) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self, nanny: Nanny) -> None:
        seen, looks = 0, 0
        while True:
            looks += 1
            pid = nanny.pid or 0
            if seen not in (0, pid):
                end_group(seen)
            seen = pid
            if self.limit and (held := _resident(pid)) > ALLOWED * self.limit:
                with contextlib.suppress(OSError):  # a scheduler that is gone needs no word
                    message = ("", nanny.worker_address, pid, held, self.limit)
                    await nanny.scheduler.log_event(topic=TOPIC, msg=message)
                end_group(pid)
            if self.outlives and looks % ASK_EVERY == 0 and await self._is_orphaned(nanny):
                end_group(pid)
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_orphaned(self, nanny: Nanny) -> bool:
        """True where the driver is gone, and the scheduler knows of no work that its worker may be at."""
        with contextlib.suppress(Exception):  # no answer is no proof
            words = pickle.dumps((self.client, nanny.worker_address))
            answer = await nanny.scheduler.run_function(function=pickle.dumps(_is_orphaned), args=words)
            return answer["result"] is True
        return False


def forget_the_dead(client: Client) -> None:
    """Remove the guards of drivers that were killed: their limits are nobody's any more."""
    for name in client.run_on_scheduler(_without_driver):
        client.unregister_worker_plugin(name, nanny=True)


def _without_driver(dask_scheduler: Any = None) -> list[str]:
    """Run by a scheduler: the names of the guards whose driver is not connected to it."""
    guards = [name for name in dask_scheduler.nanny_plugins if name.startswith(PREFIX)]
    return [name for name in guards if name.removeprefix(PREFIX) not in dask_scheduler.clients]


def _is_orphaned(client: str, address: str, dask_scheduler: Any = None) -> bool:
    """Run by a scheduler: see `Guard._is_orphaned`."""
    known = dask_scheduler.workers.get(address)
    return client not in dask_scheduler.clients and known is not None and not known.processing


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
