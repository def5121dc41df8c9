"""Where cells run: one after another in this process, or on Dask workers. The same events in each.

work.py is shared by all; inline.py and cluster.py are the two ways; worker.py is what a Dask worker runs.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.launch.work import Ledger, Work
from harness.records import Cell


def run(name: str, cells: Iterable[Cell], ledger: Ledger, workers: int | None = None) -> None:
    """Run the cells with the launcher of that name, in their order, recording through the ledger.

    Raises:
        KeyboardInterrupt: after everything that had ended was recorded, when asked to stop.
    """
    work = Work(cells, ledger)
    if name == "inline":
        from harness.launch import inline

        inline.run(work, ledger)
    else:
        from harness.launch import cluster

        cluster.run(work, ledger, workers)
