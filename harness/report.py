"""What a sweep leaves for a person: the picture, the cells and the curves, in `reports/<name>/`.

A folder belongs to one configuration; another one is refused, so that nobody's picture is overwritten.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigError
from harness.plan import Plan, definition
from harness.records import Task

if TYPE_CHECKING:
    from harness.config import SweepConfig
    from harness.curves import Curve
    from harness.tracking.reading import CellRecord

IDENTITY = "sweep.json"
FILES = ("curves.png", "curves.svg", "cells.csv", "summary.csv")
CELL_COLUMNS = (
    "family",
    "size",
    "repeat",
    "test_error",
    "val_error",
    "trials",
    "fit_seconds",
    "outcome",
    "run_id",
)
SUMMARY_COLUMNS = ("family", "size", "mean", "low", "high", "repeats")


def folder(config: SweepConfig) -> Path:
    """Where a sweep's files go."""
    return config.root / "reports" / config.name


def identity(config: SweepConfig, task: Task) -> dict[str, Any]:
    """What must not change under one name; sizes, repeats and further families may be added."""
    families = {
        family.name: hashlib.sha256(
            json.dumps(definition(family), sort_keys=True, default=str).encode()
        ).hexdigest()[:16]
        for family in config.families
    }
    return {
        "data": config.data.name,
        "digest": task.digest,
        "seed": config.seed,
        **{f"search.{key}": value for key, value in asdict(config.search).items()},
        **{f"model.{name}": digest for name, digest in families.items()},
    }


def check_folder(config: SweepConfig, task: Task) -> None:
    """Refuse a folder that another configuration made.

    Raises:
        ConfigError: naming what differs, both values, and the key that gives this sweep its own folder.
    """
    held = _held(folder(config))
    own_name = f"give it a name of its own: name={config.name}-2"
    for key, value in identity(config, task).items():
        if key in held.get("identity", {}) and held["identity"][key] != value:
            raise ConfigError(
                f"{folder(config)} was made with {key}={held['identity'][key]}, "
                f"this sweep has {key}={value}; {own_name}"
            )
    gone = [name for name in held.get("families", ()) if name not in {f.name for f in config.families}]
    if gone:
        raise ConfigError(
            f"{folder(config)} also shows {', '.join(gone)}, this sweep does not; add to model, or {own_name}"
        )


def is_current(config: SweepConfig, digest: str) -> bool:
    """True where every file is there and was made from exactly these cells."""
    here = folder(config)
    return _held(here).get("digest") == digest and all((here / name).exists() for name in FILES)


def _held(here: Path) -> dict[str, Any]:
    try:
        held = json.loads((here / IDENTITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def write(
    config: SweepConfig, plan: Plan, records: Sequence[CellRecord], curves: Sequence[Curve], digest: str
) -> list[Path]:
    """Write every file of a sweep; the paths, the picture first."""
    from harness import plots
    from harness.curves import summary_rows

    here = folder(config)
    here.mkdir(parents=True, exist_ok=True)
    figure = plots.curves_figure(curves, title(plan), caption(config, plan))
    plots.save(figure, here / "curves")
    _write_csv(here / "cells.csv", CELL_COLUMNS, (asdict(record) for record in records))
    _write_csv(here / "summary.csv", SUMMARY_COLUMNS, summary_rows(curves))
    held = {
        "identity": identity(config, plan.task),
        "families": [family.name for family in config.families],
        "digest": digest,
    }
    _replace(here / IDENTITY, json.dumps(held, indent=1))
    return [here / name for name in FILES]


def title(plan: Plan) -> str:
    """The chart's heading."""
    return f"Test error against training-set size: {plan.task.name}"


def caption(config: SweepConfig, plan: Plan) -> str:
    """What one must know to read the chart."""
    task, sizes = plan.task, sorted({cell.size for cell in plan.cells})
    repeats = sorted({config.repeats.at(size) for size in sizes})
    span = f"{repeats[0]}" if len(repeats) == 1 else f"{repeats[0]} to {repeats[-1]}"
    parts = [
        f"Data: {task.name}, {len(task.classes)} classes, {len(task.features)} features; a pool of "
        f"{len(task.y):,} rows and {len(task.y_test):,} fixed test rows.",
        f"Each point is {span} repeats of: draw n rows, tune in {config.search.trials} trials "
        f"({config.search.sampler}) on validation rows inside n, refit on all n, test once.",
        "Bands: 95 % intervals for new training rows and new test rows"
        + ("." if repeats[-1] > 1 else "; one repeat gives none."),
    ]
    if len(task.y) < 2 * sizes[-1]:
        parts.append("The largest size is more than half the pool, which narrows its band artificially.")
    tops = {skip.family: skip.reason for skip in plan.skipped}
    parts += [f"Not run: {family} {reason}." for family, reason in tops.items()]
    return " ".join(parts)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(["" if row[name] is None else _plain(row[name]) for name in columns])
    os.replace(temporary, path)


def _plain(value: Any) -> str:
    """A value as text; floats in full, so that equal files mean equal numbers."""
    return repr(value) if isinstance(value, float) else str(value)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
