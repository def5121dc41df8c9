"""Sweeps that record to a real MLflow server, on loopback, which is killed and comes back."""

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import replace

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from harness.errors import StoreError
from harness.records import CellResult, Outcome, Trial
from harness.tracking import finding, reading, sweeps
from harness.tracking.recorder import Recorder
from harness.tracking.remote import Pace
from harness.tracking.store import open_store
from tests.here import sweep_here
from tests.waiting import wait_until

SWEEP = [
    *("sweep", "data=digits", "model=[logistic_regression_sklearn]", "data.sizes=[64,96]"),
    *("repeats=2", "search.trials=6", "launch=inline"),
]
TRIALS = 2 * 2 * 6
TRIAL = Trial(0, {"C": 1.0}, Outcome.COMPLETE, 0.25, 0.1, None, (), 0.25)


class Server:
    """An MLflow server on loopback, its records in a folder; it can be killed and started again."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self):
        options = f"--host 127.0.0.1 --port {self.port} --workers 1 --serve-artifacts".split()
        options += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        options += ["--artifacts-destination", str(self.folder / "artifacts")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *options],
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self):
        wait_until(self.answers)

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server(template_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, folder / file.name)
    server = Server(folder)
    server.start()
    server.wait()
    yield server
    server.kill()


def command(root, *more):
    return [sys.executable, "-m", "harness", *SWEEP, f"tracking.root={root}", *more]


def begun(root, *more):
    return subprocess.Popen(command(root, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def files(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


def numbers(root):
    """cells.csv without seconds and run ids."""
    with (root / "reports" / "digits" / "cells.csv").open(newline="") as file:
        return [
            {k: v for k, v in row.items() if k not in ("fit_seconds", "run_id")}
            for row in csv.DictReader(file)
        ]


def every(uri, data, query):
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(data)
    return finding.search(client, [experiment.experiment_id], query) if experiment else []


def recorded_once(uri, data="digits"):
    """The cells' and trials' runs of an experiment; asserts that none is twice, and none RUNNING."""
    assert every(uri, data, "attributes.status = 'RUNNING'") == []
    cells = Counter(run.data.tags["cell"] for run in every(uri, data, "tags.kind = 'cell'"))
    tags = [run.data.tags for run in every(uri, data, "tags.kind = 'trial'")]
    trials = Counter((tag["cell"], tag["number"]) for tag in tags)
    assert set(cells.values()) | set(trials.values()) == {1}
    return len(cells), len(trials)


@pytest.fixture(scope="module")
def whole(template_store, tmp_path_factory):
    """The sweep recorded in the local store: what a server's must equal."""
    root = tmp_path_factory.mktemp("whole")
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, root / file.name)
    sweep_here(*SWEEP, f"tracking.root={root}")
    return numbers(root)


@pytest.fixture
def emptied(server):
    """The server without what an earlier test recorded for digits."""
    client = MlflowClient(server.uri)
    if (experiment := client.get_experiment_by_name("digits")) is not None:
        client.rename_experiment(experiment.experiment_id, f"digits before {time.monotonic()}")
    return server


def test_a_sweep_waits_for_a_server_that_goes_away_and_loses_nothing(whole, emptied, tmp_path):
    server = emptied
    secret = server.uri.replace("//", "//me:quaggazorilla@")  # as no server without users minds
    sweep = begun(tmp_path, f"tracking.uri={secret}")
    wait_until(lambda: len(every(server.uri, "digits", "tags.kind = 'trial'")) >= 3)
    server.kill()
    shown = server.uri.replace("//", "//***@")
    wait_until(lambda: f"the server at {shown} does not answer (" in sweep.stderr.readline())
    server.start()
    said, more = sweep.communicate(timeout=300)
    assert sweep.returncode == 0, more
    assert f"the server at {shown} answers again" in more
    assert "does not answer" not in more
    assert "View run" not in said
    written = [file.read_bytes() for folder in (tmp_path, server.folder) for file in files(folder)]
    assert all(b"quaggazorilla" not in each for each in [said.encode(), more.encode(), *written])
    assert recorded_once(server.uri) == (4, TRIALS)
    assert numbers(tmp_path) == whole


def test_two_records_folders_on_one_server_run_every_cell_once(whole, emptied, tmp_path):
    both = [begun(tmp_path / name, f"tracking.uri={emptied.uri}") for name in ("one", "two")]
    told = [sweep.communicate(timeout=300) for sweep in both]
    assert [sweep.returncode for sweep in both] == [0, 0], told
    assert recorded_once(emptied.uri) == (4, TRIALS)
    assert numbers(tmp_path / "one") == numbers(tmp_path / "two") == whole


@pytest.fixture
def named(task):
    """A task that no other test has an experiment of."""
    return replace(task, name=f"blobs {time.monotonic()}")


@pytest.fixture
def recorder(server, named, tmp_path):
    """Makes recorders, each with a records folder of its own, as on several machines."""
    return lambda folder: Recorder(open_store(tmp_path / folder, server.uri), named, "seed: 0\n")


def result():
    return CellResult(Outcome.COMPLETE, 1, 0, 0.1, 0.25, 0.5, b"\x01" * 25, 0.01, 0.02)


def test_a_live_drivers_cell_is_awaited_and_neither_run_nor_removed(
    server, recorder, named, make_cell, logistic
):
    one, other, cell = recorder("one"), recorder("other"), make_cell(logistic)
    assert one.claim(cell)
    assert one.begin(cell) == ()
    one.trial(cell, TRIAL)
    assert not other.claim(cell)
    one.trial(cell, replace(TRIAL, number=1))
    one.result(cell, result())
    one.release(cell)
    wait_until(lambda: other.claim(cell))
    assert other.begin(cell) is None
    assert recorded_once(server.uri, named.name) == (1, 2)


def test_a_driver_that_slept_while_another_took_its_cell_leaves_nothing(
    server, recorder, named, make_cell, logistic, monkeypatch
):
    one, cell = recorder("one"), make_cell(logistic)
    one.claim(cell)
    one.begin(cell)
    one.trial(cell, TRIAL)
    monkeypatch.setattr("harness.tracking.recorder.Pace", lambda: Pace(look=0, stale=0))
    other = recorder("other")
    assert other.claim(cell)
    assert other.begin(cell) == (TRIAL,)
    for each in (one, other):
        each.trial(cell, replace(TRIAL, number=1))
    for each in (one, other):
        each.result(cell, result())
        each.release(cell)
    assert recorded_once(server.uri, named.name) == (1, 2)


def test_a_result_is_written_again_after_a_failure_and_leaves_no_orphan(
    server, recorder, named, make_cell, logistic, monkeypatch
):
    one, cell = recorder("one"), make_cell(logistic)
    one.claim(cell)
    one.begin(cell)
    one.trial(cell, TRIAL)
    (parent,) = every(server.uri, named.name, "tags.kind = 'cell'")
    orphan = {"kind": "trial", "cell": cell.key, "number": "0", "mlflow.parentRunId": parent.info.run_id}
    MlflowClient(server.uri).create_run(parent.info.experiment_id, tags=orphan)
    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_inputs", raising(MlflowException("no")))
        with pytest.raises(StoreError, match="cannot be written"):
            one.result(cell, result())
    one.result(cell, result())
    assert recorded_once(server.uri, named.name) == (1, 1)
    found = reading.ended_cells(open_store(server.folder / "reader", server.uri), named.name)
    assert found[cell.key].test_error == result().test_error


def raising(error):
    def call(*words, **named):
        raise error

    return call


def test_a_records_folder_never_removes_a_sweep_that_another_is_writing(
    server, recorder, named, make_cell, logistic, tmp_path
):
    one = recorder("one")
    for repeat in (0, 1):
        cell = make_cell(logistic, repeat=repeat)
        one.claim(cell)
        one.begin(cell)
        one.trial(cell, TRIAL)
        one.result(cell, result())
    stores = [open_store(tmp_path / folder, server.uri) for folder in ("one", "other")]
    records = list(reading.ended_cells(stores[0], named.name).values())
    experiment = stores[0].experiment(named.name)
    for store in stores:  # each was cut off while it wrote the sweep
        store.client.create_run(experiment, tags={"kind": "sweep", "sweep": "s"})
    sweeps.write_sweep(stores[0], experiment, "s", records, (), {"logistic": "l"}, [], "")
    left = every(server.uri, named.name, "tags.kind = 'sweep'")
    origin = stores[1].claims.identity()
    assert sorted((run.info.status, run.data.tags["origin"] == origin) for run in left) == [
        ("FINISHED", False),
        ("RUNNING", True),
    ]


READ = """
import sys
from pathlib import Path
from harness.tracking import artifacts, digests
from harness.tracking.store import open_store

root, uri, run_id = sys.argv[1:]
store, files = open_store(Path(root), uri), digests.of_files({"x.txt": b"held"})
paths = {artifacts.verified(store, run_id, "", files, "x.txt") for _ in range(3)}
print(len(paths), *(path.read_text() for path in paths))
"""


def test_the_copies_of_a_servers_files_are_gone_when_the_process_ends(server, tmp_path):
    client = MlflowClient(server.uri)
    run_id = client.create_run(client.create_experiment("copies")).info.run_id
    client.log_text(run_id, "held", "x.txt")
    copies = tmp_path / "copies"
    copies.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path), server.uri, run_id],
        env={**os.environ, "TMPDIR": str(copies)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "1 held\n", done.stderr
    assert list(copies.iterdir()) == []
