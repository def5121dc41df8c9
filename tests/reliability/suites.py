"""Parts that other files hold: damaged stores, fuzzing, and tables of pytest that are counted here."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.reliability.rows import Row, absent

REPOSITORY = Path(__file__).parents[2]
# What is counted -> the tests that try it; a name that is not there yet is said.
TESTS = {
    "bad inputs": ("tests/end_to_end/test_mistakes.py",),
    "security": ("tests/end_to_end/test_security.py", "tests/harness/test_boundary.py"),
    "launch=dask, launch=slurm": ("tests/harness/launch/test_dask.py", "tests/harness/launch/test_slurm.py"),
    "remote server": ("tests/end_to_end/test_remote.py",),
    "reproduce": ("tests/end_to_end/test_reproduce.py",),
}


def corruption(seed: int, each: int, folder: Path) -> list[Row]:
    """Truncations and garbage writes into a database: each refused or proven intact."""
    run = _found("tests.reliability.corruption", "run")
    if run is None:
        return [absent("damaged database", "tests/reliability/corruption.py is not there yet")]
    folder.mkdir()
    begin = time.monotonic()
    rows: list[Row] = list(run(seed, each, each, folder))
    assert rows, "no row, nothing tried"
    return rows if any(row.seconds for row in rows) else [_timed(rows[0], begin), *rows[1:]]


def _timed(row: Row, begin: float) -> Row:
    from dataclasses import replace

    return replace(row, seconds=time.monotonic() - begin)


def fuzz(seed: int, count: int, folder: Path) -> list[Row]:
    """Random configurations and random CSV files: only our own errors come out."""
    configurations = _found("tests.reliability.fuzz", "configurations")
    csv_files = _found("tests.reliability.fuzz", "csv_files")
    if configurations is None or csv_files is None:
        return [absent("fuzz", "tests/reliability/fuzz.py is not there yet")]
    folder.mkdir()
    return [
        _fuzzed("fuzz, configurations", lambda: configurations(seed, count), seed),
        _fuzzed("fuzz, CSV files", lambda: csv_files(seed, count, folder), seed),
    ]


def _fuzzed(what: str, work: Callable[[], Mapping[str, int]], seed: int) -> Row:
    """A row of counts such as {"tried": 500, "accepted": 70, "refused": 430, "wrong": 0}."""
    begin = time.monotonic()
    counts = work()
    told = ", ".join(f"{name} {count}" for name, count in counts.items() if name not in ("tried", "wrong"))
    return Row(
        what,
        counts["tried"],
        wrong=counts["wrong"],
        seconds=time.monotonic() - begin,
        note=f"{told}, seed {seed}",
    )


def _found(module: str, name: str) -> Callable[..., Any] | None:
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None


def tables(folder: Path) -> Iterable[Row]:
    """The tests of each kind, each a case of its table."""
    folder.mkdir()
    for what, files in TESTS.items():
        there = [name for name in files if (REPOSITORY / name).exists()]
        if there:
            yield _counted(what, there, folder / f"{what.split()[0].strip(',')}.xml")
        else:
            yield absent(what, f"{' and '.join(files)} not there yet")


def _counted(what: str, files: list[str], report: Path) -> Row:
    begin = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *files]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if not report.exists():
        return Row(what, 0, wrong=1, note=" ".join(done.stdout.splitlines()[-1:]))
    suite = ElementTree.parse(report).getroot().find("testsuite")
    counts = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    wrong = counts["failures"] + counts["errors"]
    failed = [f"{case.get('name')}" for case in suite.iter("testcase") if case.find("failure") is not None]
    notes = [" ".join(files), f"{counts['skipped']} skipped" if counts["skipped"] else "", *failed[:1]]
    return Row(
        what,
        counts["tests"] - counts["skipped"],
        wrong=wrong,
        seconds=time.monotonic() - begin,
        note="; ".join(filter(None, notes)),
    )
