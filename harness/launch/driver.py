"""The driver gives each idle worker one cell and takes the events of each in order.

It treats every misfortune in one place: a cell whose worker died is submitted again with the trials it had
recorded.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import time
import uuid
from typing import Any

from distributed import Future, KilledWorker

from harness.errors import HarnessError
from harness.interrupt import Interrupt
from harness.launch import worker
from harness.launch.clusters import Cluster
from harness.launch.flight import Flight
from harness.launch.guard import TOPIC, Guard, end_worker
from harness.launch.work import POLL_SECONDS, Ledger, Work, accept, failed
from harness.launch.worker import Abandoned, Process
from harness.progress import say
from harness.records import Cell, CellEnded, Event, Outcome, RefitStarted, TrialEnded, TrialStarted

LOOK_SECONDS = 1.0
NANNYS_OWN = "worker-restart-memory"  # where a nanny tells of a limit that its own command line set
STUCK_SECONDS = 15.0
PAUSE_SECONDS = 2.0  # the longest that one turn of the loop counts: a machine asleep is no slow trial


class Driver:
    """Runs the work on a cluster's workers."""

    def __init__(self, cluster: Cluster, work: Work, ledger: Ledger) -> None:
        self._cluster, self._client = cluster, cluster.client
        self._work, self._ledger = work, ledger
        self._topic = f"harness-{uuid.uuid4().hex}"
        self._inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._flights: dict[str, Flight] = {}
        self._grounded: list[Flight] = []
        self._unwritten: list[tuple[Cell, CellEnded]] = []
        self._looked, self._seen = -LOOK_SECONDS, 0
        self._clock = self._turned = self._free_since = time.monotonic()
        self._client.subscribe_topic(self._topic, lambda event: self._inbox.put(("event", event[1])))
        self._client.subscribe_topic(TOPIC, lambda event: self._inbox.put(("event", event[1])))
        self._client.subscribe_topic(NANNYS_OWN, self._on_nannys_own)
        self._guard = Guard(self._client.id, cluster.memory)
        self._client.register_plugin(self._guard)

    def run(self, interrupt: Interrupt) -> None:
        """Run until the work is done or a stop is requested.

        Raises:
            LaunchError: the scheduler is gone, or a worker cannot run cells.
        """
        try:
            while (self._work or self._flights or self._grounded) and not interrupt.requested:
                self._turn()
            self._finish()
        except HarnessError:
            self._finish()
            raise
        finally:
            if self._cluster.is_foreign:
                self._leave()

    def _turn(self) -> None:
        """Workers come first: one of ours has its next cell before the result of its last one is written."""
        if self._is_slack() or time.monotonic() > self._looked + LOOK_SECONDS:
            self._look()
        self._write()
        self._receive()
        self._tick()
        self._enforce_time()

    def _write(self) -> None:
        while self._unwritten:
            accept(self._ledger, *self._unwritten.pop(0))

    def _finish(self) -> None:
        """Write down what had ended."""
        self._drain()
        self._write()

    def _leave(self) -> None:
        """Leave foreign workers as they were found: idle, and nobody's guard."""
        for flight in self._flights.values():
            self._end_worker(flight)
        with contextlib.suppress(Exception):  # of a scheduler that is gone
            self._client.unregister_worker_plugin(self._guard.name, nanny=True)

    def _busy(self) -> list[Flight]:
        """The flights whose worker can take no other.

        One of ours can once it has said its last: it has one thread. A foreign one may have more, and would
        run both for a moment.
        """
        return [each for each in self._flights.values() if not each.ended or self._cluster.is_foreign]

    def _is_slack(self) -> bool:
        return len(self._busy()) < (self._cluster.slots or self._seen)

    def _tick(self) -> None:
        now = time.monotonic()
        self._clock += min(now - self._turned, PAUSE_SECONDS)
        self._turned = now

    def _look(self) -> None:
        """See which workers live, give the idle ones work, and notice what was lost with the others."""
        live = self._cluster.live()
        self._looked, self._seen = time.monotonic(), len(live)
        for flight in [f for f in self._flights.values() if f.process not in live]:
            # Its future errs as a rule; a task that never reached the worker waits for it forever.
            if flight.missed > self._cluster.misses_allowed:
                self._on_death(flight)
            flight.missed += 1
        self._fill(live)

    def _fill(self, live: set[Process]) -> None:
        """Give every idle worker a cell, one that fell back first.

        A cell is pinned to its worker: left to Dask, two may be assigned to one while another is being
        restarted, and both fail when it dies.
        """
        busy = [flight.process for flight in self._busy()]
        idle = sorted(live - self._cluster.unfit - {*busy})
        room = len(idle) if self._cluster.slots is None else self._cluster.slots - len(busy)
        for process in idle[: max(room, 0)]:
            if (flight := self._next()) is None:
                break
            if self._cluster.is_fit(process, flight.cell.path):
                self._submit(flight, process)
            else:
                self._grounded.append(flight)
        self._tell_if_stuck()

    def _next(self) -> Flight | None:
        """A cell that fell back, else one that can begin."""
        if self._grounded:
            return self._grounded.pop()
        job = self._work.take()
        return None if job is None else Flight(job[0], list(job[1]))

    def _tell_if_stuck(self) -> None:
        """Say once that no worker is free, which no other line would tell."""
        if self._flights or (not self._grounded and not self._work):
            self._free_since = self._clock
        elif self._clock > self._free_since + STUCK_SECONDS:
            self._free_since = float("inf")
            say("waiting; no worker is free, or another sweep has the cells that are left")

    def _submit(self, flight: Flight, process: Process) -> None:
        flight.board(process)
        key, attempt = flight.cell.key, flight.attempt
        self._flights[key] = flight
        flight.future = self._client.submit(
            worker.run,
            flight.cell,
            attempt,
            tuple(flight.trials),
            self._topic,
            process,
            key=f"cell-{key}-{attempt}-{self._topic}",
            workers=[process.address],
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
        if kind == "future":
            key, attempt, future = content
            flight = self._flights.get(key)
            if flight is not None and flight.attempt == attempt:
                self._on_future(flight, future)
        elif not content[0]:
            self._on_memory(*content[1:])
        else:
            key, attempt, pid, data = content
            flight = self._flights.get(key)
            if flight is not None and flight.attempt == attempt:
                flight.pid = pid
                self._on_event(flight, pickle.loads(data))

    def _on_event(self, flight: Flight, event: Event) -> None:
        """Record an event that is the next of its cell; anything else is a repetition."""
        expected = len(flight.trials)
        match event:
            case TrialStarted(number=number) if number == expected:
                flight.begin(event, self._clock)
            case RefitStarted():
                flight.begin(event, self._clock)
            case TrialEnded(trial=trial) if trial.number == expected:
                flight.running, flight.verdict = None, None
                flight.trials.append(trial)
            case CellEnded(result=result) if result.trials == expected:
                flight.running, flight.ended = None, True
                self._unwritten.append((flight.cell, event))
                return
            case _:
                return
        accept(self._ledger, flight.cell, event)

    def _on_nannys_own(self, event: tuple[float, Any]) -> None:
        said = event[1]
        self._inbox.put(("event", ("", said["worker"], said["pid"], said["rss"], None)))

    def _on_memory(self, address: str, pid: int, held: int, limit: int | None) -> None:
        """A guard ends a worker for its memory: that is the outcome of what it runs."""
        for flight in self._flights.values():
            if (flight.process.address, flight.pid) == (address, pid):
                flight.condemn(Outcome.OUT_OF_MEMORY, _memory_words(held, limit), self._clock)

    def _on_future(self, flight: Flight, future: Future[None]) -> None:
        """A task is over: the cell has ended, or its worker died, or its code failed."""
        if future.status == "cancelled":
            return  # the scheduler is gone, which the next look tells
        error = future.exception() if future.status == "error" else None
        if isinstance(error, Abandoned) and flight.goes_astray():
            self._ground(flight)
            return
        if flight.ended or error is None or isinstance(error, KilledWorker | Abandoned):
            self._on_death(flight)
        else:
            self._conclude(flight, failed(f"{type(error).__name__}: {error}", len(flight.trials)))

    def _on_death(self, flight: Flight) -> None:
        """Record what the death of a worker amounts to, and submit the cell again where it goes on."""
        if flight.ended:
            del self._flights[flight.cell.key]
            return
        event = flight.death(self._clock)
        if isinstance(event, CellEnded):
            self._conclude(flight, event)
            return
        if event is not None:
            self._on_event(flight, event)
        self._ground(flight)

    def _ground(self, flight: Flight) -> None:
        """The cell falls back, to be given to a worker again.

        A scheduler would keep a task that waits for a dead worker until another has its address.
        """
        self._grounded.append(self._flights.pop(flight.cell.key))
        if flight.future is not None:
            with contextlib.suppress(Exception):  # of a scheduler that is gone
                flight.future.cancel()

    def _conclude(self, flight: Flight, end: CellEnded) -> None:
        self._on_event(flight, end)
        del self._flights[flight.cell.key]

    def _enforce_time(self) -> None:
        """End the worker of what is past its limit; what is recorded is decided where the future errs."""
        for flight in self._flights.values():
            if flight.is_overdue(self._clock):
                limit = flight.cell.search.trial_seconds
                flight.condemn(Outcome.TIMED_OUT, f"ran past search.trial_seconds={limit:g}", self._clock)
                flight.kills += 1
                self._end_worker(flight)

    def _end_worker(self, flight: Flight) -> None:
        with contextlib.suppress(Exception):  # a worker that is gone needs no end
            self._client.run(end_worker, flight.pid, workers=[flight.process.address], nanny=True)


def _memory_words(held: int, limit: int | None) -> str:
    allowed = f"launch.memory={limit / 2**30:.2f} GiB" if limit else "its worker's limit"
    return f"its process held {held / 2**30:.2f} GiB, which is more than {allowed} allows"
