"""A sweep that was cut off at any moment continues, and ends as if it had not been."""

import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from harness.tracking import finding
from harness.tracking.store import open_store
from tests.here import sweep_here
from tests.waiting import wait_until

SWEEP = [
    *("sweep", "data=digits", "model=[logistic_regression_sklearn,shallow_nn]", "data.sizes=[64,96]"),
    *("repeats=2", "search.trials=4"),
]


def command(root, *more):
    return [sys.executable, "-m", "harness", *SWEEP, f"tracking.root={root}", *more]


def run(root, *more):
    sweep_here(*command(root, *more)[3:])


def numbers(root):
    """cells.csv without seconds and run ids, and every trial without seconds."""
    with (root / "reports" / "digits" / "cells.csv").open(newline="") as file:
        cells = [
            {k: v for k, v in row.items() if k not in ("fit_seconds", "run_id")}
            for row in csv.DictReader(file)
        ]
    tags = ("cell", "number", "outcome", "points")
    tried = sorted(
        (
            [r.data.tags[t] for t in tags],
            sorted(r.data.params.items()),
            sorted((k, v) for k, v in r.data.metrics.items() if k != "seconds"),
        )
        for r in trials(root)
    )
    return cells, tried


def trials(root):
    store = open_store(root)
    return finding.search(store.client, [store.experiment("digits")], "tags.kind = 'trial'")


def count_trials(root):
    """Their number, by a query that takes no time from the sweep that is watched."""
    with closing(sqlite3.connect(f"file:{root / 'mlflow.db'}?mode=ro", uri=True)) as connection:
        trials = "SELECT run_uuid FROM tags WHERE key = 'kind' AND value = 'trial'"
        query = f"SELECT count(*) FROM runs WHERE lifecycle_stage = 'active' AND run_uuid IN ({trials})"
        return connection.execute(query).fetchone()[0]


def running(root):
    store = open_store(root)
    return finding.search(store.client, [store.experiment("digits")], "attributes.status = 'RUNNING'")


@pytest.fixture(scope="session")
def whole(template_store, tmp_path_factory):
    """An uninterrupted sweep, inline: what every other must equal."""
    root = tmp_path_factory.mktemp("whole")
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, root / file.name)
    run(root, "launch=inline")
    return numbers(root)


def test_one_local_worker_gives_the_numbers_of_inline(whole, root):
    run(root, "launch.workers=1")
    assert numbers(root) == whole


@pytest.mark.parametrize("launch", ["inline", "local"])
def test_a_sweep_killed_again_and_again_ends_as_the_uninterrupted_one(whole, root, launch):
    for recorded in (2, 17):
        process = subprocess.Popen(
            command(root, f"launch={launch}"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(lambda recorded=recorded: count_trials(root) >= recorded)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert recorded <= len(trials(root)) < len(whole[1])
    run(root, f"launch={launch}")
    assert numbers(root) == whole
    assert running(root) == []


@pytest.mark.parametrize("launch", ["inline", "local"])
def test_ctrl_c_ends_a_long_sweep_keeps_what_ended_and_leaves_no_process(root, launch):
    process = subprocess.Popen(
        command(root, f"launch={launch}", "search.trials=200", "name=long"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: count_trials(root))
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=120)  # of 1,600 trials a few have ended
    assert process.returncode == 130
    assert "the same command continues" in told
    assert 0 < len(trials(root)) < 800
    wait_until(lambda: not processes_of_session(process.pid))


def processes_of_session(session):
    listed = subprocess.run(["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [pid for pid, sess, stat in rows if int(sess) == session and not stat.startswith("Z")]


def test_a_worker_that_is_killed_costs_nothing(whole, root):
    process = subprocess.Popen(command(root, "launch.workers=2"), stdout=subprocess.PIPE, text=True)
    wait_until(lambda: count_trials(root))
    listed = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True)
    assert len(listed.stdout.split()) >= 2
    for pid in listed.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert numbers(root) == whole


def test_two_sweeps_side_by_side_share_the_cells_and_run_each_once(whole, root):
    both = [
        subprocess.Popen(
            command(root, "launch=inline"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert numbers(root) == whole
    assert running(root) == []
