"""Where cells run: one after another in this process, or on Dask workers. The same events in each.

work.py is shared by all; inline.py is the one way. The other is driver.py, with the workers of clusters.py
(local.py, slurm.py, or a scheduler's): a cell under way is a flight (flight.py), worker.py is what a worker
runs, guard.py what watches over it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.interrupt import Interrupt
from harness.launch.work import Ledger, Work
from harness.records import Cell

if TYPE_CHECKING:
    from harness.launch_config import LaunchSettings


def run(settings: LaunchSettings, cells: Iterable[Cell], ledger: Ledger) -> None:
    """Run the cells with a launcher, in their order, recording through the ledger.

    Raises:
        KeyboardInterrupt: after everything that had ended was recorded, when asked to stop.
        LaunchError: the scheduler or its workers cannot be used.
    """
    work = Work(cells, ledger)
    if settings.name == "inline":
        from harness.launch import inline

        inline.run(work, ledger)
        return
    from harness.launch import clusters
    from harness.launch.driver import Driver

    with Interrupt(raises=False) as interrupt, contextlib.ExitStack() as stack:
        is_slurm = settings.name == "slurm"  # whose jobs must be taken back
        with contextlib.nullcontext() if is_slurm else interrupt.idle():
            cluster = stack.enter_context(clusters.opened(settings))
        Driver(cluster, work, ledger).run(interrupt)
        if interrupt.requested:
            raise KeyboardInterrupt
