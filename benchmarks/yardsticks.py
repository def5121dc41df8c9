"""Our test errors beside reference errors, a line for each yardstick.

Run: python benchmarks/yardsticks.py [LINE ...] [data.path=FOLDER]; without a name all of yardsticks.yaml,
whose recorded processor seconds add up to 48 minutes on one core. Each is a cell of the harness, or the mean
of a few repeats: settings are searched on validation rows, the best is fitted on all rows, and a run uses the
test rows once (docs/results/README.md says where earlier runs had shown them). A line replaces its own in
docs/results/yardsticks.csv when measured. `allowed` must be reached, `target` should be.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from harness import cell, data, evaluate
from harness.environment import PACKAGES, environment
from harness.errors import HarnessError
from harness.family_config import parse_family
from harness.records import Cell, CellResult, Family, RefitStarted, SearchSettings, Task, Trial, TrialEnded

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "docs" / "results" / "yardsticks.csv"
CACHE = REPOSITORY / "mlruns" / "cache"
SHOWN = ("yardstick", "error", "standard_error", "published", "allowed", "target", "met", "budget", "seconds")


@dataclass(frozen=True)
class Yardstick:
    """A data set, what learns it, and the error it is held against.

    Attributes:
        data: of the harness, with its usual options; rows: all that the learner may use.
        family: the name of a file in conf/model, or the fields of one.
        fixed, space: what differs in the family's estimator and in its space.
        epochs: of a network, in batches of fixed["batch_size"] of all rows; 0 leaves its steps as they are.
        trials: settings tried on validation rows, of `searched_at` rows where fewer shall do.
        repeats, seed: of the draw of rows, the starts and the search.
        published, source: the reference error and where it comes from.
        allowed, target: errors that ours must reach, and should.
    """

    data: str
    rows: int
    family: str | Mapping[str, Any]
    trials: int
    published: float
    source: str
    allowed: float
    target: float
    fixed: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 0
    repeats: int = 1
    seed: int = 0
    searched_at: int | None = None


def read(file: Path) -> dict[str, Yardstick]:
    """The table."""
    lines = yaml.safe_load(file.read_text(encoding="utf-8"))["lines"]
    return {name: Yardstick(**fields) for name, fields in lines.items()}


TABLE = read(Path(__file__).with_suffix(".yaml"))


def family_of(line: Yardstick) -> Family:
    """The family of a line: a file's or its own fields, with what the line changes."""
    name, fields = "wide_nn", line.family
    if isinstance(fields, str):
        name, fields = fields, yaml.safe_load((REPOSITORY / "conf" / "model" / f"{fields}.yaml").read_text())
    fixed = {**fields["estimator"], **line.fixed}
    if line.epochs:
        fixed["steps"] = line.epochs * -(-line.rows // fixed["batch_size"])
    space = {path: entry for path, entry in {**fields["space"], **line.space}.items() if path not in fixed}
    return parse_family(name, {**fields, "estimator": fixed, "space": space})


def cell_of(line: Yardstick, task: Task, repeat: int, trials: int) -> Cell:
    search = SearchSettings(trials=trials)
    return Cell("", line.data, task.digest, task.path, family_of(line), line.rows, repeat, line.seed, search)


class SearchedError(Exception):
    """Ends a cell whose best setting alone is wanted."""


def searched(line: Yardstick, task: Task, repeat: int) -> Trial | None:
    """The best trial of a search on a line's rows; no test row is looked at."""
    trials: list[Trial] = []

    def note(event: object) -> None:
        if isinstance(event, TrialEnded):
            trials.append(event.trial)
        elif isinstance(event, RefitStarted):
            raise SearchedError

    with suppress(SearchedError):
        cell.run_cell(cell_of(line, task, repeat, line.trials), task, (), note)
    return evaluate.winner(trials)


def measured(line: Yardstick, task: Task, repeat: int) -> tuple[Trial, CellResult]:
    """The trial that won one repeat, and its result; found on fewer rows, its schedule is run to the end."""
    recorded: list[Trial] = []
    if line.searched_at:
        fewer = replace(line, rows=line.searched_at)
        if (best := searched(fewer, task, repeat)) is not None:
            recorded = [replace(best, number=0, step=family_of(line).estimator.get("steps"))]
    events: list[Any] = []
    cell.run_cell(cell_of(line, task, repeat, len(recorded) or line.trials), task, recorded, events.append)
    result = events[-1].result
    if result.test_error is None:
        raise HarnessError(result.message)
    trials = recorded or [event.trial for event in events if isinstance(event, TrialEnded)]
    return trials[result.best], result


def record(name: str, line: Yardstick, cache: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The row that a yardstick makes; seconds are the process's own, of search, fit and test."""
    task = data.load(line.data, options, cache)
    start = time.process_time()
    found = [measured(line, task, repeat) for repeat in range(line.repeats)]
    seconds = time.process_time() - start
    errors = [result.test_error for _, result in found]
    error, made, family = sum(errors) / len(errors), environment(), family_of(line)
    return {
        "yardstick": name,
        "data": line.data,
        "rows": line.rows,
        "family": family.name,
        "error": f"{error:.4f}",
        "standard_error": f"{(error * (1 - error) / len(task.y_test)) ** 0.5:.4f}",
        "published": line.published,
        "source": line.source,
        "allowed": line.allowed,
        "target": line.target,
        "met": "target" if error <= line.target else "allowed" if error <= line.allowed else "missed",
        "errors": " ".join(f"{each:.4f}" for each in errors),
        "validation_errors": " ".join(f"{trial.error:.4f}" for trial, _ in found),
        "test_rows": len(task.y_test),
        "budget": f"{line.trials} trials" + (f" at {line.searched_at} rows" if line.searched_at else ""),
        "seeds": f"seed {line.seed}, repeats 0 to {line.repeats - 1}",
        "fixed": json.dumps(dict(family.estimator)),
        "chosen": json.dumps([{**trial.params, "step": trial.step} for trial, _ in found]),
        "seconds": round(seconds),
        "processor": made["processor"],
        "versions": ", ".join(f"{package} {made[package]}" for package in ("python", *PACKAGES)),
    }


def put(row: Mapping[str, Any], results: Path, order: Sequence[str]) -> None:
    """Write the row in place of the one of its name, in the order of the table; others stay."""
    rows: dict[str, Mapping[str, Any]] = {}
    if results.exists():
        with results.open(encoding="utf-8", newline="") as file:
            rows = {each["yardstick"]: each for each in csv.DictReader(file)}
    rows[row["yardstick"]] = row
    results.parent.mkdir(parents=True, exist_ok=True)
    partial = results.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row.keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in order if name in rows)
    partial.replace(results)


def main(
    arguments: Sequence[str],
    table: Mapping[str, Yardstick] = TABLE,
    results: Path = RESULTS,
    cache: Path = CACHE,
) -> str | None:
    """Measure the lines named, print each beside what others report, keep it; what went wrong, or None."""
    names = [word for word in arguments if "=" not in word] or list(table)
    options = dict(word.removeprefix("data.").split("=", 1) for word in arguments if "=" in word)
    if unknown := [name for name in names if name not in table]:
        return f"no yardstick is named {unknown[0]!r}; there are {', '.join(table)}"
    failed = []
    print(" | ".join(SHOWN), flush=True)
    for name in names:
        try:
            row = record(name, table[name], cache, options)
        except HarnessError as error:  # such as data that is not here
            failed.append(f"{name}: {error}")
            continue
        put(row, results, list(table))
        print(" | ".join(str(row[column]) for column in SHOWN), flush=True)
    return "\n".join(failed) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
