"""The sweep command: plan, run what is missing, record it, and report what changed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import curves, launch, report
from harness import plan as planning
from harness.plan import Plan
from harness.progress import Progress
from harness.records import REGRESSION, Cell, CellResult, Trial
from harness.tracking import reading, sweeps
from harness.tracking.recorder import Recorder
from harness.tracking.store import Store, check_root, exists, open_store
from harness.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from harness.config import SweepConfig
    from harness.report.findings import Findings
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
    check_root(config.root, config.uri)
    # A store that cannot be used is told before the data is prepared; one that is absent is made after it.
    store = open_store(config.root, config.uri) if exists(config.root, config.uri) else None
    plan = planning.of(config, report.check_folder)
    task, store = plan.task, store or open_store(config.root, config.uri)
    ended = reading.ended_cells(store, task.name, plan.keys)
    left = planning.missing(plan, ended)
    print(
        f"{config.name}: {len(plan.cells)} cells on {task.name}, {len(plan.cells) - len(left)} recorded in "
        f"{store.label}, {len(left)} to run ({config.launch.name})",
        flush=True,
    )
    for note in (*_of_the_kind(config, plan), *task.notes):
        print(f"note: {note}", flush=True)
    if left:
        _run_cells(config, plan, store, left, ended)
        ended = reading.ended_cells(store, task.name, plan.keys)
    return _publish(config, plan, store, ended, force=False)


def _of_the_kind(config: SweepConfig, plan: Plan) -> tuple[str, ...]:
    """That the target is taken as a number, which nobody may have said."""
    if plan.task.kind != REGRESSION:
        return ()
    otherwise = "; data.kind=classification takes its values as classes" * (config.data.name == "file")
    return (f"the target is a number, judged by its {plan.metric.label}{otherwise}",)


def again(config: SweepConfig) -> int:
    """The `report` command: write every file again from what is recorded, running nothing."""
    plan, store, ended = _recorded(config)
    return _publish(config, plan, store, ended, force=True)


def redraw(config: SweepConfig) -> int:
    """The `curves` command: draw the chart and its tables again from what is recorded, running nothing."""
    plan, store, ended = _recorded(config)
    records = _members(config, plan, ended)
    if not records:
        return 1
    drawn = curves.from_cells(_table(plan, store, records))
    digest = sweeps.digest_of(records, plan.labels)
    with store.told(), store.claims.holding(f"report {config.name}"):
        here = report.draw(config, plan, records, drawn, digest)
    _tell(plan, records)
    print(f"picture: {here / 'curves.png'}\ntables:  {here / 'cells.csv'}, {here / 'summary.csv'}")
    if not report.is_current(config, digest):
        print("note: the report beside them is older or absent; harness report writes it")
    return _status(plan, records)


def found(config: SweepConfig) -> tuple[Findings, str] | None:
    """What a sweep found and the digest of its cells; None where a cell is not recorded, or failed."""
    store = reading.existing_store(config.root, config.uri)
    plan = planning.of(config)
    ended = reading.ended_cells(store, plan.task.name, plan.keys)
    if planning.missing(plan, ended):
        return None
    records = [ended[cell.key] for cell in plan.cells]
    return _findings(config, plan, store, records), sweeps.digest_of(records, plan.labels)


def _recorded(config: SweepConfig) -> tuple[Plan, Store, Mapping[str, CellRecord]]:
    store = reading.existing_store(config.root, config.uri)
    plan = planning.of(config, report.check_folder)
    return plan, store, reading.ended_cells(store, plan.task.name, plan.keys)


def _run_cells(
    config: SweepConfig, plan: Plan, store: Store, left: list[Cell], ended: Mapping[str, CellRecord]
) -> None:
    ordered = planning.longest_first(left, ended.values())
    costs = planning.estimated_seconds(ordered, ended.values())
    journal, stopped = Journal(Recorder(store, plan.task, config.source), Progress(costs.items())), ""
    if config.launch.name == "inline" and config.search.trial_seconds is not None:
        print(
            "note: with launch=inline search.trial_seconds is looked at between the reports of a trial only; "
            "launch=local also ends a fit that hangs",
            file=sys.stderr,
        )
    try:
        launch.run(config.launch, ordered, journal)
    except KeyboardInterrupt:
        stopped = "stopped; what had ended is recorded, and the same command continues"
        raise
    finally:
        journal.progress.close(stopped)


def _publish(
    config: SweepConfig, plan: Plan, store: Store, ended: Mapping[str, CellRecord], force: bool
) -> int:
    """Write what is derived from the cells, where it is missing or stale, and say where it is."""
    records = _members(config, plan, ended)
    if not records:
        return 1
    digest = sweeps.digest_of(records, plan.labels)
    current = report.is_current(config, digest) and sweeps.find_sweep(store, config.name, digest) is not None
    if force or not current:
        found = _findings(config, plan, store, records)
        with store.told(), store.claims.holding(f"report {config.name}"):
            report.check_folder(config, plan.task)  # another sweep of that name may have ended meanwhile
            files = report.write(config, found, digest)
            experiment = store.experiment(plan.task.name)
            sweeps.write_sweep(
                store, experiment, config.name, records, found.curves, plan.labels, files, config.source
            )
    _tell(plan, records)
    here = report.folder(config)
    print(f"report:  {here / 'report.html'}\npicture: {here / 'curves.png'}\ntables:  {here}{os.sep}*.csv")
    root = "" if str(config.root) == "mlruns" else " " + shlex.quote(f"tracking.root={config.root}")
    print(f"browse:  harness ui{root}")
    return _status(plan, records)


def _members(config: SweepConfig, plan: Plan, ended: Mapping[str, CellRecord]) -> list[CellRecord]:
    """The plan's ended cells; none, and a word, where none of them is complete."""
    records = [ended[cell.key] for cell in plan.cells if cell.key in ended]
    if any(record.outcome == "complete" for record in records):
        return records
    print(f"{config.name}: {_nothing(config, plan, len(records))}", file=sys.stderr)
    return []


def _nothing(config: SweepConfig, plan: Plan, failed: int) -> str:
    """Why there is nothing to draw, and what else might be meant."""
    if failed:
        return f"no complete cell to draw: all {counted(failed, 'recorded cell')} failed"
    others = ", ".join(report.names(config.root))
    return (
        f"none of the {counted(len(plan.cells), 'cell')} that these settings ask for is recorded; repeat the "
        f"settings of the sweep that you mean{f' (reports are here of {others})' if others else ''}"
    )


def _table(plan: Plan, store: Store, records: list[CellRecord]) -> pd.DataFrame:
    return reading.frame(records, plan.labels, reading.correctness(store, records))


def _findings(config: SweepConfig, plan: Plan, store: Store, records: list[CellRecord]) -> Findings:
    from harness.report.findings import gather

    table, trials = _table(plan, store, records), reading.trials_of(store, records)
    made_by = reading.environments(store, records)
    return gather(plan, config.search, config.claims, records, table, trials, made_by)


def _status(plan: Plan, records: list[CellRecord]) -> int:
    return 0 if sum(record.outcome == "complete" for record in records) == len(plan.cells) else 1


def _tell(plan: Plan, records: list[CellRecord]) -> None:
    """What is amiss with the cells."""
    versions = {record.versions for record in records if record.versions}
    if len(versions) > 1:
        print(f"note: cells were made with different versions: {'; '.join(sorted(versions))}")
    failed = [record for record in records if record.outcome != "complete"]
    if failed:
        first = failed[0]
        print(
            f"{counted(len(failed), 'cell')} failed, the first {first.family} n={first.size:,} "
            f"repeat {first.repeat} ({first.message or first.outcome}); the same command tries them again"
        )
    if absent := len(plan.cells) - len(records):
        print(f"not recorded yet: {counted(absent, 'cell')}; harness sweep runs what is missing")
