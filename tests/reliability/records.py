"""What a records folder holds, read past the harness: SQL on MLflow's tables and the files as they are.

Two folders of the same sweep must be equal here but for clocks and names of runs; `compare` counts how not.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

CLOCKS = {"seconds", "fit_seconds"}
OWN_TAGS = ("outcome", "message", "points", "test_rows", "versions", "data_digest")
EXACT_FILES = ("summary.csv", "forecast.csv")  # of a report; its page and pictures tell of seconds too


@dataclass(frozen=True)
class Snapshot:
    """What counts in a records folder.

    Attributes:
        trials: (cell, number) -> everything about it that is no clock.
        cells: cell key -> the same, with its metrics' histories and its artifacts' digests.
        curves: (sweep, family, metric, step) -> value, of the sweep's own runs.
        files: the report's tables, cells.csv without clocks and run ids.
        twice: what is there more than once.
        running: names of runs without a terminal status.
        orphans: runs whose parent is gone or deleted, and complete cells without trials or artifacts.
    """

    trials: Mapping[Any, Any]
    cells: Mapping[Any, Any]
    curves: Mapping[Any, Any]
    files: Mapping[Any, Any]
    twice: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()


@dataclass
class Tally:
    """How a folder differs from the uninterrupted one; `examples` names the first of each kind."""

    lost: int = 0
    duplicated: int = 0
    different: int = 0
    left: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self

    @property
    def faults(self) -> int:
        return self.lost + self.duplicated + self.different + self.left + self.wrong

    def counts(self) -> dict[str, int]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "examples"}


def compare(reference: Snapshot, found: Snapshot) -> Tally:
    """Count what of the reference is missing, not the same, there twice, or not ended."""
    tally = Tally(duplicated=len(found.twice), left=len(found.running), wrong=len(found.orphans))
    tally.examples += [f"twice: {each}" for each in found.twice[:1]]
    tally.examples += [f"RUNNING: {each}" for each in found.running[:1]]
    tally.examples += [f"orphan: {each}" for each in found.orphans[:1]]
    for kind in ("trials", "cells", "curves", "files"):
        held, wanted = getattr(found, kind), getattr(reference, kind)
        lost = [key for key in wanted if key not in held]
        changed = [key for key in wanted if key in held and held[key] != wanted[key]]
        strange = [key for key in held if key not in wanted]
        tally.lost += len(lost)
        tally.different += len(changed) + len(strange)
        tally.examples += [f"lost of {kind}: {key}" for key in lost[:1]]
        tally.examples += [f"{kind} {key}: {_change(wanted[key], held[key])}" for key in changed[:1]]
        tally.examples += [f"not asked for in {kind}: {key}" for key in strange[:1]]
    return tally


def _change(wanted: Any, held: Any) -> str:
    if isinstance(wanted, dict) and isinstance(held, dict):
        apart = sorted(key for key in wanted.keys() | held.keys() if wanted.get(key) != held.get(key))
        wanted, held = ({key: each.get(key) for key in apart[:1]} for each in (wanted, held))
    return f"{wanted!r:.160} became {held!r:.160}"


def snapshot(root: Path, name: str) -> Snapshot:
    """Read a records folder whose sweep is of that name."""
    runs = runs_of(root / "mlflow.db")
    active = {key: run for key, run in runs.items() if run["stage"] == "active"}
    ended = [run for run in active.values() if run["status"] != "RUNNING"]
    trials = [run for run in ended if run["tags"].get("kind") == "trial"]
    cells = [run for run in ended if run["tags"].get("kind") == "cell"]
    curves = [run for run in ended if run["tags"].get("kind") == "curve"]
    return Snapshot(
        trials={_trial_key(run): _content(run) for run in trials},
        cells={run["tags"]["cell"]: _content(run) | {"files": _artifacts(run)} for run in cells},
        curves={
            (run["tags"]["sweep"], run["tags"]["family"], metric, step): value
            for run in curves
            for metric, step, value in run["history"]
        },
        files=_files(root / "reports" / name),
        twice=tuple(_twice(ended)),
        running=tuple(sorted(_label(run) for run in active.values() if run["status"] == "RUNNING")),
        orphans=tuple(_orphans(active)),
    )


def runs_of(file: Path) -> dict[str, dict[str, Any]]:
    """Every run of a database: status, stage, address of its artifacts, tags, params, history of metrics."""
    with closing(sqlite3.connect(file, timeout=60)) as database:
        runs: dict[str, dict[str, Any]] = {
            key: {"status": status, "stage": stage, "at": at, "tags": {}, "params": {}, "history": []}
            for key, status, stage, at in database.execute(
                "SELECT run_uuid, status, lifecycle_stage, artifact_uri FROM runs"
            )
        }
        for key, name, value in database.execute("SELECT run_uuid, key, value FROM tags"):
            runs[key]["tags"][name] = value
        for key, name, value in database.execute("SELECT run_uuid, key, value FROM params"):
            runs[key]["params"][name] = value
        rows = "SELECT run_uuid, key, step, value FROM metrics ORDER BY run_uuid, key, step, timestamp"
        for key, name, step, value in database.execute(rows):
            runs[key]["history"].append((name, step, value))
    return runs


def _trial_key(run: Mapping[str, Any]) -> tuple[str, int]:
    return run["tags"]["cell"], int(run["tags"]["number"])


def _content(run: Mapping[str, Any]) -> dict[str, Any]:
    """A run without clocks; a metric that was written again with the same value counts once."""
    history = sorted(
        {(name, step, value.hex()) for name, step, value in run["history"] if name not in CLOCKS}
    )
    return {
        "status": run["status"],
        "params": run["params"],
        "history": history,
        **{tag: run["tags"].get(tag) for tag in OWN_TAGS},
    }


def _label(run: Mapping[str, Any]) -> str:
    return f"{run['tags'].get('kind')} {run['tags'].get('mlflow.runName')}"


def _twice(ended: list[dict[str, Any]]) -> list[str]:
    """Trials of one number, ended cells of one key, sweeps of one name and curves of one family."""
    names = {
        "trial": ("cell", "number"),
        "cell": ("cell",),
        "sweep": ("sweep",),
        "curve": ("sweep", "family"),
    }
    seen = Counter(
        (kind, *(run["tags"].get(tag) for tag in names[kind]))
        for run in ended
        if (kind := run["tags"].get("kind")) in names
    )
    return sorted(" ".join(map(str, key)) for key, count in seen.items() if count > 1)


def _orphans(active: Mapping[str, dict[str, Any]]) -> list[str]:
    parents = {key: run["tags"].get("mlflow.parentRunId") for key, run in active.items()}
    lost = [_label(active[key]) for key, parent in parents.items() if parent and parent not in active]
    finished = {k for k, r in active.items() if r["tags"].get("kind") == "cell" and r["status"] == "FINISHED"}
    bare = [_label(active[key]) for key in finished - set(parents.values())]
    hollow = [_label(active[key]) for key in finished if "correct.npy" not in _artifacts(active[key])]
    return sorted([*lost, *bare, *hollow])


def _artifacts(run: Mapping[str, Any]) -> dict[str, str]:
    folder = Path(unquote(urlsplit(run["at"]).path))
    return {
        file.relative_to(folder).as_posix(): _digest(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "config.yaml"  # it names the records' folder
    }


def _digest(file: Path) -> str:
    """Of a file's bytes; of a model, of its arrays and of its schema without addresses in memory."""
    if file.suffix != ".skops":
        return hashlib.sha256(file.read_bytes()).hexdigest()
    with zipfile.ZipFile(file) as archive:
        schema = re.sub(rb"\d{9,}", b"", archive.read("schema.json"))
        arrays = sorted(each.CRC for each in archive.infolist() if each.filename != "schema.json")
    return hashlib.sha256(schema + repr(arrays).encode()).hexdigest()


def _files(report: Path) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: (report / name).read_text() for name in EXACT_FILES if (report / name).exists()
    }
    if (report / "verdicts.json").exists():
        found["verdicts.json"] = json.loads((report / "verdicts.json").read_text())
    if (report / "cells.csv").exists():
        rows = list(csv.DictReader(io.StringIO((report / "cells.csv").read_text())))
        found["cells.csv"] = [
            {key: value for key, value in row.items() if key not in CLOCKS | {"run_id"}} for row in rows
        ]
    return found
