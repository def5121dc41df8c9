"""What a sweep leaves for a person, in `reports/<name>/`: a page to read, the chart, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.plan import Plan
from harness.report.folder import IDENTITY, check_folder, claim_folder, folder, identity, is_current, names
from harness.report.tables import (
    CELL_COLUMNS,
    FILES,
    SUMMARY_COLUMNS,
    replace_text,
    write_judged,
    write_tables,
)

if TYPE_CHECKING:
    from harness.config import SweepConfig
    from harness.curves import Curve
    from harness.report.findings import Findings
    from harness.tracking.reading import CellRecord

__all__ = [
    "CELL_COLUMNS",
    "FILES",
    "IDENTITY",
    "SUMMARY_COLUMNS",
    "caption",
    "check_folder",
    "draw",
    "folder",
    "identity",
    "is_current",
    "names",
    "title",
    "write",
]


def write(config: SweepConfig, findings: Findings, digest: str) -> list[Path]:
    """Write every file of a sweep; the paths, the page first."""
    from harness.report.page import render

    here = draw(config, findings.plan, findings.records, findings.curves, digest)
    write_judged(here, findings)
    replace_text(here / "report.html", render(config, findings, digest))
    claim_folder(config, findings.plan.task, digest)
    return [here / name for name in FILES]


def draw(
    config: SweepConfig, plan: Plan, records: Sequence[CellRecord], curves: Sequence[Curve], digest: str
) -> Path:
    """Write the chart and its tables; the folder, in which a page of other cells is then called stale."""
    from harness import plots

    here = folder(config)
    here.mkdir(parents=True, exist_ok=True)
    if not is_current(config, digest):
        claim_folder(config, plan.task, None)
    complete = sum(record.outcome == "complete" for record in records)
    words = [caption(config, plan), plots.describe(curves)]
    if complete < len(plan.cells):
        words.append(f"{complete} of {len(plan.cells)} cells are complete; the others are missing or failed.")
    plots.save(plots.curves_figure(curves, title(plan), " ".join(words)), here / "curves")
    write_tables(here, records, curves)
    return here


def title(plan: Plan) -> str:
    """The chart's heading."""
    return f"Test {plan.metric.label} against training-set size: {plan.task.name}"


def caption(config: SweepConfig, plan: Plan) -> str:
    """What one must know of the data and the protocol to read the chart; `plots.describe` tells the rest."""
    task, sizes = plan.task, sorted({cell.size for cell in plan.cells})
    target = f"{len(task.classes)} classes" if task.classes else "a number to predict"
    parts = [
        f"Data: {task.name}, {target}, {len(task.features)} features; a pool of "
        f"{len(task.y):,} rows and fixed test rows.",
        f"Each repeat: draw n rows, tune in {config.search.budget} ({config.search.sampler}) on validation "
        "rows inside n, refit on all n, test once.",
    ]
    if len(task.y) < 2 * sizes[-1]:
        parts.append("The largest size is more than half the pool, which narrows its band artificially.")
    tops = {skip.family: skip.reason for skip in plan.skipped}
    parts += [f"Not run: {family} {reason}." for family, reason in tops.items()]
    return " ".join(parts)
