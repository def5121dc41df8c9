"""Cells on Dask workers: one process per core on this machine, each with one BLAS thread.

The driver gives each idle worker one cell, takes the events of each in order, and treats every misfortune in
one place: a cell whose worker died is submitted again with the trials it had recorded.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, Security

from harness.launch import worker
from harness.launch.interrupt import Interrupt
from harness.launch.work import POLL_SECONDS, Ledger, Work, accept, failed
from harness.records import Cell, CellEnded, Event, Outcome, Trial, TrialEnded, TrialStarted

DEATHS_ALLOWED = 1
LOOK_SECONDS = 1.0
MISSES_ALLOWED = 5
GRACE_SECONDS = 1.0  # a trial ends itself at its limit where it can; past this its worker is ended
CONFIG = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.deploy.lost-worker-timeout": "1 day",  # else a nanny slow to restart its worker is closed
    "distributed.scheduler.worker-ttl": None,  # a long trial that holds the interpreter is no death
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.pause": False,
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1,
        "MKL_NUM_THREADS": 1,
    },
}


@dataclass
class Flight:
    """A cell under way on some worker.

    Attributes:
        address, pid: the worker it was given to; the process is known from its first event.
        missed: how often the worker was looked for and not there.
        kills: how often the worker was told to end, for the running trial.
        trials: those recorded so far; a retry starts from them.
        running: the trial under way, None between trials.
        deaths: unexplained deaths of the worker, by trial number.
        verdict: the outcome the driver has already decided for the running trial.
    """

    cell: Cell
    trials: list[Trial]
    future: Future[None] | None = None
    attempt: int = -1
    address: str = ""
    pid: int = 0
    missed: int = 0
    kills: int = 0
    running: TrialStarted | None = None
    since: float = 0.0
    ended: bool = False
    deaths: dict[int, int] = field(default_factory=dict)
    verdict: tuple[Outcome, str] | None = None


def run(work: Work, ledger: Ledger, workers: int | None) -> None:
    """Run every cell of the work on `workers` local processes (None: one per core)."""
    count = workers or cores()
    with Interrupt(raises=False) as interrupt, _cluster(count) as (cluster, client):
        Driver(cluster, client, work, ledger, count).run(interrupt)
        if interrupt.requested:
            raise KeyboardInterrupt


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _cluster(count: int) -> Iterator[tuple[LocalCluster, Client]]:
    for name in ("distributed", "tornado", "bokeh"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with dask.config.set(CONFIG):
        cluster = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL + 1,
            security=Security.temporary(),
            preload=[worker.__name__],
        )
        client = Client(cluster)
        try:
            yield cluster, client
        finally:
            _end_processes(cluster)
            for part in (client, cluster):
                with contextlib.suppress(TimeoutError):
                    part.close()


def _end_processes(cluster: LocalCluster) -> None:
    """End every worker at once, busy or idle: whatever counts has been acknowledged."""
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        with contextlib.suppress(ProcessLookupError, TypeError):  # gone, or not yet there
            os.kill(nanny.pid, signal.SIGKILL)


class Driver:
    """The loop that keeps every worker busy and every event recorded."""

    def __init__(self, cluster: LocalCluster, client: Client, work: Work, ledger: Ledger, slots: int) -> None:
        self._cluster, self._client = cluster, client
        self._work, self._ledger, self._slots = work, ledger, slots
        self._topic = f"harness-{uuid.uuid4().hex}"
        self._inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._flights: dict[str, Flight] = {}
        self._grounded: list[Flight] = []
        self._looked = -LOOK_SECONDS
        client.subscribe_topic(self._topic, lambda event: self._inbox.put(("event", event[1])))

    def run(self, interrupt: Interrupt) -> None:
        """Run until the work is done or a stop is requested."""
        while (self._work or self._flights or self._grounded) and not interrupt.requested:
            if len(self._flights) < self._slots or time.monotonic() > self._looked + LOOK_SECONDS:
                self._look()
            self._receive()
            self._enforce_time()
        self._drain()

    def _look(self) -> None:
        """See which workers live, give the idle ones work, and notice what was lost with the others."""
        live = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self._looked = time.monotonic()
        if len(live) < self._slots:
            self._cluster.scale(self._slots)  # now and then a nanny gives up on its worker
        for flight in [f for f in self._flights.values() if f.address not in live]:
            # Its future errs as a rule; a task that never reached the worker waits for it forever.
            if flight.missed > MISSES_ALLOWED:
                self._on_death(flight)
            flight.missed += 1
        self._fill(live)

    def _fill(self, live: set[str]) -> None:
        """Give every idle worker a cell, one that fell back first.

        A cell is pinned to its worker: left to Dask, two may be assigned to one while another is being
        restarted, and both fail when it dies.
        """
        for address in sorted(live - {flight.address for flight in self._flights.values()}):
            if self._grounded:
                self._submit(self._grounded.pop(), address)
            elif (job := self._work.take()) is not None:
                self._submit(Flight(job[0], list(job[1])), address)

    def _submit(self, flight: Flight, address: str) -> None:
        flight.attempt += 1
        flight.running, flight.verdict = None, None
        flight.address, flight.pid, flight.missed = address, 0, 0
        key, attempt = flight.cell.key, flight.attempt
        self._flights[key] = flight
        flight.future = self._client.submit(
            worker.run,
            flight.cell,
            attempt,
            tuple(flight.trials),
            self._topic,
            key=f"cell-{key}-{attempt}-{self._topic}",
            workers=[address],
            pure=False,
        )
        flight.future.add_done_callback(lambda future: self._inbox.put(("future", (key, attempt, future))))

    def _receive(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._handle(*self._inbox.get(timeout=POLL_SECONDS))
            self._drain()

    def _drain(self) -> None:
        while not self._inbox.empty():
            self._handle(*self._inbox.get())

    def _handle(self, kind: str, content: Any) -> None:
        if kind == "event":
            key, attempt, pid, data = content
            flight = self._flights.get(key)
            if flight is not None and flight.attempt == attempt:
                flight.pid = pid
                self._on_event(flight, pickle.loads(data))
        else:
            key, attempt, future = content
            flight = self._flights.get(key)
            if flight is not None and flight.attempt == attempt:
                self._on_future(flight, future)

    def _on_event(self, flight: Flight, event: Event) -> None:
        """Record an event that is the next of its cell; anything else is a repetition."""
        expected = len(flight.trials)
        match event:
            case TrialStarted(number=number) if number == expected:
                flight.running, flight.since, flight.kills = event, time.monotonic(), 0
            case TrialEnded(trial=trial) if trial.number == expected:
                flight.running, flight.verdict = None, None
                flight.trials.append(trial)
            case CellEnded(result=result) if result.trials == expected:
                flight.ended = True
            case _:
                return
        accept(self._ledger, flight.cell, event)

    def _on_future(self, flight: Flight, future: Future[None]) -> None:
        """A task is over: the cell has ended, or its worker died, or its code failed."""
        error = future.exception() if future.status == "error" else None
        if flight.ended or error is None or isinstance(error, KilledWorker):
            self._on_death(flight)
        else:
            self._conclude(flight, f"{type(error).__name__}: {error}")

    def _on_death(self, flight: Flight) -> None:
        """Record the cause where it is known or has struck twice, and submit the cell again."""
        if flight.ended:
            del self._flights[flight.cell.key]
            return
        number = len(flight.trials)
        flight.deaths[number] = flight.deaths.get(number, 0) + 1
        verdict = flight.verdict
        if verdict is None and flight.deaths[number] > DEATHS_ALLOWED:
            verdict = (Outcome.FAILED, f"its process ended {flight.deaths[number]} times")
        if verdict is not None and flight.running is None:
            self._conclude(flight, f"outside of a trial, {verdict[1]}")
            return
        if verdict is not None and flight.running is not None:
            seconds = time.monotonic() - flight.since
            trial = Trial(number, flight.running.params, verdict[0], seconds=seconds, message=verdict[1])
            self._on_event(flight, TrialEnded(trial))
        self._grounded.append(self._flights.pop(flight.cell.key))

    def _conclude(self, flight: Flight, message: str) -> None:
        self._on_event(flight, failed(message, len(flight.trials)))
        del self._flights[flight.cell.key]

    def _enforce_time(self) -> None:
        """End the worker of a trial past its limit; what is recorded is decided where the future errs."""
        for flight in self._flights.values():
            limit = flight.cell.search.trial_seconds
            if limit is None or flight.running is None:
                continue
            if time.monotonic() - flight.since > limit + GRACE_SECONDS * (1 + flight.kills):
                flight.verdict = (Outcome.TIMED_OUT, f"ran past search.trial_seconds={limit:g}")
                flight.kills += 1
                with contextlib.suppress(Exception):
                    self._client.run(_kill, flight.pid, workers=[flight.address], nanny=True)


def _kill(pid: int, dask_worker: Any = None) -> None:
    """Run by a nanny: end its worker, if that is still the process meant."""
    process = dask_worker.process if dask_worker is not None else None
    if process is not None and process.pid == pid:
        os.kill(pid, signal.SIGKILL)
