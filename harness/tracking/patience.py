"""Patience with a server: a client whose every call waits out an outage, and writes once however often asked.

Only what may pass is waited for (outage.py); whatever a server answers otherwise is told at once.
"""

from __future__ import annotations

import errno
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from harness.errors import StoreError
from harness.interrupt import SIGNALS
from harness.progress import say
from harness.tracking.outage import REFUSING_CODES, is_outage, reason_of, refusal, shown

T = TypeVar("T")

STEP_SECONDS = 0.1  # how soon a wait notices Ctrl-C


@dataclass(frozen=True)
class Patience:
    """How long an outage is waited out, and how often the server is asked meanwhile.

    Attributes:
        seconds: of one outage; past them the sweep stops, to be continued.
        shortest, longest: the pause between two tries, doubled each time from the one to the other.
    """

    seconds: float = 300.0
    shortest: float = 0.5
    longest: float = 10.0

    def pause(self, tries: int, waited: float) -> float | None:
        """Seconds until the next try after so many failed ones; None where it is time to give up.

        >>> [Patience().pause(tries, 0.0) for tries in (1, 2, 3, 9)], Patience().pause(9, 300.0)
        ([0.5, 1.0, 2.0, 10.0], None)
        """
        if waited >= self.seconds:
            return None
        return float(min(self.shortest * 2 ** min(tries - 1, 30), self.longest))


class Patient:
    """MLflow's client of a server, every method of it patient.

    Args:
        address: the server's, as given, credentials included; none of them is ever shown.
        origin: makes the tag that every run made here gets: whose they are.
    """

    def __init__(
        self, client: MlflowClient, address: str, origin: Callable[[], str], patience: Patience | None = None
    ) -> None:
        self._client, self._address, self._origin = client, address, origin
        self._patience = patience or Patience()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return lambda *words, **named: self._ask(lambda tries: method(*words, **named))

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: dict[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Make a run. Where the answer was lost, it is known by the tag of its request."""
        request = uuid.uuid4().hex
        tags = {**(tags or {}), "origin": self._origin(), "request": request}
        make = partial(self._client.create_run, experiment_id, start_time, tags, run_name)

        def attempt(tries: int) -> Run:
            made = tries and self._client.search_runs([experiment_id], f"tags.request = '{request}'")
            return made[0] if made else make()

        return self._ask(attempt)

    def _ask(self, attempt: Callable[[int], T]) -> T:
        """The answer of an attempt, which is told how many failed before it.

        Raises:
            StoreError: where the server stays away, or refuses who asks.
            KeyboardInterrupt: for a Ctrl-C, SIGTERM or SIGHUP during the wait.
        """
        try:
            return attempt(0)
        except Exception as error:
            failure = self._passing(error)
        with _noticed_signals() as noticed:
            return self._wait(attempt, failure, noticed)

    def _wait(self, attempt: Callable[[int], T], failure: str, noticed: list[int]) -> T:
        begun, tries = time.monotonic(), 1
        minutes = f"{self._patience.seconds / 60:.3g} minutes"
        while (pause := self._patience.pause(tries, time.monotonic() - begun)) is not None:
            if tries == 2:  # the first failure may be a connection that had grown old
                say(f"the server at {shown(self._address)} does not answer ({failure}); waiting {minutes}")
            _sleep(pause, noticed)
            try:
                answer = attempt(tries)
            except Exception as error:
                failure = self._passing(error)
                tries += 1
            else:
                if tries > 1:
                    say(f"the server at {shown(self._address)} answers again")
                return answer
        raise StoreError(
            f"the server at {shown(self._address)} has not answered for {minutes} ({failure}); "
            "start it, and the same command continues"
        )

    def _passing(self, error: Exception) -> str:
        """The reason of an outage; anything else is raised, without what must not be shown."""
        reason = reason_of(error, self._address)
        if is_outage(error):
            return reason
        if isinstance(error, MlflowException):
            if error.error_code in REFUSING_CODES:
                raise refusal(self._address, reason) from None
            raise MlflowException(reason, ErrorCode.Value(error.error_code)) from None
        if isinstance(error, OSError):
            raise OSError(error.errno or errno.EIO, reason) from None
        raise error


@contextmanager
def _noticed_signals() -> Iterator[list[int]]:
    """The signals go to whoever handles them, and are noticed; nothing outside the main thread."""
    noticed: list[int] = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in SIGNALS}

    def notice(number: int, frame: FrameType | None) -> None:
        noticed.append(number)
        before[number](number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, notice)
    try:
        yield noticed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sleep(seconds: float, noticed: list[int]) -> None:
    end = time.monotonic() + seconds
    while not noticed and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, STEP_SECONDS))
    if noticed:
        say("no longer waiting; what the server did not take is run again")
        raise KeyboardInterrupt
