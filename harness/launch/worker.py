"""The worker's side: run one cell and send each event through an acknowledged call.

`get_worker().log_event` is batched: a trial that holds the interpreter keeps the event before it from
leaving, and the wrong trial is blamed for a death. A call that returns when the scheduler has it does not.

A scheduler imports this room too, as it reads what it hands on; what only a worker needs is imported late.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Worker, get_worker
from distributed.utils import sync

from harness.data import open_cached
from harness.environment import PACKAGES, environment
from harness.records import Cell, CellEnded, Event, Trial, TrialEnded
from harness.secrets import hide, known

PR_SET_PDEATHSIG = 1
SAME = ("python", *PACKAGES, "code")

_opened = lru_cache(maxsize=2)(open_cached)


class Process(NamedTuple):
    """A worker process: its address may have been another's before it, its folder is its own."""

    address: str
    folder: str


NOWHERE = Process("", "")


class Abandoned(Exception):  # noqa: N818 - a state of the world, not of the code
    """Nobody waits for this cell here: its driver is gone, or gave it to the process that was here before."""


def run(cell: Cell, attempt: int, recorded: tuple[Trial, ...], topic: str, process: Process) -> None:
    """Run a cell in this process; everything it says goes to the topic, nothing is returned.

    Raises:
        Abandoned: this is another process, to which a scheduler gives what was meant for one that died.
    """
    from harness.cell import run_cell

    worker = get_worker()
    if worker.local_directory != process.folder:
        raise Abandoned
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)  # so that what a fit starts can be ended with it
    call, key = worker.scheduler.log_event, worker.get_current_task()

    def emit(event: Event) -> None:
        message = (cell.key, attempt, os.getpid(), pickle.dumps(_without_secrets(event)))
        sync(worker.loop, call, topic=topic, msg=message)
        if _is_abandoned(worker, key):
            raise Abandoned

    run_cell(cell, _opened(cell.path), recorded, emit)


def _without_secrets(event: Event) -> Event:
    """The event without the secrets of this worker's environment, which the driver does not know."""
    from harness import model_files

    match event:
        case TrialEnded(trial=trial):
            message, traceback = hide(trial.message), hide(trial.traceback)
            return TrialEnded(replace(trial, message=message, traceback=traceback))
        case CellEnded(result=result):
            keeps = result.model is not None and not model_files.holds(result.model, known())
            model = result.model if keeps else None
            return CellEnded(replace(result, message=hide(result.message), model=model))
    return event


def facts() -> dict[str, str]:
    """What must be the same wherever cells of one sweep run."""
    made = environment()
    return {name: str(made[name]) for name in SAME}


def active(dask_worker: Worker | None = None) -> int:
    """How many tasks are under way on this worker, also those that nobody waits for any more."""
    return len(dask_worker.active_keys) if dask_worker is not None else 0


def fault(wanted: Mapping[str, str], path: str) -> str:
    """Why this worker cannot stand beside the driver, as the end of a sentence; empty where it can."""
    found = facts()
    other = [f"{name} {found[name]}, not {wanted[name]}" for name in wanted if found[name] != wanted[name]]
    if other:
        return f"has {', '.join(other)}"
    return "" if not path or Path(path).is_dir() else f"does not see {path}"


def _is_abandoned(worker: Worker, key: Any) -> bool:
    """True where the scheduler took the task back, as it does when its driver is gone."""
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


def dask_setup(worker: Worker) -> None:
    """Run in each worker as it starts: only the driver decides on Ctrl-C, and no worker outlives it."""
    import harness.cell  # noqa: F401 - now, and not when the first cell comes

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
