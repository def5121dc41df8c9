"""The sweep command: plan, run what is missing, record it, and draw what changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import curves, data, launch, report
from harness import plan as planning
from harness.plan import Plan
from harness.progress import Progress
from harness.records import Cell, CellResult, Trial
from harness.tracking import reading, sweeps
from harness.tracking.recorder import Recorder
from harness.tracking.store import Store, open_store

if TYPE_CHECKING:
    from harness.config import SweepConfig
    from harness.tracking.reading import CellRecord


@dataclass(frozen=True)
class Journal:
    """The ledger of a sweep: every event goes to the record, then to the person."""

    recorder: Recorder
    progress: Progress

    def claim(self, cell: Cell) -> bool:
        """Claim a cell."""
        return self.recorder.claim(cell)

    def release(self, cell: Cell) -> None:
        """Give a cell back."""
        self.recorder.release(cell)

    def begin(self, cell: Cell) -> tuple[Trial, ...] | None:
        """Open a claimed cell."""
        return self.recorder.begin(cell)

    def started(self, cell: Cell, number: int) -> None:
        """Tell that a trial is under way; it is recorded when it ends."""
        self.progress.started(cell, number)

    def elsewhere(self, cell: Cell) -> None:
        """Tell that another driver finished a cell meanwhile."""
        self.progress.elsewhere(cell)

    def trial(self, cell: Cell, trial: Trial) -> None:
        """Record a trial."""
        self.recorder.trial(cell, trial)
        self.progress.trial(cell, trial)

    def result(self, cell: Cell, result: CellResult) -> None:
        """Record a cell."""
        self.recorder.result(cell, result)
        self.progress.done(cell, result)


def run(config: SweepConfig) -> int:
    """Run or continue a sweep; exit status 0 where every cell is complete, 1 where one failed."""
    task = data.load(config.data.name, config.data.options, config.root / "cache")
    plan = planning.make(config, task)
    report.check_folder(config, task)
    store = open_store(config.root, config.uri)
    ended = reading.ended_cells(store, task.name)
    left = planning.missing(plan, ended)
    print(
        f"{config.name}: {len(plan.cells)} cells on {task.name}, {len(plan.cells) - len(left)} recorded in "
        f"{store.label}, {len(left)} to run ({config.launch.name})",
        flush=True,
    )
    if left:
        _run_cells(config, plan, store, left, ended)
        ended = reading.ended_cells(store, task.name)
    return _publish(config, plan, store, ended, force=False)


def redraw(config: SweepConfig) -> int:
    """The `curves` command: draw again from what is recorded, running nothing."""
    task = data.load(config.data.name, config.data.options, config.root / "cache")
    plan = planning.make(config, task)
    report.check_folder(config, task)
    store = reading.existing_store(config.root, config.uri)
    return _publish(config, plan, store, reading.ended_cells(store, task.name), force=True)


def _run_cells(
    config: SweepConfig, plan: Plan, store: Store, left: list[Cell], ended: Mapping[str, CellRecord]
) -> None:
    ordered = planning.longest_first(left, ended.values())
    costs = [(cell.key, planning.estimated_seconds(cell, ended.values())) for cell in ordered]
    journal = Journal(Recorder(store, plan.task, config.source), Progress(costs))
    try:
        launch.run(config.launch.name, ordered, journal, config.launch.workers)
    except KeyboardInterrupt:
        journal.progress.close()
        print("stopped; what had ended is recorded, and the same command continues", file=sys.stderr)
        raise
    journal.progress.close()


def _publish(
    config: SweepConfig, plan: Plan, store: Store, ended: Mapping[str, CellRecord], force: bool
) -> int:
    """Write what is derived from the cells, where it is missing or stale, and say where it is."""
    records = [ended[cell.key] for cell in plan.cells if cell.key in ended]
    failed = [record for record in records if record.outcome != "complete"]
    absent = len(plan.cells) - len(records)
    if len(failed) == len(records):
        print(f"{config.name}: no complete cell to draw", file=sys.stderr)
        return 1
    digest = sweeps.digest_of(records, plan.labels)
    current = report.is_current(config, digest) and sweeps.find_sweep(store, config.name, digest) is not None
    if force or not current:
        table = reading.frame(records, plan.labels, reading.correctness(store, records))
        drawn = curves.from_cells(table)
        files = report.write(config, plan, records, drawn, digest)
        experiment = store.experiment(plan.task.name)
        with store.told():
            sweeps.write_sweep(
                store, experiment, config.name, records, drawn, plan.labels, files, config.source
            )
    _tell(config, records, failed, absent)
    return 1 if failed or absent else 0


def _tell(config: SweepConfig, records: list[CellRecord], failed: list[CellRecord], absent: int) -> None:
    versions = {record.versions for record in records}
    if len(versions) > 1:
        print(f"note: cells were made with different versions: {'; '.join(sorted(versions))}")
    if failed:
        first = failed[0]
        print(
            f"{len(failed)} cells failed, the first {first.family} n={first.size:,} repeat {first.repeat} "
            f"({first.message or first.outcome}); the same command tries them again"
        )
    if absent:
        print(f"{absent} cells are not recorded yet; harness sweep runs them")
    here = report.folder(config)
    print(f"picture: {here / 'curves.png'}\ntables:  {here / 'cells.csv'}, {here / 'summary.csv'}")
    root = "" if str(config.root) == "mlruns" else f" tracking.root={config.root}"
    print(f"browse:  harness ui{root}")
