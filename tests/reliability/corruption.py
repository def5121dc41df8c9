"""Damage to a recorded store: a database or an artifact that is cut short or overwritten with noise is
refused by a `StoreError`, or all that was recorded is read back unchanged.

One small store is recorded, with cells that are complete, failed and under way, and copied for each attempt.
"""

from __future__ import annotations

import io
import random
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import StoreError
from harness.records import Cell, CellResult, Family, Outcome, SearchSettings, Task, Trial
from harness.tracking import reading, sweeps
from harness.tracking.recorder import Recorder
from harness.tracking.store import Store, database, open_store

CELLS, TRIALS = 9, 5
FAILED, OPEN = 7, 8  # the others are complete
ARTIFACTS_EVERY = 4  # one attempt in so many damages an artifact, the others the database
LONGEST = 4096  # bytes of a garbage write
SOURCE = "seed: 0\n"


@dataclass(frozen=True)
class Attempt:
    """One damage and how it ended: "refused", "intact" or "WRONG", the latter with what was seen."""

    seed: str
    what: str
    where: str
    end: str
    told: str = ""


def run(seed: int, truncations: int, garbage: int, workdir: Path) -> list[Attempt]:
    """Damage a small store so many times; a row for each attempt, replayed by the same seed."""
    whole = workdir / "whole"
    _record(whole)
    wanted = snapshot(_copied(whole, workdir / "intact"))
    damages: list[tuple[str, Callable[[Path, random.Random], str]]] = [("truncation", truncate)] * truncations
    damages += [("garbage", overwrite)] * garbage
    attempts = []
    for number, (what, damage) in enumerate(damages):
        rng = random.Random(f"{seed} {what} {number}")
        root = _copied(whole, workdir / f"{number:06}")
        target = _target(root, number, rng)
        where = f"{target.relative_to(root).name} {damage(target, rng)}"
        attempts.append(Attempt(f"{seed} {what} {number}", what, where, *_judged(root, wanted)))
        shutil.rmtree(root)
    return attempts


def truncate(file: Path, rng: random.Random) -> str:
    """Cut a file at a random length."""
    length = rng.randrange(file.stat().st_size)
    with file.open("r+b") as held:
        held.truncate(length)
    return f"cut to {length:,} bytes"


def overwrite(file: Path, rng: random.Random) -> str:
    """Write noise over a random part of a file, perhaps past its end."""
    offset, length = rng.randrange(file.stat().st_size), rng.randint(1, LONGEST)
    before = file.read_bytes()[offset : offset + length]
    noise = rng.randbytes(length)
    with file.open("r+b") as held:
        held.seek(offset)
        held.write(noise)
    return f"{length:,} bytes at {offset:,}" + (" (the same)" if noise == before else "")


def _target(root: Path, number: int, rng: random.Random) -> Path:
    if number % ARTIFACTS_EVERY:
        return database(root)
    return rng.choice(sorted(file for file in (root / "artifacts").rglob("*") if file.is_file()))


def _judged(root: Path, wanted: dict[str, Any]) -> tuple[str, str]:
    before = database(root).read_bytes()
    try:
        store = open_store(root)
    except StoreError as error:
        untouched = database(root).read_bytes() == before and not list(root.glob("mlflow.db-*"))
        return _refused(error) if untouched else ("WRONG", f"refused, but the files were changed: {error}")
    except Exception as error:
        return "WRONG", f"{type(error).__name__}: {error}"
    try:
        found = snapshot(store.root)
    except StoreError as error:
        return _refused(error)
    except Exception as error:
        return "WRONG", f"{type(error).__name__}: {error}"
    differs = [part for part in wanted if found[part] != wanted[part]]
    return ("WRONG", f"read back otherwise: {', '.join(differs)}") if differs else ("intact", "")


def _refused(error: StoreError) -> tuple[str, str]:
    text = str(error)
    return ("refused", text) if "mlflow.db" in text and "\n" not in text else ("WRONG", f"says: {text}")


def snapshot(root: Path) -> dict[str, Any]:
    """All that is read back of the store below `root`, where it lies left out.

    Raises:
        StoreError: for what is not as it was recorded.
    """
    store = open_store(root)
    records = reading.ended_cells(store, TASK.name)
    found: dict[str, Any] = {
        "cells": {key: replace(record, place="") for key, record in records.items()},
        "trials": reading.trials_of(store, records.values()),
        "correctness": reading.correctness(store, records.values()),
        "environments": reading.environments(store, records.values()),
        "files": {
            (key, name): reading.artifact(store, record.run_id, name).read_bytes()
            for key, record in records.items()
            for name in ("config.yaml", "cell.json", *(["model.skops"] if record.repeat == 0 else []))
        },
        "sweep": _sweep(store),
    }
    recorder = Recorder(store, TASK, SOURCE)
    found["under way"] = recorder.begin(_cell(OPEN))
    return found


def _sweep(store: Store) -> Any:
    sweep = sweeps.find_sweep(store, "blobs")
    if sweep is None:  # derived, so that the sweep command writes it anew; a reader is told
        raise StoreError(f"no sweep in {store.label}")
    return sweeps.members(store, sweep)


TASK = Task(
    name="blobs",
    X=np.zeros((30, 2), np.float32),
    y=np.arange(30) % 2,
    X_test=np.zeros((200, 2), np.float32),
    y_test=np.arange(200) % 2,
    classes=("a", "b"),
    features=("x", "y"),
    digest="d" * 32,
)
FAMILY = Family(
    "logistic", "logistic regression", {"_target_": "sklearn.x"}, {"C": {"low": 0.1, "high": 9.0}}
)


def _cell(number: int) -> Cell:
    key = f"{number:032}"
    search = SearchSettings(trials=TRIALS)
    return Cell(key, TASK.name, TASK.digest, "", FAMILY, 64 + number // 3, number % 3, 0, search)


def _record(root: Path) -> None:
    """A store with results that nothing was computed for; its log written into the file."""
    root.mkdir(parents=True, exist_ok=True)
    store = open_store(root)
    recorder, rng = Recorder(store, TASK, SOURCE), random.Random(0)
    for number in range(CELLS):
        cell = _cell(number)
        recorder.begin(cell)
        for at in range(TRIALS):
            recorder.trial(cell, _trial(at, rng))
        if number != OPEN:
            recorder.result(cell, _result(cell, rng, failed=number == FAILED))
    records = list(reading.ended_cells(store, TASK.name).values())
    labels = {FAMILY.name: FAMILY.label}
    sweeps.write_sweep(store, store.experiment(TASK.name), "blobs", records, [], labels, [], SOURCE)
    _settle(root)


def _trial(number: int, rng: random.Random) -> Trial:
    points = tuple((step, rng.random()) for step in range(10, 60, 10))
    params = {"C": rng.random(), "units": rng.randrange(99), "kind": rng.choice(["a", "b"])}
    if number == 3:
        return Trial(3, params, Outcome.FAILED, seconds=rng.random(), message="ValueError: no")
    return Trial(number, params, Outcome.COMPLETE, points[-1][1], rng.random(), 50, points, rng.random())


def _result(cell: Cell, rng: random.Random, failed: bool) -> CellResult:
    if failed:
        return CellResult(Outcome.FAILED, TRIALS, seconds=rng.random(), message="no trial completed")
    return CellResult(
        Outcome.COMPLETE,
        TRIALS,
        best=1,
        val_error=rng.random(),
        test_error=rng.random(),
        test_log_loss=rng.random(),
        correct=rng.randbytes(25),
        fit_seconds=rng.random(),
        seconds=rng.random(),
        model=zipped(rng.randbytes(2000)) if cell.repeat == 0 else None,
        environment={"numpy": "2", "python": "3"},
    )


def zipped(content: bytes) -> bytes:
    """A file in the form of a model's."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("schema.json", content)
    return archive.getvalue()


def _settle(root: Path) -> None:
    """Write the log into the database, so that its file alone holds all."""
    with closing(sqlite3.connect(database(root))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copied(whole: Path, root: Path) -> Path:
    """A copy that knows where it lies: the database has the artifacts' absolute paths."""
    shutil.copytree(whole, root, ignore=shutil.ignore_patterns(".claims", "mlflow.db-*"))
    names = (f"{whole.resolve().as_uri()}/", f"{root.resolve().as_uri()}/")
    with closing(sqlite3.connect(database(root))) as connection, connection:
        connection.execute("UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?)", names)
        connection.execute(
            "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)", names
        )
    _settle(root)
    return root
