"""Schedulers and workers that the sweep did not start: by hand on loopback, and through Slurm's commands."""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dask
import psutil
import pytest

from harness import launch
from harness.config import LaunchSettings
from harness.errors import LaunchError
from harness.launch import clusters, driver, slurm, worker
from harness.records import CellEnded, CellResult, Outcome, Trial, TrialEnded
from tests.waiting import wait_until

INLINE = LaunchSettings("inline")
REPOSITORY = Path(__file__).parents[3]
IDLE = 200 * 2**20  # bytes; an idle worker needs less, one that runs cells more


class ByHand:
    """A scheduler and its workers, as a person starts them, each in a session of its own."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"

    def start(self, program, *words):
        command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *words, "--no-dashboard"]
        with (self.folder / "dask.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def scheduler(self):
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        return self.start("scheduler", *where, "--dashboard-address", "127.0.0.1:0")

    def worker(self, *words):
        return self.start("worker", self.address, "--nthreads", "1", "--host", "127.0.0.1", *words)

    def end(self):
        for process in self.processes:
            kill_session(process)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def kill_session(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(autouse=True)
def looks(monkeypatch):
    """A death that Dask does not tell of is known after some looks."""
    monkeypatch.setattr(driver, "LOOK_SECONDS", 0.25)


@pytest.fixture
def by_hand(tmp_path):
    made = ByHand(tmp_path)
    yield made
    made.end()


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def settings(by_hand, **more):
    return LaunchSettings("dask", address=by_hand.address, **more)


def test_workers_started_by_hand_tell_the_same_story_also_when_one_is_killed(
    by_hand, cells, memory, logistic
):
    by_hand.scheduler()
    workers = [by_hand.worker(), by_hand.worker()]
    whole, ledger = memory(), memory()
    launch.run(INLINE, cells(logistic, count=4), whole)

    def kill_one(cell, trial):
        if len(workers) == 2 and trial.number == 1:
            kill_session(workers.pop())  # nanny and worker

    ledger.on_trial = kill_one
    launch.run(settings(by_hand), cells(logistic, count=4), ledger)
    assert len(workers) == 1
    assert ledger.story() == whole.story()


def test_a_scheduler_that_dies_loses_nothing_and_the_same_cells_continue(
    by_hand, cells, memory, logistic, monkeypatch
):
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 4)  # so long is a scheduler that is gone looked for
    first = [by_hand.scheduler(), by_hand.worker()]
    whole, ledger = memory(), memory()
    launch.run(INLINE, cells(logistic), whole)
    wait_until(lambda: answers(by_hand.port))

    def kill_all(cell, trial):
        if first and trial.number == 1:
            while first:
                kill_session(first.pop(0))

    ledger.on_trial = kill_all
    with pytest.raises(LaunchError, match=r"the scheduler at tcp://127.0.0.1:\d+ is gone"):
        launch.run(settings(by_hand), cells(logistic), ledger)
    assert sum(map(len, ledger.recorded.values())) < 6
    by_hand.scheduler()
    by_hand.worker()
    wait_until(lambda: answers(by_hand.port))
    rest = memory(recorded=ledger.recorded, done=set(ledger.results), results=ledger.results)
    launch.run(settings(by_hand), cells(logistic), rest)
    assert rest.story() == whole.story()


def test_a_hung_trial_on_a_foreign_worker_is_ended_and_so_is_one_that_grows(by_hand, cells, memory, mischief):
    by_hand.scheduler()
    by_hand.worker()
    ledger, limits = memory(), {"hang": 3.0, "eat": 60.0, "none": 60.0}
    each = [
        replace(cell, key=deed)
        for deed, seconds in limits.items()
        for cell in cells(mischief(deed), count=1, trials=1, trial_seconds=seconds)
    ]
    launch.run(settings(by_hand, memory=10**9), each, ledger)
    (hung,), (grown,), (fine,) = (ledger.recorded[deed] for deed in limits)
    assert hung.outcome.value == "timed out"
    assert hung.seconds <= 5.0
    assert grown.outcome.value == "out of memory"
    assert fine.outcome.value == "complete"


def test_a_process_with_the_address_of_a_dead_one_is_another(by_hand, cells, memory, mischief):
    """A scheduler gives it what was meant for the dead one, several times, where it is not told otherwise."""
    by_hand.scheduler()
    by_hand.worker("--worker-port", str(free_port()))
    ledger = memory()
    launch.run(settings(by_hand), cells(mischief("die"), count=1, trials=2), ledger)
    assert [trial.message for trial in ledger.recorded["cell0"]] == ["its process ended 2 times"] * 2
    assert len((by_hand.folder / "deaths").read_text().split()) == 4


def test_a_hung_task_does_not_come_back_when_its_address_does(by_hand, cells, memory, mischief):
    by_hand.scheduler()
    first, second = str(free_port()), str(free_port())
    ports, workers = [second, first], [by_hand.worker("--worker-port", first)]
    ledger = memory()

    def move(cell, number):
        if ports and number == 2 - len(ports):
            kill_session(workers.pop())
            workers.append(by_hand.worker("--worker-port", ports.pop(0)))

    ledger.started = move
    launch.run(settings(by_hand), cells(mischief("hang"), count=1, trials=3, trial_seconds=1.0), ledger)
    assert [trial.outcome.value for trial in ledger.recorded["cell0"]] == ["timed out"] * 3


def test_a_worker_without_a_nanny_is_refused(by_hand, cells, memory, logistic):
    by_hand.scheduler()
    by_hand.worker("--no-nanny")
    with pytest.raises(LaunchError, match="each needs a nanny"):
        launch.run(settings(by_hand), cells(logistic), memory())


def test_where_no_scheduler_answers_the_address_is_named(by_hand, cells, memory, logistic, monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1)
    with pytest.raises(LaunchError, match=r"no scheduler answers at tcp://127.0.0.1:\d+ .*launch.address"):
        launch.run(settings(by_hand), cells(logistic), memory())


def test_a_worker_with_other_versions_or_without_the_data_is_told_apart(tmp_path):
    wanted = worker.facts()
    assert worker.fault(wanted, str(tmp_path)) == ""
    assert worker.fault(wanted | {"numpy": "1.0"}, "").endswith("not 1.0")
    assert worker.fault(wanted, "/nowhere") == "does not see /nowhere"


SBATCH = """\
#!{python}
import subprocess, sys
log = open({log!r}, "ab")
job = subprocess.Popen(["bash", sys.argv[-1]], stdout=log, stderr=log, start_new_session=True)
print("Submitted batch job", job.pid)
"""
SCANCEL = """\
#!{python}
import contextlib, os, signal, sys
with contextlib.suppress(ProcessLookupError):
    os.killpg(int(sys.argv[-1]), signal.SIGKILL)
"""


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """Slurm's two commands, as far as dask-jobqueue uses them, on this machine."""
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text.format(python=sys.executable, log=str(tmp_path / "jobs.log")))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return LaunchSettings(
        "slurm", workers=2, memory=2 * 10**9, walltime="00:10:00", queue="short", folder=tmp_path / "slurm"
    )


def test_the_job_script_asks_for_one_core_and_the_memory_and_starts_a_watched_worker(jobs, tmp_path):
    security = slurm.certificates(tmp_path)
    with slurm.cluster_of(replace(jobs, account="lab"), security) as cluster:
        script = cluster.job_script()
    for line in (
        *("#SBATCH -J harness", "#SBATCH -p short", "#SBATCH -A lab", "#SBATCH -n 1"),
        *("#SBATCH --cpus-per-task=1", "#SBATCH --mem=2G", "#SBATCH -t 00:10:00"),
        *("export OMP_NUM_THREADS=1", "export OPENBLAS_NUM_THREADS=1"),
    ):
        assert line in script.splitlines()
    assert "--nanny" in script
    assert "--preload harness.launch.worker" in script
    assert "--tls-key" in script
    assert "tls://" in script


def test_jobs_tell_the_same_story_and_end_with_the_sweep(jobs, cells, memory, logistic):
    whole, ledger = memory(), memory()
    launch.run(INLINE, cells(logistic), whole)
    launch.run(jobs, cells(logistic), ledger)
    assert ledger.story() == whole.story()
    wait_until(lambda: not [p for p in psutil.process_iter(["cmdline"]) if str(jobs.folder) in joined(p)])


def joined(process):
    return " ".join(process.info["cmdline"] or ())


def test_a_job_that_is_cut_off_goes_on_in_another(jobs, cells, memory, logistic):
    """Dask gives a lost job some time to come back, before another is submitted."""
    whole, ledger = memory(), memory()
    launch.run(INLINE, cells(logistic), whole)
    killed = []

    def cut_off(cell, trial):
        if not killed and trial.number == 1:
            nannies = [p for p in psutil.process_iter(["cmdline"]) if str(jobs.folder) in joined(p)]
            killed.extend(nannies)
            for process in nannies:
                for each in [process, *process.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        each.kill()

    ledger.on_trial = cut_off
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}):
        launch.run(replace(jobs, workers=1), cells(logistic), ledger)
    assert killed
    assert ledger.story() == whole.story()


def test_a_driver_that_was_killed_leaves_no_guard_and_no_cell_behind(by_hand, cells, memory, logistic):
    by_hand.scheduler()
    by_hand.worker()
    script = (
        "import os\nfrom distributed import Client\nfrom harness.launch.guard import Guard\n"
        f"client = Client({by_hand.address!r})\nclient.wait_for_workers(1)\n"
        f"client.register_plugin(Guard(client.id, {IDLE}))\nos._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    ledger = memory()
    launch.run(settings(by_hand), cells(logistic), ledger)
    outcomes = {trial.outcome.value for trials in ledger.recorded.values() for trial in trials}
    assert outcomes == {"complete"}


def test_a_fit_that_a_killed_driver_left_hanging_is_ended_and_its_worker_used_again(
    by_hand, cells, memory, mischief, logistic
):
    by_hand.scheduler()
    by_hand.worker()
    (hung,) = cells(mischief("hang"), count=1)
    (by_hand.folder / "hung.pickle").write_bytes(pickle.dumps(hung))
    script = (
        "import os, pickle\nfrom harness import launch\nfrom harness.config import LaunchSettings\n"
        "from tests.harness.launch.conftest import Memory\n"
        "ledger = Memory()\nledger.started = lambda cell, number: os._exit(9)\n"  # in mid-trial
        f"settings = LaunchSettings('dask', address={by_hand.address!r})\n"
        "launch.run(settings, [pickle.loads(open('hung.pickle', 'rb').read())], ledger)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{by_hand.folder}"}
    done = subprocess.run([sys.executable, "-c", script], check=False, cwd=by_hand.folder, env=environment)
    assert done.returncode == 9
    ledger = memory()
    launch.run(settings(by_hand), cells(logistic, count=1), ledger)
    assert ledger.results["cell0"].outcome.value == "complete"


def test_a_secret_of_a_workers_environment_leaves_it_hidden(monkeypatch):
    monkeypatch.setenv("WAREHOUSE_TOKEN", "quagga-zorilla")
    said = Trial(0, {}, Outcome.FAILED, message="no quagga-zorilla", traceback="at quagga-zorilla")
    hidden = worker._without_secrets(TrialEnded(said)).trial
    assert (hidden.message, hidden.traceback) == ("no ***", "at ***")
    ended = CellEnded(CellResult(Outcome.FAILED, 1, message="no quagga-zorilla"))
    assert worker._without_secrets(ended).result.message == "no ***"
