"""Sweeps that were cut off: real ones, killed, and stores written by hand for the rarer cases."""

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import pytest

from harness.config import DataSettings, DoctorConfig
from harness.doctor import mend, runs
from harness.doctor.check import line
from harness.tracking import database, leftovers
from harness.tracking.claims import Claims
from harness.tracking.store import open_store
from tests.here import sweep_here


class Records:
    """A store in which runs are left as a driver leaves them that is killed."""

    def __init__(self, root):
        self.root, self.store = root, open_store(root)
        self.client, self.experiment = self.store.client, self.store.experiment("digits")

    def run(self, kind, parent=None, ended=False, **tags):
        tags |= {"kind": kind} | ({"mlflow.parentRunId": parent} if parent else {})
        run_id = self.client.create_run(self.experiment, tags=tags).info.run_id
        if ended:
            self.client.set_terminated(run_id)
        return run_id

    def active(self):
        return {run.info.run_id for run in self.client.search_runs([self.experiment])}

    @property
    def file(self):
        return self.root / "mlflow.db"

    @property
    def claims(self):
        return Claims(self.root.resolve() / ".claims")

    def mended(self):
        config = DoctorConfig(self.root, None, DataSettings("digits", None, {}), "text", fix=True)
        return [line(check) for check in mend.mend(config, self.claims)]


@pytest.fixture
def records(root, monkeypatch):
    monkeypatch.setattr(mend.records, "remove", lambda root: ())  # those that are read through are elsewhere
    return Records(root)


def test_a_store_without_running_runs_is_ok(records):
    cell = records.run("cell", cell="a", ended=True)
    records.run("trial", cell, cell="a", ended=True)
    assert runs.left(records.file, records.claims).status == "ok"
    assert records.mended() == []


def test_what_is_left_running_is_named_and_what_nobody_can_use_is_removed(records):
    progress = records.run("cell", cell="a")
    ended = records.run("trial", progress, cell="a", ended=True)
    records.run("trial", progress, cell="a")
    empty = records.run("cell", cell="b")
    records.run("trial", empty, cell="b")
    sweep = records.run("sweep", sweep="digits")
    records.run("curve", sweep, sweep="digits", ended=True)
    records.run("curve", sweep, sweep="digits")
    older = records.run("sweep", sweep="digits", ended=True)
    theirs = records.client.create_run(records.experiment).info.run_id  # of a person's own script
    found = runs.left(records.file, records.claims)
    assert found.status == "warn"
    assert found.found == (
        "left RUNNING: 1 cell with 1 ended trial, 1 cell without an ended trial, 2 trials that never ended, "
        "1 sweep, 1 curve"
    )
    assert found.remedy == (
        "the same sweep command goes on from the ended trials; "
        "harness doctor fix=true removes what nobody can use"
    )
    assert records.mended() == [
        "fixed runs          removed 1 cell without an ended trial, 2 trials that never ended, "
        "1 sweep, 2 curves"
    ]
    assert records.active() == {progress, ended, older, theirs}
    after = runs.left(records.file, records.claims)
    assert after.found == "left RUNNING: 1 cell with 1 ended trial"
    assert after.remedy == "the same sweep command goes on from the ended trials"
    assert records.mended() == []


def test_what_a_live_driver_holds_is_neither_named_nor_touched(records, holding):
    cell = records.run("cell", cell="a")
    records.run("trial", cell, cell="a")
    sweep = records.run("sweep", sweep="digits")
    records.run("curve", sweep, sweep="digits")
    records.run("cell", cell="b")
    before = records.active()
    driver = holding(records.root, "a", "b", "sweep digits")
    found = runs.left(records.file, records.claims)
    assert (found.status, found.found) == (
        "ok",
        "none left RUNNING by a sweep that is gone; 2 cells of sweeps that run now",
    )
    assert records.mended() == []
    assert records.active() == before
    driver.communicate()
    assert runs.left(records.file, records.claims).status == "warn"


def test_a_driver_that_comes_between_looking_and_mending_loses_nothing(records, holding):
    cell = records.run("cell", cell="a")
    records.run("trial", cell, cell="a")
    stale = leftovers.stale(leftovers.running(records.file), records.claims)
    assert Counter(run.kind for run in stale) == {"cell": 1, "trial": 1}
    before = records.active()
    driver = holding(records.root, "a")
    assert leftovers.remove(records.client, records.claims, stale) == {}
    driver.communicate()
    ended = records.run("trial", cell, cell="a", ended=True)  # and went away again, leaving an ended trial
    assert leftovers.remove(records.client, records.claims, stale) == {"trial": 1}
    assert records.active() == {cell, ended}
    assert len(before) == 2


def test_a_database_elsewhere_is_not_judged_for_its_claims_lie_elsewhere(records, tmp_path):
    records.run("cell", cell="a")
    config = DoctorConfig(
        tmp_path / "other", f"sqlite:///{records.file}", DataSettings("digits", None, {}), "text"
    )
    assert mend.own_file(config) is None
    assert mend.own_file(
        DoctorConfig(records.root, f"sqlite:///{records.file}?timeout=60", config.data, "text")
    )


def test_cells_that_other_versions_made_are_a_warning(records):
    records.run("cell", cell="a", versions="numpy 2.4.6", ended=True)
    assert runs.versions(records.file).found == "numpy 2.4.6"
    records.run("cell", cell="b", versions="numpy 2.1.0", ended=True)
    records.run("cell", cell="c", versions="numpy 2.1.0", ended=True)
    records.run("cell", cell="d", versions="numpy 1", ended=False)
    check = runs.versions(records.file)
    assert (check.status, check.found) == ("warn", "2 cells by numpy 2.1.0; 1 cell by numpy 2.4.6")


# Real sweeps

NONE = "none left RUNNING by a sweep that is gone"

SWEEP = [
    *("sweep", "data=digits", "model=[logistic_regression_sklearn]", "data.sizes=[64]", "repeats=3"),
    *("search.trials=4", "launch=inline"),
]


def harness(root, *words):
    return [sys.executable, "-m", "harness", *words, f"tracking.root={root}"]


def run(root, *words):
    return subprocess.run(harness(root, *words), capture_output=True, text=True, timeout=300)


def doctor(root, *words):
    """Its lines about the records, and its exit status."""
    done = run(root, "doctor", "data=digits", *words)
    assert done.stderr == ""
    told = [text for text in done.stdout.splitlines() if text.split()[1] in ("runs", "store", "leftovers")]
    return told, done.returncode


def numbers(root):
    """Every ended trial and cell without seconds, and how many runs are RUNNING."""
    store = open_store(root)
    found = store.client.search_runs([store.experiment("digits")], max_results=5000)
    rows = sorted(
        (
            *(run.data.tags["cell"], run.data.tags.get("number", ""), run.info.status),
            sorted((name, value) for name, value in run.data.metrics.items() if "seconds" not in name),
        )
        for run in found
        if run.data.tags["kind"] in ("trial", "cell")
    )
    return rows, sum(run.info.status == "RUNNING" for run in found)


def contents(root):
    """Every file but the index of SQLite's journal, which is made from the journal and holds no record."""
    return {
        str(at): at.read_bytes() for at in sorted(root.rglob("*")) if at.is_file() and at.suffix != ".db-shm"
    }


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def ended_trials(root):
    with database.unchanged(root / "mlflow.db") as connection:
        query = "SELECT count(*) FROM runs JOIN tags USING (run_uuid) WHERE key = 'number' AND end_time > 0"
        return connection.execute(query).fetchone()[0]


def leave_a_trial(root):
    """As a driver does that is killed while it writes one; without MLflow, which would keep the file open."""
    (cell,) = (run for run in leftovers.running(root / "mlflow.db") if run.kind == "cell")
    tags = {"kind": "trial", "cell": cell.claim, "number": "3", "mlflow.parentRunId": cell.run_id}
    with closing(sqlite3.connect(root / "mlflow.db")) as connection, connection:
        row = list(connection.execute("SELECT * FROM runs WHERE run_uuid = ?", (cell.run_id,)).fetchone())
        row[0] = "left"
        connection.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(row))})", row)
        connection.executemany("INSERT INTO tags (run_uuid, key, value) VALUES ('left', ?, ?)", tags.items())


def test_a_killed_sweep_is_named_mended_and_ends_as_an_uninterrupted_one(root, tmp_path_factory):
    whole = tmp_path_factory.mktemp("whole")
    for file in root.glob("mlflow.db*"):
        shutil.copy(file, whole / file.name)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    sweep = subprocess.Popen(harness(root, *SWEEP), **quiet)
    until(lambda: ended_trials(root) >= 6)
    sweep.send_signal(signal.SIGSTOP)
    live = contents(root)
    told, status = doctor(root, "fix=true")
    assert contents(root) == live
    assert (told[1:2], status) == ([f"ok    runs          {NONE}; 1 cell of sweeps that run now"], 0)
    sweep.kill()
    sweep.wait()
    leave_a_trial(root)
    before = contents(root)
    told, status = doctor(root)
    assert contents(root) == before
    assert re.search(r"[12] trials? that never ended", told[1])  # it may have stopped in one of its own
    assert status == 0
    told, _ = doctor(root, "fix=true")
    assert re.fullmatch(r"fixed runs          removed [12] trials? that never ended", told[0])
    assert told[2].startswith("warn  runs          left RUNNING: 1 cell with ")
    for each in (root, whole):
        sweep_here(*SWEEP, f"tracking.root={each}")
    assert numbers(root) == numbers(whole)
    assert numbers(root)[1] == 0
