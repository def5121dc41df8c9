"""Sweeps made up from random numbers: cells, trials and what a report finds in them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from harness.config import DataSettings, LaunchSettings, RepeatRule, SweepConfig
from harness.plan import Plan, Skipped
from harness.records import Cell, ClaimSettings, Family, Outcome, SearchSettings, Task, Trial
from harness.report.findings import Findings, gather
from harness.tracking.reading import CellRecord, frame

LABELS = {
    "logistic_regression": "logistic regression",
    "svm": "SVM (RBF)",
    "small_nn": "small network",
    "medium_nn": "medium network",
    "large_nn": "large network",
}
SIZES = (128, 256, 512, 1024, 2048, 4096)
ENVIRONMENT = {"python": "3.11", "machine": "x86_64", "system": "Linux", "blas": []}
SOURCE = "name: made-up\nseed: 0\ntracking: {root: mlruns}\n"


def family(name: str, label: str) -> Family:
    space = {
        "rate": {"low": 0.001, "high": 1.0, "log": True, "default": 0.1},
        "units": {"low": 4, "high": 64, "default": 32},
    }
    return Family(name, label, {"_target_": "sklearn.linear_model.LogisticRegression"}, space)


def trials_of(rng: np.random.Generator, error: float, count: int) -> tuple[Trial, ...]:
    made = []
    for number in range(count):
        params = {"rate": float(10 ** rng.uniform(-3, 0)), "units": int(rng.integers(4, 64))}
        found = error + 0.02 * abs(float(np.log10(params["rate"]) + 1)) + float(rng.normal(0, 0.003))
        made.append(Trial(number, params, Outcome.COMPLETE, found, found, seconds=0.1))
    return tuple(made)


@pytest.fixture(scope="module")
def blobs() -> Task:
    """A task of 6,000 rows to draw on and 400 test rows; only its facts are looked at."""
    X, y = np.zeros((6400, 3), dtype=np.float32), np.arange(6400) % 3
    features = ("x0", "x1", "x2")
    return Task("blobs", X[:6000], y[:6000], X[6000:], y[6000:], ("a", "b", "c"), features, "d" * 32)


@pytest.fixture(scope="module")
def make_config(tmp_path_factory) -> Callable[..., SweepConfig]:
    """A configuration whose families' files are all alike."""

    def make(labels=LABELS, sizes=SIZES, repeats=5, source=SOURCE, **change) -> SweepConfig:
        families = tuple(family(name, label) for name, label in labels.items())
        made = SweepConfig(
            name="made-up",
            seed=0,
            repeats=RepeatRule((), repeats),
            data=DataSettings("blobs", tuple(sizes), {}),
            families=families,
            search=SearchSettings(trials=8),
            claims=ClaimSettings(),
            launch=LaunchSettings("inline", None),
            root=tmp_path_factory.mktemp("records"),
            uri=None,
            format="text",
            trusted_modules=(),
            source=source,
        )
        return replace(made, **change)

    return make


@pytest.fixture(scope="module", autouse=True)
def _quick_importances():
    """fANOVA takes seconds, and has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.report.findings.importances", lambda *_: {"rate": 0.75, "units": 0.25})
        yield


@pytest.fixture(scope="module")
def find(blobs: Task) -> Callable[..., Findings]:
    """The findings of a made-up sweep, in which each family's error falls as a power of the size.

    `fail` names (family, size) whose first repeat failed; `skip` sizes that the SVM is not run at.
    """

    def make(config, fail=(), skip=(), data=blobs, gain=0.02, trials=8) -> Findings:
        rng = np.random.default_rng(0)
        cells, records, bits, tried = [], [], {}, {}
        hard = rng.random(400)
        for rank, each in enumerate(config.families):
            for size in config.data.sizes:
                if each.name == "svm" and size in skip:
                    continue
                error = 1.2 * size**-0.25 * (1 - gain * rank)
                for repeat in range(config.repeats.at(size)):
                    key = f"{each.name}-{size}-{repeat}"
                    failed = repeat == 0 and (each.name, size) in fail
                    wrong = rng.random(400) < 2 * hard * (error + rng.normal(0, 0.005))
                    cells.append(Cell(key, data.name, data.digest, "", each, size, repeat, 0, config.search))
                    tried[key] = trials_of(rng, error, trials)
                    bits[key] = np.packbits(~wrong).tobytes()
                    records.append(
                        CellRecord(
                            key=key,
                            run_id=f"{len(records):032x}",
                            family=each.name,
                            size=size,
                            repeat=repeat,
                            outcome="failed" if failed else "complete",
                            test_error=None if failed else float(wrong.mean()),
                            val_error=None if failed else error,
                            trials=trials,
                            fit_seconds=0.1,
                            seconds=0.01 * size**0.5,
                            test_rows=400,
                            message="it broke" if failed else "",
                            versions="python 3.11, numpy 2",
                        )
                    )
        skipped = tuple(Skipped("svm", size, "above its largest size, 1,024") for size in skip)
        plan = Plan(data, tuple(cells), skipped)
        table = frame(records, plan.labels, bits)
        return gather(plan, config.search, config.claims, records, table, tried, [ENVIRONMENT])

    return make
