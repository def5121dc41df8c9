import contextlib
import http.client
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness import launch
from harness.config import LaunchSettings
from harness.launch.work import Work
from harness.records import Outcome

INLINE = LaunchSettings("inline")
ONE, TWO = LaunchSettings("local", 1), LaunchSettings("local", 2)


def test_inline_and_local_workers_tell_the_same_story(cells, memory, logistic):
    ledgers = []
    for settings in (INLINE, ONE, TWO):
        ledgers.append(memory())
        launch.run(settings, cells(logistic), ledgers[-1])
    assert len(ledgers[0].results) == 2
    assert ledgers[1].story() == ledgers[0].story()
    assert ledgers[2].story() == ledgers[0].story()
    assert all(ledger.held == [] for ledger in ledgers)


@pytest.mark.parametrize("deed", ["hang", "spin"])
def test_a_trial_past_its_limit_is_ended_from_outside_and_the_sweep_goes_on(cells, memory, mischief, deed):
    ledger = memory()
    start = time.monotonic()
    launch.run(ONE, cells(mischief(deed, "none"), count=1, trial_seconds=1.0), ledger)
    first, *others = ledger.recorded["cell0"]
    assert (first.outcome, first.params) == (Outcome.TIMED_OUT, {"deed": deed})
    assert "search.trial_seconds=1" in first.message
    assert first.seconds < 3.0
    assert [trial.number for trial in others] == [1, 2]
    assert time.monotonic() - start < 60


def test_a_trial_past_its_limit_leaves_no_process_behind(cells, memory, mischief):
    ledger = memory()
    launch.run(ONE, cells(mischief("breed", "none"), count=1, trial_seconds=1.0), ledger)
    assert ledger.recorded["cell0"][0].outcome is Outcome.TIMED_OUT
    assert not psutil.pid_exists(int(Path("child.pid").read_text()))


def test_a_trial_that_grows_past_the_memory_limit_is_ended_and_the_sweep_goes_on(cells, memory, mischief):
    ledger, limit = memory(), 10**9
    launch.run(replace(ONE, memory=limit), cells(mischief("eat", "none"), count=1), ledger)
    first, *others = ledger.recorded["cell0"]
    assert (first.outcome, first.params) == (Outcome.OUT_OF_MEMORY, {"deed": "eat"})
    assert "launch.memory=0.93 GiB" in first.message
    assert [trial.outcome for trial in others] == [Outcome.COMPLETE] * 2
    assert ledger.results["cell0"].outcome is Outcome.COMPLETE


def test_a_refit_past_the_limit_of_a_trial_ends_its_cell_with_the_reason(cells, memory, mischief):
    ledger = memory()
    launch.run(TWO, cells(mischief("hang in the refit"), trials=1, trial_seconds=1.0), ledger)
    for result in ledger.results.values():
        assert result.outcome is Outcome.TIMED_OUT
        assert result.message == "ran past search.trial_seconds=1 in the refit of trial 0"


def test_a_refit_that_ends_its_process_twice_fails_its_cell(cells, memory, mischief):
    ledger = memory()
    launch.run(ONE, cells(mischief("die in the refit"), trials=1, count=1), ledger)
    assert ledger.results["cell0"].message == "its process ended 2 times in the refit of trial 0"


@pytest.mark.parametrize("settings", [INLINE, ONE], ids=["inline", "local"])
def test_a_fit_that_is_not_finite_diverged_and_is_never_the_best(cells, memory, mischief, settings):
    ledger = memory()
    launch.run(settings, cells(mischief("nan", "none"), count=1), ledger)
    assert ledger.recorded["cell0"][0].outcome is Outcome.DIVERGED
    assert ledger.results["cell0"].best != 0


@pytest.mark.parametrize("deed", ["die", "crash"])
def test_a_trial_that_ends_its_process_twice_failed_and_the_sweep_goes_on(cells, memory, mischief, deed):
    ledger = memory()
    launch.run(TWO, cells(mischief(deed, "none"), trials=4), ledger)
    for key in ("cell0", "cell1"):
        assert ledger.results[key].message == ""
        first = ledger.recorded[key][0]
        assert (first.outcome, first.message) == (Outcome.FAILED, "its process ended 2 times")
        assert [trial.number for trial in ledger.recorded[key]] == [0, 1, 2, 3]
        assert ledger.results[key].trials == 4


@pytest.mark.parametrize("settings", [INLINE, TWO], ids=["inline", "local"])
def test_a_cell_whose_data_is_gone_failed_with_its_sentence(cells, memory, logistic, settings):
    (cell,) = cells(logistic, count=1)
    ledger = memory()
    launch.run(settings, [replace(cell, path="/nowhere/at/all")], ledger)
    assert ledger.results["cell0"].outcome is Outcome.FAILED
    assert "/nowhere/at/all" in ledger.results["cell0"].message


def test_a_cell_goes_on_from_its_recorded_trials(cells, memory, logistic):
    whole = memory()
    launch.run(INLINE, cells(logistic, count=1), whole)
    part = memory(recorded={"cell0": whole.recorded["cell0"][:2]})
    launch.run(ONE, cells(logistic, count=1), part)
    assert part.story() == whole.story()


def test_a_cell_that_another_driver_holds_is_awaited_and_one_it_finished_is_not_run(cells, memory, logistic):
    ledger = memory(busy={"cell0"}, done={"cell1"})
    launch.run(INLINE, cells(logistic), ledger)
    assert list(ledger.results) == ["cell0"]
    assert ledger.held == []


def test_work_hands_out_each_cell_once_and_passes_over_a_busy_one(cells, memory, logistic):
    work = Work(cells(logistic, count=3), memory(busy={"cell0"}))
    assert [work.take()[0].key for _ in range(3)] == ["cell1", "cell0", "cell2"]
    assert not work
    assert work.take() is None


def test_workers_run_on_one_blas_thread(cells, memory, mischief, tmp_path):
    (tmp_path / "mischief.py").write_text(
        "import os\n"
        "from pathlib import Path\n"
        "from sklearn.dummy import DummyClassifier\n"
        "class Mischief(DummyClassifier):\n"
        "    def __init__(self, deed='none'):\n"
        "        super().__init__(strategy='prior')\n"
        "        self.deed = deed\n"
        "    def fit(self, X, y):\n"
        "        import threadpoolctl\n"
        "        told = [pool['num_threads'] for pool in threadpoolctl.threadpool_info()]\n"
        "        told += [os.environ[n] for n in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')]\n"
        "        Path('threads.txt').write_text(repr(sorted({str(t) for t in told})))\n"
        "        return super().fit(X, y)\n"
    )
    launch.run(ONE, cells(mischief("none"), count=1, trials=1), memory())
    assert Path("threads.txt").read_text() == "['1']"


def test_local_workers_listen_on_the_loopback_address_alone_and_show_no_pages(cells, memory, logistic):
    heard, answers = [], set()

    def listen(cell, trial):
        tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
        sockets = [each for process in tree for each in process.net_connections("inet")]
        heard.extend(each.laddr for each in sockets if each.status == psutil.CONN_LISTEN)
        answers.update(status_of(address.port, "/info/main/workers.html") for address in heard)

    launch.run(TWO, cells(logistic, trials=1), memory(on_trial=listen))
    assert len(heard) >= 4  # scheduler, two nannies, two workers, and a port for pages each
    assert {address.ip for address in heard} == {"127.0.0.1"}
    assert answers == {None, 404}


def status_of(port, page):
    """What a port answers to a browser; None where it speaks no HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", page)
        return connection.getresponse().status
    return None
