"""A ledger in memory, and small cells on digits: what every launcher is tried with."""

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from harness import data
from harness.records import Cell, Family, SearchSettings

MISCHIEF = '''
import ctypes, os, subprocess, time
from pathlib import Path
import numpy as np
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
            with open("deaths", "a") as deaths:
                print(os.getpid(), file=deaths)
            os._exit(3)
        if self.deed == "crash":
            ctypes.string_at(0)
        if self.deed == "eat":
            self.eaten = [np.ones(2**20) for _ in range(10**6)]  # 8 MB each
        if self.deed == "nan":
            raise FloatingPointError("overflow")
        if self.deed == "breed":
            child = subprocess.Popen(["sleep", "600"])
            open("child.pid", "w").write(str(child.pid))
            time.sleep(600)
        if self.deed == "tell its threads":
            import threadpoolctl
            told = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
            told += [os.environ[n] for n in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")]
            Path("threads.txt").write_text(repr(sorted({str(t) for t in told})))
        if self.deed == "hang in the refit" and len(y) == 64:
            time.sleep(600)
        if self.deed == "die in the refit" and len(y) == 64:
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
    order: list[tuple[str, str]] = field(default_factory=list)
    on_trial: object = None

    def claim(self, cell):
        if cell.key in self.busy:
            self.busy.discard(cell.key)  # the other driver ends before the next look
            return False
        self.held.append(cell.key)
        return True

    def release(self, cell):
        self.held.remove(cell.key)

    def begin(self, cell):
        self.order.append(("begin", cell.key))
        return None if cell.key in self.done else tuple(self.recorded.setdefault(cell.key, []))

    def elsewhere(self, cell):
        assert cell.key in self.done

    def started(self, cell, number):
        assert number == len(self.recorded[cell.key])

    def trial(self, cell, trial):
        self.recorded[cell.key].append(trial)
        if self.on_trial is not None:
            self.on_trial(cell, trial)

    def result(self, cell, result):
        assert cell.key not in self.results
        self.order.append(("result", cell.key))
        self.results[cell.key] = result

    def story(self):
        """Everything that must not depend on where cells run."""
        trials = {key: [replace(trial, seconds=0.0) for trial in ts] for key, ts in self.recorded.items()}
        ended = {
            key: (result.outcome, result.best, result.val_error, result.test_log_loss, result.correct)
            for key, result in self.results.items()
        }
        return trials, ended


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    return data.load("digits", {}, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def memory():
    return Memory


@pytest.fixture(scope="session")
def make_cells(digits):
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
def cells(make_cells):
    return make_cells


@contextmanager
def in_mischief(folder):
    """Within, the working folder is one with the estimator, for workers too; makes families of its deeds."""
    (folder / "mischief.py").write_text(MISCHIEF)

    def make(*deeds):
        space = {"deed": {"choices": list(deeds), "default": deeds[0]}}
        return Family("mischief", "", {"_target_": "mischief.Mischief"}, space, preprocess="none")

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path, str(folder)])
        yield make


@pytest.fixture(scope="session")
def make_mischief():
    return in_mischief


@pytest.fixture
def mischief(tmp_path):
    with in_mischief(tmp_path) as make:
        yield make
