"""A plan is the set of cells a configuration asks for, each under a key that its numbers depend on.

The key holds the data, the split rules, the family, the search, size, repeat, seed and protocol version;
not the launcher, not the store, not the other families. Equal keys mean equal numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from harness import data, metrics
from harness.errors import ConfigError
from harness.families import source_digest
from harness.metrics import Metric
from harness.progress import duration
from harness.records import CLASSIFICATION, Cell, Family, SearchSettings, Task
from harness.space import searched
from harness.splits import check_classes, check_searches, check_size
from harness.suited import check_families, of_the_kind

if TYPE_CHECKING:
    from harness.config import SweepConfig
    from harness.tracking.reading import CellRecord

PROTOCOL = 4  # raised whenever splits, search, evaluation or refit change a number
MOST_CELLS = 100_000  # in one sweep
BASE_ROWS = 2000  # what a small cell's folds and fixed steps cost, in rows; for estimates only
NUMBERS = ("estimator", "space", "selection", "progress", "preprocess", "max_parameters")


@dataclass(frozen=True)
class Skipped:
    """A family and a size that are not run, and why."""

    family: str
    size: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """The cells asked for, in the order of the configuration, and what is left out."""

    task: Task
    cells: tuple[Cell, ...]
    skipped: tuple[Skipped, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The cells' keys."""
        return frozenset(cell.key for cell in self.cells)

    @property
    def metric(self) -> Metric:
        """What its cells are judged by, on this data."""
        return metrics.on(self.cells[0].metric, self.task)

    @property
    def labels(self) -> dict[str, str]:
        """The families' labels, in the order of the configuration."""
        return {cell.family.name: cell.family.label for cell in self.cells}


def of(config: SweepConfig, *checks: Callable[[SweepConfig, Task], object]) -> Plan:
    """The plan of a configuration on its data, which is loaded, and prepared where the cache lacks it.

    What can be wrong without the data is told before it is read, and the rest before it is kept.

    Args:
        config: what is asked for.
        checks: what else must not be wrong; each raises a mistake where it is.

    Raises:
        ConfigError: as `make`.
        DataError: as `data.load`.
    """
    check_families(config)

    def accept(task: Task) -> None:
        make(config, task)
        for check in checks:
            check(config, task)

    task = data.load(config.data.name, config.data.options, config.root / "cache", accept)
    return make(config, task)


def make(config: SweepConfig, task: Task) -> Plan:
    """The plan of a configuration on its data.

    Raises:
        ConfigError: for a size above the pool, a metric of another kind of target, or a family that cannot be
            built or does not learn that kind.
    """
    sizes = config.data.sizes or data.proposed(task)
    for size in sizes:
        check_size(size, len(task.y))
        if task.kind == CLASSIFICATION:
            check_classes(size, task.y)
    check_families(config)
    config = of_the_kind(config, task)
    wanted = [(family, size) for family in config.families for size in sizes]
    skipped = tuple(
        Skipped(family.name, size, f"above its largest size, {family.max_size:,}")
        for family, size in wanted
        if family.max_size is not None and size > family.max_size
    )
    left_out = {(skip.family, skip.size) for skip in skipped}
    asked = sum(config.repeats.at(size) for _, size in wanted)
    if asked > MOST_CELLS:
        raise ConfigError(f"{asked:,} cells are asked for, and at most {MOST_CELLS:,} are run; lower repeats")
    cells = tuple(
        _cell(config, task, family, size, repeat)
        for family, size in wanted
        if (family.name, size) not in left_out
        for repeat in range(config.repeats.at(size))
    )
    if not cells:
        raise ConfigError("every size is above its families' max_size; lower data.sizes")
    check_searches(task, {(cell.size, cell.repeat) for cell in cells}, config.seed)
    return Plan(task, cells, skipped)


def _cell(config: SweepConfig, task: Task, family: Family, size: int, repeat: int) -> Cell:
    key = cell_key(config, task.digest, family, size, repeat)
    return Cell(
        key=key,
        data=task.name,
        digest=task.digest,
        path=task.path,
        family=family,
        size=size,
        repeat=repeat,
        seed=config.seed,
        search=_search(config, family),
        trusted_modules=config.trusted_modules,
        metric=config.metric or metrics.default(task),
    )


def _search(config: SweepConfig, family: Family) -> SearchSettings:
    """The settings of the search; one trial where nothing is searched, for any other would be the same."""
    if searched(family.space):
        return config.search
    return replace(config.search, trials=1, seconds=None, studies=None)


def cell_key(config: SweepConfig, digest: str, family: Family, size: int, repeat: int) -> str:
    """32 hexadecimal digits of a hash over everything the cell's numbers depend on."""
    parts = {
        "protocol": PROTOCOL,
        "data": digest,
        "family": definition(family),
        "source": source_digest(family, config.trusted_modules),
        "search": asdict(_search(config, family)),
        "size": size,
        "repeat": repeat,
        "seed": config.seed,
    }
    if config.metric not in (None, "error"):  # that of the cells made before there were others
        parts["metric"] = config.metric
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def definition(family: Family) -> dict[str, Any]:
    """The part of a family that its numbers depend on, its name included, which seeds its search."""
    return {"name": family.name} | {name: getattr(family, name) for name in NUMBERS}


def missing(plan: Plan, ended: Mapping[str, CellRecord]) -> list[Cell]:
    """The cells that are not complete; a failed cell is tried again."""
    return [cell for cell in plan.cells if not (cell.key in ended and ended[cell.key].outcome == "complete")]


def longest_first(cells: Iterable[Cell], ended: Collection[CellRecord]) -> list[Cell]:
    """Cells by falling estimated cost, so that no long one is left at the end."""
    seconds = estimated_seconds(cells := list(cells), ended)
    return sorted(cells, key=lambda cell: -seconds[cell.key])


def estimated_seconds(cells: Iterable[Cell], ended: Collection[CellRecord]) -> dict[str, float]:
    """What cells may cost, by key; of the records of a family and a size the first counts."""
    known: dict[str, dict[int, CellRecord]] = {}
    for record in ended:
        if record.seconds > 0:
            known.setdefault(record.family, {}).setdefault(record.size, record)
    return {cell.key: _seconds(cell, known.get(cell.family.name, {})) for cell in cells}


def _seconds(cell: Cell, alike: Mapping[int, CellRecord]) -> float:
    """Its trials and its refit, by the record of the nearest size, or as its family's file guesses."""
    trial = cell.family.seconds_per_row * (cell.size + BASE_ROWS)
    if alike:
        nearest = alike[min(alike, key=lambda size: abs(size - cell.size))]
        share = (cell.size + BASE_ROWS) / (nearest.size + BASE_ROWS)
        trial = nearest.seconds * share / (nearest.trials + 1)
    if cell.search.seconds is not None:
        return max(cell.search.seconds, trial) + trial  # the trial under way ends; then the refit
    return trial * ((cell.search.trials_in_all or 0) + 1)


def show(config: SweepConfig) -> int:
    """Print the plan: per family and size the cells recorded and missing, and what the rest may cost."""
    from harness.tracking.reading import ended_cells
    from harness.tracking.store import exists, open_store

    store = open_store(config.root, config.uri) if exists(config.root, config.uri) else None
    plan = of(config)
    ended = ended_cells(store, plan.task.name, plan.keys) if store else {}
    left = {cell.key for cell in missing(plan, ended)}
    seconds = estimated_seconds(plan.cells, ended.values())
    if config.format == "json":
        print(json.dumps(_as_json(config, plan, left, seconds), indent=1))
    else:
        print("\n".join(_as_text(config, plan, left, seconds)))
    return 0


def _as_json(
    config: SweepConfig, plan: Plan, left: Collection[str], seconds: Mapping[str, float]
) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "key": cell.key,
            "family": cell.family.name,
            "size": cell.size,
            "repeat": cell.repeat,
            "done": cell.key not in left,
            "estimated_seconds": round(seconds[cell.key], 3) if cell.key in left else 0.0,
        }
        for cell in plan.cells
    ]
    return {
        "name": config.name,
        "data": plan.task.name,
        "digest": plan.task.digest,
        "budget": config.search.budget,
        "trials": config.search.trials_in_all,
        "cells": cells,
        "done": len(plan.cells) - len(left),
        "missing": len(left),
        "estimated_seconds": round(sum(cell["estimated_seconds"] for cell in cells), 1),
        "skipped": [asdict(skip) for skip in plan.skipped],
    }


def _as_text(
    config: SweepConfig, plan: Plan, left: Collection[str], seconds: Mapping[str, float]
) -> list[str]:
    groups = Counter((cell.family.name, cell.size) for cell in plan.cells)
    done = Counter((cell.family.name, cell.size) for cell in plan.cells if cell.key not in left)
    cost = dict.fromkeys(groups, 0.0)
    for cell in plan.cells:
        cost[cell.family.name, cell.size] += seconds[cell.key] if cell.key in left else 0.0
    width = max(len(family) for family, _ in groups)
    lines = [
        f"{config.name}: {len(plan.cells)} cells of {config.search.budget} on {plan.task.name}",
        "",
    ]
    lines.append(f"{'family':{width}}  {'size':>9}  {'cells':>5}  {'done':>5}  {'missing':>7}  estimate")
    for (family, size), count in groups.items():
        finished = done[family, size]
        lines.append(
            f"{family:{width}}  {size:>9,}  {count:>5}  {finished:>5}  {count - finished:>7}  "
            f"{duration(cost[family, size]):>8}"
        )
    lines += [f"{skip.family:{width}}  {skip.size:>9,}  skipped: {skip.reason}" for skip in plan.skipped]
    total = duration(sum(cost.values()))
    lines += ["", f"{len(plan.cells) - len(left)} done, {len(left)} missing, about {total} on one core"]
    return lines
