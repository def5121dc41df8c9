"""Cells one after another in this process: for debugging, tests, and the smallest sweeps."""

from __future__ import annotations

import time
from functools import lru_cache

from harness.cell import run_cell
from harness.data import open_cached
from harness.errors import StoreError
from harness.interrupt import Interrupt
from harness.launch.work import POLL_SECONDS, Ledger, Work, accept, failed
from harness.records import Cell, Event, Trial, TrialEnded


def run(work: Work, ledger: Ledger) -> None:
    """Run every cell of the work; KeyboardInterrupt between two writes when asked to stop."""
    with Interrupt(raises=True) as interrupt:
        while work:
            with interrupt.shielded():
                job = work.take()
            if job is None:
                time.sleep(POLL_SECONDS)
            else:
                _run_one(*job, ledger, interrupt)


_opened = lru_cache(maxsize=1)(open_cached)


def _run_one(cell: Cell, recorded: tuple[Trial, ...], ledger: Ledger, interrupt: Interrupt) -> None:
    """Run a cell; as on a worker, what it raises is its own failure and not the sweep's."""
    ended = len(recorded)

    def emit(event: Event) -> None:
        nonlocal ended
        ended += isinstance(event, TrialEnded)
        with interrupt.shielded():
            accept(ledger, cell, event)

    try:
        run_cell(cell, _opened(cell.path), recorded, emit)
    except StoreError:
        raise
    except Exception as error:
        emit(failed(f"{type(error).__name__}: {error}", ended))
