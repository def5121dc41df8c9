"""The worker's side: run one cell and send each event through an acknowledged call.

`get_worker().log_event` is batched: a trial that holds the interpreter keeps the event before it from
leaving, and the wrong trial is blamed for a death. A call that returns when the scheduler has it does not.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
from functools import lru_cache

from distributed import Worker, get_worker
from distributed.utils import sync

from harness.cell import run_cell
from harness.data import open_cached
from harness.records import Cell, Event, Trial

PR_SET_PDEATHSIG = 1

_opened = lru_cache(maxsize=2)(open_cached)


def run(cell: Cell, attempt: int, recorded: tuple[Trial, ...], topic: str) -> None:
    """Run a cell on this worker; everything it says goes to the topic, nothing is returned."""
    worker = get_worker()
    call = worker.scheduler.log_event

    def emit(event: Event) -> None:
        message = (cell.key, attempt, os.getpid(), pickle.dumps(event))
        sync(worker.loop, call, topic=topic, msg=message)

    run_cell(cell, _opened(cell.path), recorded, emit)


def dask_setup(worker: Worker) -> None:
    """Run in each worker as it starts: only the driver decides on Ctrl-C, and no worker outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
