"""Parts that other files hold: damaged stores, fuzzing, and tables of pytest that are counted here."""

from __future__ import annotations

import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.reliability import corruption as damages
from tests.reliability import fuzz as fuzzing
from tests.reliability.lanes import side_by_side
from tests.reliability.rows import Row
from tests.reliability.small_sweeps import shorten

DAMAGES = ("truncation", "garbage")
REPOSITORY = Path(__file__).parents[2]
TESTS = {  # what is counted -> the tests that try it
    "bad inputs": ("tests/end_to_end/test_mistakes.py", "tests/harness/test_data_file.py"),
    "security": (
        *("tests/harness/test_targets.py", "tests/harness/test_model_files.py"),
        *("tests/harness/test_secrets.py", "tests/end_to_end/test_canaries.py"),
        *("tests/harness/test_store_damage.py", "tests/harness/test_ui.py"),
        "tests/harness/launch/test_launch.py::test_local_workers_listen_on_the_loopback_address_alone_and_show_no_pages",
    ),
    "dask and slurm": ("tests/harness/launch/test_clusters.py",),
    "remote server": (
        *("tests/harness/test_tracking_remote.py", "tests/harness/test_remote_claims.py"),
        "tests/harness/test_patience.py",
    ),
    "reproduce": ("tests/end_to_end/test_reproduce.py", "tests/harness/test_rerun.py"),
}


def corruption(seed: int, each: int, folder: Path) -> list[Row]:
    """Truncations and garbage writes: each refused, or everything read back unchanged."""
    folder.mkdir()
    begin = time.monotonic()
    (tried,) = side_by_side([lambda: damages.run(seed, each, each, folder)], 1)
    seconds = time.monotonic() - begin
    return [_damaged(what, [t for t in tried if t.what == what], seed, seconds) for what in DAMAGES]


def _damaged(what: str, tried: list[Any], seed: int, seconds: float) -> Row:
    """A row of one kind of damage; `seconds` are those of all kinds."""
    ends = Counter(each.end for each in tried)
    wrong = [f"{each.where}: {each.told}" for each in tried if each.end not in ("refused", "intact")]
    notes = [f"{ends['refused']} refused, {ends['intact']} intact, seed {seed}", shorten(wrong)]
    return Row(
        f"damage: {what}",
        len(tried),
        wrong=len(wrong),
        seconds=seconds,
        note="; ".join(filter(None, notes)),
    )


def fuzz(seed: int, count: int, folder: Path) -> list[Row]:
    """Random configurations and random CSV files: only our own errors come out."""
    folder.mkdir()
    jobs = [
        lambda: _fuzzed("fuzz: configurations", lambda: fuzzing.configurations(seed, count), seed),
        lambda: _fuzzed("fuzz: CSV files", lambda: fuzzing.csv_files(seed, count, folder), seed),
    ]
    return sorted(side_by_side(jobs, 2), key=lambda row: row.what)


def _fuzzed(what: str, work: Callable[[], Any], seed: int) -> Row:
    begin = time.monotonic()
    tally = work()
    notes = [f"{tally.refused} refused, {tally.accepted} accepted, seed {seed}", shorten(tally.wrong)]
    return Row(
        what,
        tally.tried,
        wrong=len(tally.wrong),
        seconds=time.monotonic() - begin,
        note="; ".join(filter(None, notes)),
    )


def tables(folder: Path) -> Iterable[Row]:
    """The tests of each kind, each a case of its table."""
    folder.mkdir()
    for what, files in TESTS.items():
        yield _counted(what, files, folder / f"{what.split()[0]}.xml")


def _counted(what: str, files: Iterable[str], report: Path) -> Row:
    begin = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *files]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode not in (0, 1):  # a name that is not there is an error, not a test less
        return Row(what, 0, wrong=1, note=" ".join((done.stdout + done.stderr).strip().splitlines()[-1:]))
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
