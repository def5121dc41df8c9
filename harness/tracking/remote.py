"""Claims on a server: a driver holds a cell by a run it made, and keeps that run's heartbeat changing.

No lock and no clock is shared. A run is live while its `heartbeat` tag changes as the observer sees it; past
`stale` seconds of looking at the same value its driver is gone, and whoever takes the cell moves its trials
to a run of its own. Of several that make a run for one cell at once, one stays. Each makes its run, and

1. looks: it yields to a run that is `held` by a live driver, and to one not yet held with a smaller id;
2. writes `held` on its own;
3. looks again: it yields to a live run with a smaller id.

Two cannot both stay. Say a < b both did: b's second look did not see a, so a was made after b was held, and
a's first look saw that.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from mlflow import MlflowClient
from mlflow.entities import Run, RunTag
from mlflow.exceptions import MlflowException

from harness.tracking import digests
from harness.tracking.finding import children, search


@dataclass(frozen=True)
class Pace:
    """Seconds: between two looks at a cell, between two beats, and of one value until its driver is gone."""

    look: float = 2.0
    beat: float = 15.0
    stale: float = 60.0


class Heart:
    """Keeps the heartbeat of runs changing, from a thread that lives while there are any.

    Args:
        connect: makes the thread's own client; it is not a patient one, as a late beat is no beat.
    """

    def __init__(self, connect: Callable[[], MlflowClient], beat: float) -> None:
        self._connect, self._beat = connect, beat
        self._lock = threading.Lock()
        self._runs: set[str] = set()
        self._thread: threading.Thread | None = None

    def hold(self, run_id: str) -> None:
        """Beat for a run from now on."""
        with self._lock:
            self._runs.add(run_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)
                self._thread.start()

    def drop(self, run_id: str) -> None:
        """Beat for a run no more."""
        with self._lock:
            self._runs.discard(run_id)

    def _live(self) -> None:
        client = None
        while True:
            time.sleep(self._beat)
            with self._lock:
                runs = sorted(self._runs)
                if not runs:
                    self._thread = None
                    return
            with contextlib.suppress(Exception):  # the sweep's own calls tell what is amiss
                client = client or self._connect()
                beat(client, runs)


def beat(client: MlflowClient, runs: Iterable[str]) -> None:
    """One new value for each run; of a run that was removed nothing is said."""
    for run_id in runs:
        try:
            client.set_tag(run_id, "heartbeat", uuid.uuid4().hex)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE":  # no answer: the others' beats would be late
                raise


@dataclass
class Watch:
    """Which heartbeats still change, by the clock of who looks.

    The time between two looks counts up to three times their usual distance: while nobody could look, as in
    an outage or asleep, nobody could beat either.
    """

    pace: Pace
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[str, float, float]] = field(default_factory=dict)

    def is_live(self, run_id: str, value: str) -> bool:
        """False where this value was looked at for longer than `stale` seconds."""
        now = self.clock()
        last, at, quiet = self._seen.get(run_id, ("", now, 0.0))
        quiet = quiet + min(now - at, 3 * self.pace.look) if last == value else 0.0
        self._seen[run_id] = (value, now, quiet)
        return quiet < self.pace.stale


class RemoteClaims:
    """The cells that this driver holds on a server.

    Args:
        origin: whose runs are taken without waiting: those of this records folder, whose local claim the
            caller holds, so that no other driver of it is live.
        label: the server's address as a person may see it.
    """

    def __init__(
        self,
        client: MlflowClient,
        experiment: str,
        origin: str,
        heart: Heart,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
        label: str = "the server",
    ) -> None:
        self._label = label
        self._client, self._experiment, self._origin = client, experiment, origin
        self._heart, self._pace, self._clock = heart, pace, clock
        self._watch = Watch(pace, clock)
        self._driver = uuid.uuid4().hex
        self._held: dict[str, str] = {}
        self._again: dict[str, float] = {}

    def take(self, key: str, name: str, tags: Mapping[str, str]) -> bool:
        """Hold a cell by a run of that name and tags; False where a live driver has it.

        True also where it is finished: there is nothing to hold then, and `run_of` is None.
        """
        if self._clock() < self._again.get(key, float("-inf")):
            return False
        found = self._runs(key)
        if _is_finished(found):
            return True
        if self._live(found):
            return self._later(key, self._pace.look)
        mine = self._make(name, tags)
        if not self._stays(key, mine):
            self._heart.drop(mine)
            self._client.delete_run(mine)
            return self._later(key, self._pace.look * (1 + random.random()))  # apart from who also yielded
        self._held[key] = mine
        self._inherit(key, mine)
        return True

    def run_of(self, key: str) -> str | None:
        """The run by which a cell is held."""
        return self._held.get(key)

    def is_mine(self, key: str) -> bool:
        """True where the held run is still there and no other finished the cell: its result counts."""
        found = self._runs(key)
        finished = [run.info.run_id for run in found if run.info.status == "FINISHED"]
        mine = self._held.get(key)
        return mine in [run.info.run_id for run in found] and finished in ([], [mine])

    def release(self, key: str) -> None:
        """Hold a cell no longer."""
        if (mine := self._held.pop(key, None)) is not None:
            self._heart.drop(mine)

    def _runs(self, key: str) -> list[Run]:
        return search(self._client, [self._experiment], f"tags.kind = 'cell' and tags.cell = '{key}'")

    def _later(self, key: str, seconds: float) -> bool:
        self._again[key] = self._clock() + seconds
        return False

    def _make(self, name: str, tags: Mapping[str, str]) -> str:
        first = {"driver": self._driver, "claim": "wanted", "heartbeat": "0"}
        run = self._client.create_run(self._experiment, tags={**tags, **first}, run_name=name)
        self._heart.hold(run.info.run_id)
        return str(run.info.run_id)

    def _stays(self, key: str, mine: str) -> bool:
        """The rule of the module's text; a run that others removed meanwhile stays not."""
        found = self._runs(key)
        others = self._live(found, mine)
        if _is_finished(found) or any(_is_held(run) or run.info.run_id < mine for run in others):
            return False
        with contextlib.suppress(MlflowException):  # removed: the second look sees it
            self._client.set_tag(mine, "claim", "held")
        found = self._runs(key)
        smaller = [run for run in self._live(found, mine) if run.info.run_id < mine]
        return (
            not _is_finished(found) and not smaller and mine in [r.info.run_id for r in found if _is_held(r)]
        )

    def _live(self, runs: Iterable[Run], mine: str = "") -> list[Run]:
        """The runs whose drivers live. Every one is looked at, so that each look counts for all."""
        running = [run for run in runs if run.info.status == "RUNNING" and run.info.run_id != mine]
        return [run for run in running if self._is_live(run)]

    def _is_live(self, run: Run) -> bool:
        tags = run.data.tags
        if tags.get("origin") == self._origin:
            return False
        return self._watch.is_live(run.info.run_id, tags.get("heartbeat", ""))

    def _inherit(self, key: str, mine: str) -> None:
        """Move the recorded trials of drivers that are gone to one's own run, and remove theirs.

        A driver that was only asleep finds its run removed, and cannot write beside its successor.
        """
        found = self._runs(key)
        live = {run.info.run_id for run in self._live(found, mine)}
        numbers = {""}  # a run without a number is no trial
        for run in found:
            if run.info.run_id == mine or run.info.run_id in live:
                continue
            for child in children(self._client, run):
                number = child.data.tags.get("number", "")
                if run.info.status == "RUNNING" and child.info.status != "RUNNING" and number not in numbers:
                    self._move(digests.check(child, self._label), mine)
                    numbers.add(number)
                else:
                    self._client.delete_run(child.info.run_id)
            self._client.delete_run(run.info.run_id)

    def _move(self, trial: Run, mine: str) -> None:
        """Make a trial the child of one's own run, and its digest that of what it is now, at once."""
        tags = {**trial.data.tags, "mlflow.parentRunId": mine}
        tags[digests.DIGEST] = digests.of_run(tags, trial.data.metrics, trial.data.params)
        changed = [RunTag(name, tags[name]) for name in ("mlflow.parentRunId", digests.DIGEST)]
        self._client.log_batch(trial.info.run_id, tags=changed)


def _is_finished(runs: Iterable[Run]) -> bool:
    return any(run.info.status == "FINISHED" for run in runs)


def _is_held(run: Run) -> bool:
    return bool(run.data.tags.get("claim") == "held")
