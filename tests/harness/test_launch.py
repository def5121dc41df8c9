import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness import data, launch
from harness.launch.work import Work
from harness.records import Cell, Family, Outcome, SearchSettings

MISCHIEF = '''
import os, time
from sklearn.dummy import DummyClassifier

class Mischief(DummyClassifier):
    """Does as its parameter says, in one of its settings."""

    def __init__(self, deed="none"):
        super().__init__(strategy="prior")
        self.deed = deed

    def fit(self, X, y):
        if self.deed == "hang":
            time.sleep(600)
        if self.deed == "spin":
            sum(1 for _ in iter(int, 1))
        if self.deed == "die":
            os._exit(3)
        return super().fit(X, y)
'''


@dataclass
class Memory:
    """A ledger that keeps everything in lists."""

    busy: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    recorded: dict[str, list] = field(default_factory=dict)
    results: dict[str, object] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)

    def claim(self, cell):
        if cell.key in self.busy:
            self.busy.discard(cell.key)  # the other driver ends before the next look
            return False
        self.held.append(cell.key)
        return True

    def release(self, cell):
        self.held.remove(cell.key)

    def begin(self, cell):
        return None if cell.key in self.done else tuple(self.recorded.setdefault(cell.key, []))

    def elsewhere(self, cell):
        assert cell.key in self.done

    def started(self, cell, number):
        assert number == len(self.recorded[cell.key])

    def trial(self, cell, trial):
        self.recorded[cell.key].append(trial)

    def result(self, cell, result):
        assert cell.key not in self.results
        self.results[cell.key] = result


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return data.load("digits", {}, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def cells(digits):
    def make(family, count=2, trials=3, **search):
        settings = replace(SearchSettings(trials=trials, pruner="none"), **search)
        return [
            Cell(
                f"cell{r}", digits.name, digits.digest, digits.path, family, 64, r, 0, settings, ("mischief",)
            )
            for r in range(count)
        ]

    return make


@pytest.fixture
def mischief(tmp_path, monkeypatch):
    (tmp_path / "mischief.py").write_text(MISCHIEF)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])

    def make(*deeds):
        space = {"deed": {"choices": list(deeds), "default": deeds[0]}}
        return Family("mischief", "", {"_target_": "mischief.Mischief"}, space, preprocess="none")

    return make


def timeless(trials):
    return [replace(trial, seconds=0.0) for trial in trials]


def test_inline_and_local_workers_tell_the_same_story(cells, logistic):
    ledgers = []
    for name, workers in (("inline", None), ("local", 1), ("local", 2)):
        ledgers.append(Memory())
        launch.run(name, cells(logistic), ledgers[-1], workers)
    first = ledgers[0]
    for other in ledgers[1:]:
        assert other.results.keys() == first.results.keys()
        for key, result in first.results.items():
            assert timeless(other.recorded[key]) == timeless(first.recorded[key])
            assert other.results[key].correct == result.correct
            assert other.results[key].test_log_loss == result.test_log_loss
    assert all(ledger.held == [] for ledger in ledgers)


@pytest.mark.parametrize("deed", ["hang", "spin"])
def test_a_trial_past_its_limit_is_ended_from_outside_and_the_sweep_goes_on(cells, mischief, deed):
    ledger = Memory()
    start = time.monotonic()
    launch.run("local", cells(mischief(deed, "none"), count=1, trial_seconds=1.0), ledger, 1)
    first, *others = ledger.recorded["cell0"]
    assert (first.outcome, first.params) == (Outcome.TIMED_OUT, {"deed": deed})
    assert "search.trial_seconds=1" in first.message
    assert first.seconds < 3.0
    assert [trial.number for trial in others] == [1, 2]
    assert time.monotonic() - start < 60


def test_a_trial_that_ends_its_process_twice_failed_and_the_sweep_goes_on(cells, mischief):
    ledger = Memory()
    launch.run("local", cells(mischief("die", "none"), trials=4), ledger, 2)
    for key in ("cell0", "cell1"):
        assert ledger.results[key].message == ""
        first = ledger.recorded[key][0]
        assert (first.outcome, first.message) == (Outcome.FAILED, "its process ended 2 times")
        assert [trial.number for trial in ledger.recorded[key]] == [0, 1, 2, 3]
        assert ledger.results[key].trials == 4


@pytest.mark.parametrize("name", ["inline", "local"])
def test_a_cell_whose_data_is_gone_failed_with_its_sentence(cells, logistic, name):
    (cell,) = cells(logistic, count=1)
    ledger = Memory()
    launch.run(name, [replace(cell, path="/nowhere/at/all")], ledger)
    assert ledger.results["cell0"].outcome is Outcome.FAILED
    assert "/nowhere/at/all" in ledger.results["cell0"].message


def test_a_cell_goes_on_from_its_recorded_trials(cells, logistic):
    whole = Memory()
    launch.run("inline", cells(logistic, count=1), whole)
    part = Memory(recorded={"cell0": whole.recorded["cell0"][:2]})
    launch.run("local", cells(logistic, count=1), part, 1)
    assert timeless(part.recorded["cell0"]) == timeless(whole.recorded["cell0"])
    assert part.results["cell0"].correct == whole.results["cell0"].correct


def test_a_cell_that_another_driver_holds_is_awaited_and_one_it_finished_is_not_run(cells, logistic):
    ledger = Memory(busy={"cell0"}, done={"cell1"})
    launch.run("inline", cells(logistic), ledger)
    assert list(ledger.results) == ["cell0"]
    assert ledger.held == []


def test_work_hands_out_each_cell_once_and_passes_over_a_busy_one(cells, logistic):
    work = Work(cells(logistic, count=3), Memory(busy={"cell0"}))
    assert [work.take()[0].key for _ in range(3)] == ["cell1", "cell0", "cell2"]
    assert not work
    assert work.take() is None


def test_workers_run_on_one_blas_thread(cells, mischief, tmp_path):
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
    launch.run("local", cells(mischief("none"), count=1, trials=1), Memory(), 1)
    assert Path("threads.txt").read_text() == "['1']"
