"""Worker processes on this machine, started and ended with the sweep."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

import dask
from dask.system import cpu_count
from distributed import Client, LocalCluster, Security
from distributed.system import MEMORY_LIMIT

from harness.checks import LEAST_MEMORY
from harness.errors import LaunchError
from harness.launch import worker
from harness.launch.clusters import LOOPBACK, Cluster
from harness.launch.guard import end_group

if TYPE_CHECKING:
    from harness.launch_config import LaunchSettings

STARTS = 3  # of a cluster whose workers end while it starts


@contextlib.contextmanager
def processes(settings: LaunchSettings) -> Iterator[Cluster]:
    """Processes on this machine, as many as `shares` says."""
    count, memory = shares(settings)
    # A nanny that is slow to restart its worker would be closed.
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1 day"}):
        _quiet_tracker()
        with ThreadPoolExecutor(1, initializer=_deaf) as starter:
            cluster = starter.submit(_started, count).result()
        try:
            # Now and then a nanny gives up on its worker: scaling to the same number replaces it.
            at, client = cluster.scheduler_address, Client(cluster)
            yield Cluster(client, at, count, memory, cluster.scale, misses_allowed=5, is_foreign=False)
        finally:
            _end_processes(cluster)
            with contextlib.suppress(TimeoutError):
                cluster.close()


def _quiet_tracker() -> None:
    """Start Python's tracker of semaphores so that it outlives a closed terminal and says nothing.

    It would tell of the semaphores that a Ctrl-C leaves it, and then removes them.
    """
    spoken, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # which it inherits
    os.dup2(silence, 2)
    try:
        resource_tracker.ensure_running()
    finally:
        os.dup2(spoken, 2)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(spoken)
        os.close(silence)


def _deaf() -> None:
    """Threads and processes that begin in this one do not hear Ctrl-C; the main thread does."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])


def _started(count: int) -> LocalCluster:
    """A cluster of so many processes; begun again where one of them is killed meanwhile.

    Raises:
        LaunchError: they do not start.
    """
    for _ in range(STARTS):
        with contextlib.suppress(RuntimeError):
            return LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                memory_limit=None,
                dashboard_address=LOOPBACK,
                worker_dashboard_address=LOOPBACK,
                silence_logs=logging.CRITICAL + 1,
                security=Security.temporary(),
                preload=[worker.__name__],
            )
    raise LaunchError(
        f"{count} worker processes could not be started; try fewer with launch.workers, or launch=inline"
    )


def cores() -> int:
    """The processors this process may use, by its affinity and by the quota of its container."""
    return int(cpu_count())


def shares(settings: LaunchSettings) -> tuple[int, int]:
    """How many workers, and the bytes that each may hold: what is not given, by cores and memory.

    Raises:
        LaunchError: there would be less memory for each than a worker can live on.
    """
    most = max(1, MEMORY_LIMIT // (settings.memory or LEAST_MEMORY))
    count = settings.workers or min(cores(), most)
    if settings.memory is not None:
        return count, settings.memory
    share = int(MEMORY_LIMIT // count)
    if count > most:
        raise LaunchError(
            f"launch.workers must be at most {most} here, got {count}: a worker needs "
            f"{LEAST_MEMORY // 10**6} MB, and each would have {share // 10**6} MB; lower launch.workers"
        )
    return count, share


def _end_processes(cluster: LocalCluster) -> None:
    """End every worker at once, busy or idle: whatever counts has been acknowledged."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if pid := nanny.pid:
            end_group(pid)
