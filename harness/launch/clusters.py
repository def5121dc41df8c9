"""Where Dask workers come from: started here, found at a scheduler's address, or asked of Slurm."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dask
from distributed import Client

from harness.errors import LaunchError
from harness.launch import worker
from harness.launch.guard import end_worker, forget_the_dead
from harness.launch.worker import Process

if TYPE_CHECKING:
    from harness.launch_config import LaunchSettings

CONNECT_SECONDS = 10
ANSWERS_AWAITED = 3  # looks
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), 1)
CONFIG: dict[str, Any] = {
    "distributed.admin.low-level-log-length": 0,  # events are handed on, not kept: they hold models
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-ttl": None,  # a long trial that holds the interpreter is no death
    "distributed.scheduler.http.routes": [],  # nobody looks, so there are no pages to guard
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.interval": "1s",  # of every server; at 20 ms it takes 5 % of a busy core
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,  # the guard does it, and says so
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
}
LOOPBACK = "127.0.0.1:0"


@dataclass(frozen=True)
class Cluster:
    """Workers and how to deal with them.

    Attributes:
        address, scheduler: of the scheduler, and its id.
        slots: how many cells run at once; None for as many as there are workers.
        memory: the limit of a worker process in bytes; None for no limit of ours.
        restore: bring back workers that are missing.
        misses_allowed: how often a worker may be looked for in vain before it counts as dead. Dask tells of
            a death itself as a rule, which is surer, and should be heard first.
        is_foreign: True where the workers may have other code or other data, and outlive the driver.
        checked: the foreign workers that were found able to run cells.
        unfit: those that Dask has paused, which can be given nothing.
        silent: how often a worker did not answer to its check; it may have died that moment.
    """

    client: Client
    address: str
    slots: int | None
    memory: int | None
    restore: Callable[[int], object]
    misses_allowed: int = 2
    is_foreign: bool = True
    checked: set[Process] = field(default_factory=set)
    unfit: set[Process] = field(default_factory=set)
    silent: dict[Process, int] = field(default_factory=dict)
    scheduler: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scheduler", self.client.scheduler_info()["id"])

    def live(self) -> set[Process]:
        """The live workers.

        Raises:
            LaunchError: the scheduler is gone.
        """
        told: Mapping[str, Any] = {}
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            told = self.client.scheduler_info(n_workers=-1)
        if told.get("id") != self.scheduler:  # one that was started again knows nothing of our cells
            raise LaunchError(
                f"the scheduler at {self.address} is gone; what had ended is recorded: "
                "start it again, and the same command continues"
            )
        live = {Process(at, said["local_directory"]): said for at, said in told["workers"].items()}
        self.unfit.clear()
        if self.is_foreign:
            self.unfit.update(at for at, said in live.items() if said["status"] != "running")
        if self.slots is not None and len(live) < self.slots:
            self.restore(self.slots)
        return set(live)

    def _is_at_work(self, address: str) -> bool:
        """True for a worker that is at other work; one that the scheduler does not know of is ended.

        A driver that was killed leaves such work behind.
        """
        if not self.client.run(worker.active, workers=[address])[address]:
            return False
        if not self.client.processing(workers=[address]).get(address):
            self.client.run(end_worker, None, workers=[address], nanny=True)
        return True

    def is_fit(self, process: Process, path: str) -> bool:
        """True for a worker that computes what the driver would; False for one that does not answer yet.

        Args:
            process: of the worker.
            path: the folder of prepared data, which it must see.

        Raises:
            LaunchError: naming the worker and what is wrong with it.
        """
        if not self.is_foreign or process in self.checked:
            return True
        address = process.address
        try:
            if self._is_at_work(address):
                return False
            fault = self.client.run(worker.fault, worker.facts(), path, workers=[address])[address]
            if not self.client.run(os.getpid, workers=[address], nanny=True):
                fault = "has no nanny"
        except Exception as error:
            self.silent[process] = self.silent.get(process, 0) + 1
            if self.silent[process] < ANSWERS_AWAITED:
                return False
            fault = f"cannot be asked to run anything ({type(error).__name__}: {error})"
        if fault:
            raise LaunchError(
                f"the worker at {address} {fault}; each needs a nanny, this version of scale-harness and its "
                "libraries, and sees the folder of tracking.root"
            )
        self.checked.add(process)
        return True


@contextlib.contextmanager
def opened(settings: LaunchSettings) -> Iterator[Cluster]:
    """The cluster of a launcher, closed on leaving."""
    for name in ("distributed", "tornado", "bokeh"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with dask.config.set(CONFIG), _OPENED[settings.name](settings) as cluster:
        try:
            yield cluster
        finally:
            with contextlib.suppress(Exception):  # one that is gone need not be closed
                cluster.client.close()


def _local(settings: LaunchSettings) -> contextlib.AbstractContextManager[Cluster]:
    from harness.launch import local

    return local.processes(settings)


@contextlib.contextmanager
def _dask(settings: LaunchSettings) -> Iterator[Cluster]:
    """The workers of a scheduler that somebody started."""
    try:
        client = Client(settings.address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise LaunchError(
            f"no scheduler answers at {settings.address} ({error}); start one (`dask scheduler`), "
            "or correct launch.address"
        ) from error
    with contextlib.suppress(Exception):  # the first look tells of a scheduler that is gone
        forget_the_dead(client)
    yield Cluster(client, settings.address, settings.workers, settings.memory, restore=lambda count: None)


def _slurm(settings: LaunchSettings) -> contextlib.AbstractContextManager[Cluster]:
    from harness.launch import slurm

    return slurm.jobs(settings)


_OPENED = {"local": _local, "dask": _dask, "slurm": _slurm}
