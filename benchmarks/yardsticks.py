"""Ours beside what others reach, a line for each yardstick: error on test rows that nothing was chosen by.

Run: python benchmarks/yardsticks.py [LINE ...] [data.path=FOLDER]; every line where none is named, in an hour and
a half on one core. Each is a cell of the harness, or its mean over a few repeats: settings are searched on
validation rows, the best is fitted on all rows, and the test rows are asked once. A line replaces its own in
docs/results/yardsticks.csv as soon as it is measured. `allowed` is what must be reached, `target` what should be.
"""

from __future__ import annotations

import csv
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from harness import cell, data, evaluate
from harness.environment import PACKAGES, environment
from harness.errors import HarnessError
from harness.family_config import parse_family
from harness.records import Cell, CellEnded, CellResult, Family, SearchSettings, Task, Trial, TrialEnded

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "docs" / "results" / "yardsticks.csv"
CACHE = REPOSITORY / "mlruns" / "cache"

WIDE = {
    "label": "wide network",
    "estimator": {"_target_": "models.NeuralNetworkClassifier", "activation": "relu"},
    "space": {
        "learning_rate": {"low": 1e-3, "high": 5e-3, "log": True, "default": 2e-3},
        "weight_decay": {"low": 1e-3, "high": 0.3, "log": True, "default": 1e-2},
        "dropout": {"low": 0.0, "high": 0.5, "default": 0.3},
    },
    "progress": "steps",
    "preprocess": "none",
}


@dataclass(frozen=True)
class Yardstick:
    """A data set, what learns it, and what others report.

    Attributes:
        family: the name of a file in conf/model, or the fields of one.
        fixed, space: what differs in the family's estimator and in its space.
        epochs: of a network, in batches of fixed["batch_size"] of all `rows`; 0 leaves its steps as they are.
        trials: settings tried on validation rows, at `searched_at` rows where that is given.
        published, source: an error, and whose; `allowed` and `target` are ours to reach.
    """

    data: str
    rows: int
    family: str | Mapping[str, Any]
    published: float
    source: str
    allowed: float
    target: float
    trials: int
    fixed: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 0
    repeats: int = 1
    searched_at: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


TABLE = {}


def family_of(line: Yardstick) -> Family:
    """The family of a line: a file's or its own fields, with what the line changes."""
    name, fields = "wide_nn", line.family
    if isinstance(fields, str):
        name, fields = fields, yaml.safe_load((REPOSITORY / f"conf/model/{fields}.yaml").read_text())
    fixed = {**fields["estimator"], **line.fixed}
    if line.epochs:
        fixed["steps"] = line.epochs * -(-line.rows // fixed["batch_size"])
    space = {name: entry for name, entry in {**fields["space"], **line.space}.items() if name not in fixed}
    return parse_family(name, {**fields, "estimator": fixed, "space": space})


def ended(made: Cell, task: Task, recorded: Sequence[Trial] = ()) -> tuple[list[Trial], CellResult]:
    """The trials of a cell and its result; a HarnessError where it has none."""
    events: list[Any] = []
    cell.run_cell(made, task, recorded, events.append)
    trials = [*recorded, *(event.trial for event in events if isinstance(event, TrialEnded))]
    result = next(event.result for event in events if isinstance(event, CellEnded))
    if result.test_error is None:
        raise HarnessError(f"{made.data}: {result.message}")
    return trials, result


def measured(line: Yardstick, task: Task, repeat: int) -> tuple[Trial, CellResult]:
    """The trial that won and the result of one repeat; of a search on fewer rows only its winner is fitted."""
    search = SearchSettings(trials=line.trials)
    made = Cell("", line.data, task.digest, task.path, family_of(line), line.rows, repeat, 0, search)
    recorded: list[Trial] = []
    if line.searched_at:
        trials, _ = ended(replace(made, size=line.searched_at), task)
        recorded = [replace(evaluate.winner(trials), number=0)]
        made = replace(made, search=SearchSettings(trials=1))
    trials, result = ended(made, task, recorded)
    return trials[result.best or 0], result


def record(name: str, line: Yardstick, cache: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The line of the table that a yardstick makes; seconds are the process's own."""
    start = time.process_time()
    task = data.load(line.data, {**line.options, **options}, cache)
    found = [measured(line, task, repeat) for repeat in range(line.repeats)]
    errors = [result.test_error for _, result in found]
    error = sum(errors) / len(errors)
    made = environment()
    said = f"{line.trials} trials" + (f" on {line.searched_at} rows" if line.searched_at else "")
    met = "target" if error <= line.target else "allowed" if error <= line.allowed else "missed"
    return {
        "yardstick": name,
        "data": line.data,
        "rows": line.rows,
        "family": family_of(line).name,
        "error": f"{error:.4f}",
        "standard_error": f"{(error * (1 - error) / len(task.y_test)) ** 0.5:.4f}",
        "published": line.published,
        "allowed": line.allowed,
        "target": line.target,
        "met": met,
        "source": line.source,
        "errors": " ".join(f"{each:.4f}" for each in errors),
        "validation_error": " ".join(f"{trial.error:.4f}" for trial, _ in found),
        "test_rows": len(task.y_test),
        "budget": said,
        "seeds": f"seed 0, repeats 0 to {line.repeats - 1}",
        "fixed": json.dumps(dict(family_of(line).estimator)),
        "chosen": json.dumps([{**trial.params, "step": trial.step} for trial, _ in found]),
        "seconds": round(time.process_time() - start),
        "processor": made["processor"],
        "versions": ", ".join(f"{package} {made[package]}" for package in ("python", *PACKAGES)),
    }


def put(row: Mapping[str, Any], results: Path, order: Sequence[str]) -> None:
    """Write the row in place of the one of its name, in the order of the table."""
    rows = {}
    if results.exists():
        with results.open(encoding="utf-8", newline="") as file:
            rows = {each["yardstick"]: each for each in csv.DictReader(file)}
    rows[row["yardstick"]] = row
    partial = results.with_suffix(".partial")
    results.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row.keys(), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows.values(), key=lambda each: order.index(each["yardstick"])))
    os.replace(partial, results)


def main(arguments: Sequence[str], table: Mapping[str, Yardstick] = TABLE, results: Path = RESULTS, cache: Path = CACHE) -> None:
    """Measure the lines named, and print each beside what others report."""
    named = [word for word in arguments if "=" not in word] or list(table)
    pairs = (word.split("=", 1) for word in arguments if "=" in word)
    options = {key.removeprefix("data."): value for key, value in pairs}
    if unknown := [name for name in named if name not in table]:
        sys.exit(f"no yardstick is named {unknown[0]!r}; there are {', '.join(table)}")
    print("yardstick | error | published | allowed | target | met | budget | seconds", flush=True)
    for name in named:
        try:
            row = record(name, table[name], cache, options)
        except HarnessError as error:
            sys.exit(f"{name}: {error}")
        put(row, results, list(table))
        shown = ("yardstick", "error", "published", "allowed", "target", "met", "budget", "seconds")
        print(" | ".join(str(row[column]) for column in shown), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
