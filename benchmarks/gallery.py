"""The gallery: the chart's three claims judged on six data sets, with pictures, tables and one page.

    python benchmarks/gallery.py                          # all six, one after another
    python benchmarks/gallery.py words poker              # these
    python benchmarks/gallery.py mnist data.path=FOLDER   # key=value: where data and records are, who does the work

Each is swept by `harness sweep`, which runs what is not recorded yet. Then its chart goes to docs/gallery/, its
curves, cells and verdicts, with versions and seed, to docs/results/gallery/NAME/, and docs/gallery.md is
written from the tables there (benchmarks/gallery_page.py), also for those that were not swept this time.
docs/data-sets.md says what brings the data.
"""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import gallery_page
from harness import plan as planning
from harness import report
from harness.cli import compose
from harness.config import SweepConfig, parse
from harness.data import RECIPES
from harness.tracking import reading
from harness.tracking.reading import CellRecord

# Repeats are the default: 10 up to 300 rows, 5 above.
LADDER = ("data.sizes=[128,256,1024,4096,16384]", "search.trials=6")
SWEEPS: Mapping[str, Sequence[str]] = {
    "flights": ("data=flights",),  # the default sweep
    "fashion_mnist": ("data=fashion_mnist", *LADDER),
    "mnist": ("data=mnist", *LADDER),
    "words": ("data=words", *LADDER),
    "poker": ("data=poker", *LADDER),
    "mnist1d": ("data=mnist1d", "data.rows=40000", *LADDER),
}
DOCS = Path(__file__).parents[1] / "docs"
VERDICT = ("claim", "answer", "statement", "because", "remedy", "p", "p_adjusted", "p_against", "p_against_adjusted")
COMPARISON = ("claim", "a", "b", "size", "difference", "low", "high", "low90", "high90", "repeats", "test_rows")


def make(names: Iterable[str], sweeps: Mapping[str, Sequence[str]], own: Sequence[str], docs: Path) -> None:
    """Sweep each of these and keep its results, then write the page of all whose results are kept."""
    for name in names:
        words = ["sweep", *sweeps[name], *own]
        print(f"== harness {shlex.join(words)}", flush=True)
        subprocess.run([sys.executable, "-m", "harness", *words], check=True)
        keep(name, sweeps[name], own, docs)
        (docs / "gallery.md").write_text(gallery_page.page(docs, sweeps), encoding="utf-8")


def keep(name: str, overrides: Sequence[str], own: Sequence[str], docs: Path) -> None:
    """Copy a sweep's chart and write its tables."""
    (job,) = compose("config", [*overrides, *own])
    config = parse(job.tree, job.source)
    made, kept = report.folder(config), docs / "results" / "gallery" / name
    for folder in (kept, docs / "gallery"):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made / "curves.png", docs / "gallery" / f"{name}.png")
    shutil.copyfile(made / "summary.csv", kept / "curves.csv")
    shutil.copyfile(made / "cells.csv", kept / "cells.csv")
    found = json.loads((made / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    write(kept / "verdicts.csv", (*VERDICT, "crossing", "notes"), map(verdict, found))
    write(kept / "differences.csv", COMPARISON, (difference(of, each) for of in found for each in of["comparisons"]))
    write(kept / "sweep.csv", ("key", "value"), facts(config, overrides).items())


def verdict(of: Mapping[str, Any]) -> list[Any]:
    """A row of verdicts.csv."""
    crossing = of["crossing"]["sentence"] if of["crossing"] else ""
    return [*(of[name] for name in VERDICT), crossing, " ".join(of["notes"])]


def difference(of: Mapping[str, Any], compared: Mapping[str, Any]) -> list[Any]:
    """A row of differences.csv: error_a - error_b and its limits, shares of the test rows."""
    found = compared["interval"]
    names = [of["claim"], compared["a"], compared["b"], compared["size"]]
    limits = [found["mean"], found["low"], found["high"], compared["low90"], compared["high90"]]
    return [*names, *limits, found["repeats"], found["test_rows"]]


def facts(config: SweepConfig, overrides: Sequence[str]) -> dict[str, Any]:
    """What was swept, at what cost, and what the numbers depend on."""
    plan = planning.of(config)
    store = reading.existing_store(config.root, config.uri)
    ended = reading.ended_cells(store, plan.task.name, plan.keys)
    records = [ended[cell.key] for cell in plan.cells]
    task = plan.task
    return {
        "title": RECIPES[config.data.name].about.title,
        "rows": len(task.y),
        "test_rows": len(task.y_test),
        "features": len(task.features),
        "classes": len(task.classes),
        "source": task.source,
        "licence": task.licence,
        "digest": task.digest,
        "command": f"harness sweep {shlex.join(overrides)}",
        "budget": config.search.budget,
        "seed": config.seed,
        **cost(records),
        "versions": "; ".join(sorted({record.versions for record in records})),
    }


def cost(records: Sequence[CellRecord]) -> dict[str, int]:
    """How much was fitted, and how many seconds the cells took in all."""
    seconds, trials = (sum(getattr(each, name) for each in records) for name in ("seconds", "trials"))
    return {"cells": len(records), "trials": trials, "seconds": round(seconds)}


def write(path: Path, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """A CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def main(words: Sequence[str]) -> int:
    """Make what the command line names."""
    own, names = [w for w in words if "=" in w], [w for w in words if "=" not in w]
    if unknown := [name for name in names if name not in SWEEPS]:
        print(f"no sweep named {', '.join(unknown)}; choose from {', '.join(SWEEPS)}", file=sys.stderr)
        return 2
    make(names or SWEEPS, SWEEPS, own, DOCS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
