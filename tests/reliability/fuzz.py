"""Fuzzing is a seeded stream of odd configurations and CSV files, each of which must be taken or refused.

Refused means one of the two errors that a person can mend, in one line. Anything else is wrong: another
exception, an exit, a warning, a process that takes too long, or data that no learner could be given.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from harness import plan as planning
from harness.cli import compose
from harness.config import parse
from harness.data import load, open_cached
from harness.errors import ConfigError, DataError
from harness.records import Task
from tests.reliability.odd import PRIMARY, files, overrides, tables, trees

SECONDS = 20.0  # of the processor, for one case; the slowest that is right takes a second


@dataclass
class Tally:
    """What came of a stream: how many were tried, refused and accepted, and the wrong ones in words."""

    tried: int = 0
    refused: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, case: object, act: Callable[[], object]) -> None:
        """Try one case."""
        self.tried += 1
        began = time.process_time()
        quiet = StringIO()
        with warnings.catch_warnings(), redirect_stdout(quiet), redirect_stderr(quiet):
            warnings.simplefilter("error")
            try:
                act()
                self.accepted += 1
            except (ConfigError, DataError) as error:
                self.refused += 1
                if not str(error).strip() or len(str(error)) > 4_000:
                    self.wrong.append(f"says too little or too much: {str(error)[:300]!r} for {case!r}")
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self.wrong.append(f"{type(error).__name__}: {str(error)[:300]} for {case!r}")
        if (took := time.process_time() - began) > SECONDS:
            self.wrong.append(f"took {took:.0f} s for {case!r}")


def configurations(seed: int, count: int) -> Tally:
    """Odd trees, YAML files and overrides, in turn, through everything that a plan checks."""
    tally = Tally()
    third = count // 3
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as here, chdir(here):
        stream(trees(), seed, count - 2 * third, lambda tree: tally.add(tree, lambda: _plan(tree)))
        stream(
            files(), seed + 1, third, lambda file: tally.add(file, lambda: _compose_file(Path(folder), *file))
        )
        stream(
            overrides(), seed + 2, third, lambda words: tally.add(words, lambda: _compose([*PRIMARY, *words]))
        )
    return tally


def csv_files(seed: int, count: int, folder: Path) -> Tally:
    """Odd CSV files, written into the folder one after the other, through `data.load`."""
    tally = Tally()
    stream(tables(), seed, count, lambda table: tally.add(table, lambda: _load(folder, *table)))
    return tally


def stream(strategy: st.SearchStrategy[Any], seed: int, count: int, judge: Callable[[Any], object]) -> None:
    """Give the judge what a strategy makes of a seed."""

    @hypothesis.seed(seed)
    @settings(
        max_examples=max(1, count),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def each(case: Any) -> None:
        judge(case)

    each()


# What a case is put through


def _plan(tree: Any) -> None:
    planning.make(parse(tree, ""), _task())


def _compose(words: list[str]) -> None:
    try:
        for job in compose("config", words):
            _plan(job.tree)
    finally:
        if written := list(Path.cwd().iterdir()):
            for path in written:
                shutil.rmtree(path)
            raise AssertionError(f"wrote {written}")


def _compose_file(folder: Path, group: str, content: bytes) -> None:
    file = folder / group / "odd.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    try:
        _compose([f"{group}=odd", "--config-dir", str(folder)])
    finally:
        file.unlink()


def _load(folder: Path, content: bytes, options: dict[str, Any]) -> None:
    file, kept = folder / "odd.csv", folder / "cache"
    file.write_bytes(content)
    try:
        _check_task(load("file", {"path": str(file), **options}, kept))
    except (ConfigError, DataError) as error:
        left = sorted(path.name for path in folder.iterdir())
        if left != ["odd.csv"] or len(str(error).splitlines()) != 1:
            raise AssertionError(f"left {left} behind, or said more than a line") from error
        raise
    finally:
        file.unlink()
        shutil.rmtree(kept, ignore_errors=True)


def _check_task(task: Task) -> None:
    for X, labels in ((task.X, task.y), (task.X_test, task.y_test)):
        assert X.shape == (len(labels), len(task.features))
        assert not np.isinf(X).any()
        assert ((labels >= 0) & (labels < len(task.classes))).all()
    assert len(set(task.y)) >= 2, "one class to learn from"
    assert open_cached(task.path).digest == task.digest


@cache
def _task() -> Task:
    """Three classes in 5 dimensions; only its shape is looked at."""
    y = np.arange(600) % 3
    X = np.zeros((600, 5), dtype=np.float32)
    names = tuple(f"x{i}" for i in range(5))
    return Task("odd", X[:400], y[:400], X[400:], y[400:], ("a", "b", "c"), names, "d" * 32)
