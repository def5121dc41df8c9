"""What many tests need: a small task, small families, a configuration, and an empty store."""

import gc
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness import secrets
from harness.__main__ import OBJECTS
from harness.config import DataSettings, LaunchSettings, RepeatRule, SweepConfig
from harness.records import Cell, ClaimSettings, Family, SearchSettings, Task


def pytest_configure() -> None:
    """A suite started in the background has Ctrl-C ignored, and so would have the programs it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    gc.set_threshold(OBJECTS)


def pytest_collection_finish() -> None:
    """What was imported for the tests stays: no look for garbage goes through it."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_secret_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is one command, and hides to its end what a configuration of it took from the environment."""
    monkeypatch.setattr(secrets, "_taken", {})
    monkeypatch.setattr(secrets, "_given", set())


@pytest.fixture(scope="session")
def template_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store; making one takes seconds, copying it does not."""
    from harness.tracking.store import open_store

    root = tmp_path_factory.mktemp("template")
    open_store(root)
    return root


@pytest.fixture
def root(template_store: Path, tmp_path: Path) -> Path:
    """A records folder with an empty store."""
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path


@pytest.fixture
def task() -> Task:
    """Three overlapping Gaussian classes in 5 dimensions: 400 pool rows, 200 test rows."""
    rng = np.random.default_rng(0)
    y = np.arange(600) % 3
    X = (rng.normal(size=(600, 5)) + 1.2 * np.eye(3, 5)[y]).astype(np.float32)
    pool, test = slice(0, 400), slice(400, 600)
    features = tuple(f"x{i}" for i in range(5))
    return Task("blobs", X[pool], y[pool], X[test], y[test], ("a", "b", "c"), features, digest="d" * 32)


@pytest.fixture(scope="session")
def logistic() -> Family:
    """A family that is fitted at once."""
    return Family(
        name="logistic",
        label="logistic regression",
        estimator={"_target_": "sklearn.linear_model.LogisticRegression", "max_iter": 200},
        space={"C": {"low": 0.001, "high": 10.0, "log": True, "default": 1.0}},
    )


@pytest.fixture(scope="session")
def network() -> Family:
    """A family that trains in steps."""
    return Family(
        name="network",
        label="small network",
        estimator={"_target_": "models.NeuralNetworkClassifier", "steps": 60, "batch_size": 16},
        space={
            "hidden": {"layers": 1, "units": {"low": 2, "high": 16, "log": True, "default": 8}},
            "learning_rate": {"low": 0.0001, "high": 0.1, "log": True, "default": 0.01},
            "activation": {"choices": ["relu", "tanh"], "default": "relu"},
        },
        progress="steps",
        preprocess="none",
    )


@pytest.fixture(scope="session")
def config_at(logistic: Family, network: Family) -> Callable[[Path], SweepConfig]:
    """A sweep on digits that takes a second: two families, two sizes, two repeats, four trials."""

    def make(root: Path) -> SweepConfig:
        return SweepConfig(
            name="digits",
            seed=0,
            repeats=RepeatRule((), beyond=2),
            data=DataSettings("digits", (64, 128), {}),
            families=(logistic, network),
            search=SearchSettings(trials=4),
            claims=ClaimSettings(linear="logistic", kernel="svm", networks=("network",)),
            launch=LaunchSettings("inline"),
            root=root,
            uri=None,
            format="text",
            trusted_modules=(),
            source="name: digits\n",
        )

    return make


@pytest.fixture
def config(root: Path, config_at: Callable[[Path], SweepConfig]) -> SweepConfig:
    """That sweep, to be recorded in the empty store."""
    return config_at(root)


@pytest.fixture
def make_cell(task: Task):
    """A cell of the small task."""

    def make(family: Family, size: int = 90, repeat: int = 1, trials: int = 6, **search) -> Cell:
        settings = replace(SearchSettings(trials=trials), **search)
        key = f"{family.name}-{size}-{repeat}"
        return Cell(key, task.name, task.digest, "", family, size, repeat, 0, settings)

    return make
