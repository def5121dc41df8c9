"""Cells one after another in this process: for debugging, tests, and the smallest sweeps."""

from __future__ import annotations

import time
from functools import lru_cache

from harness.cell import run_cell
from harness.data import open_cached
from harness.launch.interrupt import Interrupt
from harness.launch.work import POLL_SECONDS, Ledger, Work, accept
from harness.records import Event


def run(work: Work, ledger: Ledger) -> None:
    """Run every cell of the work; KeyboardInterrupt between two writes when asked to stop."""
    opened = lru_cache(maxsize=1)(open_cached)
    with Interrupt(raises=True) as interrupt:
        while work:
            with interrupt.shielded():
                job = work.take()
            if job is None:
                time.sleep(POLL_SECONDS)
                continue
            cell, recorded = job

            def emit(event: Event) -> None:
                with interrupt.shielded():
                    accept(ledger, cell, event)  # noqa: B023 - called within this turn of the loop

            run_cell(cell, opened(cell.path), recorded, emit)
