"""The gallery: the chart's three claims judged on six data sets, with pictures, tables and one page.

    python benchmarks/gallery.py                          # all six, one after another
    python benchmarks/gallery.py words poker              # these
    python benchmarks/gallery.py mnist data.path=FOLDER   # key=value: where data and records are, who works

Each is swept by `harness sweep`, which runs what is not recorded yet. Then its chart goes to docs/gallery/,
its curves, cells and verdicts, with versions and seed, to docs/results/gallery/NAME/, and docs/gallery.md is
written from the tables there (benchmarks/gallery_page.py), those of data sets that were not named included.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import gallery_page
from harness import plan as planning
from harness import report
from harness.cli import compose
from harness.config import SweepConfig, parse
from harness.data import RECIPES
from harness.tracking import reading

DOCS = Path(__file__).parents[1] / "docs"
LESSON = Path(__file__).with_name("gallery_lesson.md")  # written by hand; a test holds it to the tables
VERDICT = ("claim", "answer", "statement", "because", "remedy")
TESTS = ("p", "p_adjusted", "p_against", "p_against_adjusted")
DIFFERENCE = (
    "claim",
    "a",
    "b",
    "size",
    "difference",
    "low",
    "high",
    "low90",
    "high90",
    "repeats",
    "test_rows",
)


@dataclass(frozen=True)
class Sweep:
    """The overrides of `harness sweep`, and what is known of the data before any is run."""

    overrides: Sequence[str]
    nature: str


LADDER = ("data.sizes=[128,256,1024,4096,16384]", "search.trials=6")
SWEEPS = {
    "flights": Sweep(
        ("data=flights",),
        "Airports, hours and routes as columns of zeros and ones: some levels name their carrier alone, for "
        "most it takes several columns together.",
    ),
    "fashion_mnist": Sweep(
        ("data=fashion_mnist", *LADDER),
        "Clothes are centred and of one size, so a pixel means much the same in every image, and images that "
        "are near one another are mostly of one class.",
    ),
    "mnist": Sweep(
        ("data=mnist", *LADDER),
        "Digits, centred too, and easier: near images are nearly always of one class.",
    ),
    "words": Sweep(
        ("data=words", *LADDER),
        "A column says that a letter stands at a place; spelling is made of neighbours and endings, which "
        "stand at another place in a word of another length.",
    ),
    "poker": Sweep(
        ("data=poker", *LADDER),
        "No column alone says anything about the hand, only pairs and more of them; there is no noise, so an "
        "error of 0 can be reached.",
    ),
    "mnist1d": Sweep(
        ("data=mnist1d", "data.rows=40000", *LADDER),
        "The curves are shifted at random, so no column means the same twice.",
    ),
}


def make(
    names: Iterable[str], sweeps: Mapping[str, Sweep], own: Sequence[str], docs: Path, lesson: str = ""
) -> None:
    """Sweep each of these and keep its results, then write the page of all whose results are kept."""
    for name in names:
        words = ["sweep", *sweeps[name].overrides, *own]
        print(f"== harness {shlex.join(words)}", flush=True)
        if status := subprocess.run([sys.executable, "-m", "harness", *words], check=False).returncode:
            sys.exit(status)  # the harness has said why
        keep(name, sweeps[name], own, docs)
        (docs / "gallery.md").write_text(gallery_page.page(docs, sweeps, lesson), encoding="utf-8")


def keep(name: str, sweep: Sweep, own: Sequence[str], docs: Path) -> None:
    """Copy a sweep's chart and write its tables."""
    (job,) = compose("config", [*sweep.overrides, *own])
    config = parse(job.tree, job.source)
    made, kept = report.folder(config), docs / "results" / "gallery" / name
    for folder in (kept, docs / "gallery"):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made / "curves.png", docs / "gallery" / f"{name}.png")
    shutil.copyfile(made / "summary.csv", kept / "curves.csv")
    shutil.copyfile(made / "cells.csv", kept / "cells.csv")
    found = json.loads((made / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    compared = [difference(verdict, each) for verdict in found for each in verdict["comparisons"]]
    write(kept / "verdicts.csv", (*VERDICT, "crossing", "notes", *TESTS), map(judged, found))
    write(kept / "differences.csv", DIFFERENCE, compared)
    write(kept / "sweep.csv", ("key", "value"), facts(config, sweep).items())


def judged(of: Mapping[str, Any]) -> list[Any]:
    """A row of verdicts.csv."""
    crossing = of["crossing"]["sentence"] if of["crossing"] else ""
    return [*(of[key] for key in VERDICT), crossing, " ".join(of["notes"]), *(of[key] for key in TESTS)]


def difference(of: Mapping[str, Any], compared: Mapping[str, Any]) -> list[Any]:
    """A row of differences.csv: error_a - error_b and its limits, shares of the test rows."""
    found = compared["interval"]
    names = [of["claim"], compared["a"], compared["b"], compared["size"]]
    limits = [found["mean"], found["low"], found["high"], compared["low90"], compared["high90"]]
    return [*names, *limits, found["repeats"], found["test_rows"]]


def facts(config: SweepConfig, sweep: Sweep) -> dict[str, Any]:
    """What was swept, what the numbers depend on, and what it cost."""
    plan = planning.of(config)
    ended = reading.ended_cells(reading.existing_store(config.root, config.uri), plan.task.name, plan.keys)
    records, task = [ended[cell.key] for cell in plan.cells], plan.task
    about = RECIPES[config.data.name].about
    return {
        "title": about.title,
        "nature": sweep.nature,
        "rows": len(task.y),
        "test_rows": len(task.y_test),
        "features": len(task.features),
        "classes": len(task.classes),
        "source": task.source,
        "licence": task.licence,
        "brought_by": about.command,
        "digest": task.digest,
        "command": f"harness sweep {shlex.join(sweep.overrides)}",
        "seed": config.seed,
        "budget": config.search.budget,
        "cells": len(records),
        "trials": sum(record.trials for record in records),
        "seconds": round(sum(record.seconds for record in records)),
        "versions": "; ".join(sorted({record.versions for record in records})),
    }


def write(path: Path, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """A CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def main(words: Sequence[str]) -> int:
    """Make what the command line names."""
    own, names = [w for w in words if "=" in w], [w for w in words if "=" not in w]
    if unknown := [name for name in names if name not in SWEEPS]:
        print(f"no sweep is named {', '.join(unknown)}; choose from {', '.join(SWEEPS)}", file=sys.stderr)
        return 2
    make(names or SWEEPS, SWEEPS, own, DOCS, LESSON.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
