"""Experiments run two at a time, each alone in a process of one BLAS thread; what one does harms no other.

A process runs one experiment after another, and a new one takes the place of one that ends by itself.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from harness.course.finding import Finding, NotHere, as_json, from_json
from harness.errors import HarnessError
from models import Diverged

AT_ONCE = 2
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Work:
    """An experiment to run: its settings, the folders of its data by name, and what else it is given."""

    name: str
    settings: Mapping[str, Any]
    folders: Mapping[str, str]
    given: Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """How an experiment ended: with a finding, or without one for a reason.

    Attributes:
        outcome: "complete", "not run" (something is not on this machine) or "failed".
        trace: of what it raised, for a person.
    """

    name: str
    outcome: str
    finding: Finding | None = None
    picture: bytes = b""
    reason: str = ""
    seconds: float = 0.0
    trace: str = ""


def run_all(works: Iterable[Work], at_once: int = AT_ONCE) -> Iterator[Ended]:
    """How each experiment ended, as they end."""
    waiting, idle, busy = list(works), list[_Lane](), dict[Any, _Lane]()
    try:
        while waiting or busy:
            while waiting and len(busy) < at_once:
                lane = idle.pop() if idle else _Lane()
                busy[lane.here] = lane
                lane.begin(waiting.pop(0))
            for ready in wait(list(busy)):
                lane = busy.pop(ready)
                ended = lane.ended()
                if lane.process.is_alive():
                    idle.append(lane)
                yield ended
    finally:
        for lane in [*idle, *busy.values()]:
            lane.end()


class _Lane:
    """A process and the pipe to it."""

    def __init__(self) -> None:
        self.here, there = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(there,), daemon=True)
        self.name = ""
        with _one_thread():
            self.process.start()
        there.close()

    def begin(self, work: Work) -> None:
        self.name = work.name
        with suppress(OSError):  # it is gone already, as `ended` will find
            self.here.send(work)

    def ended(self) -> Ended:
        try:
            found: Ended = self.here.recv()
        except (EOFError, OSError):
            self.process.join()
            status = self.process.exitcode
            return Ended(self.name, "failed", reason=f"its process ended by itself, with status {status}")
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.here.close()


@contextmanager
def _one_thread() -> Iterator[None]:
    """What is started meanwhile computes on one thread; it must be said before its NumPy loads."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(there: Connection) -> None:
    """Run what comes through the pipe until it closes. The terminal's Ctrl-C is for the driver."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError):
        while True:
            there.send(run_one(there.recv()))


def run_one(work: Work) -> Ended:
    """Run an experiment in this process."""
    from harness.data import open_cached
    from harness.plots import finding_picture
    from harness.plots.style import rendered

    start = time.perf_counter()
    try:
        module = importlib.import_module(f"harness.course.{work.name}")
        given = dict(work.given)
        if work.folders:
            given["data"] = {name: open_cached(Path(path)) for name, path in work.folders.items()}
        made = module.run(**work.settings, **given)
        finding = from_json(json.loads(json.dumps(as_json(made))))  # as the record will give it back
        picture = rendered(finding_picture(finding.panels), "png")
    except NotHere as absent:
        return Ended(work.name, "not run", reason=str(absent))
    except (HarnessError, Diverged) as known:
        return Ended(work.name, "failed", reason=str(known))
    except Exception as error:  # whatever goes wrong with one is told of that one, and the others go on
        told = f"{type(error).__name__}: {error}"
        return Ended(work.name, "failed", reason=told, trace=traceback.format_exc())
    return Ended(work.name, "complete", finding, picture, seconds=time.perf_counter() - start)
