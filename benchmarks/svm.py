"""KernelSVC beside scikit-learn's SVC, and scikit-learn-intelex's where it is installed: one core, medians.

Run: python benchmarks/svm.py [ROWS ...] (1024, 4096 and 10000 where none are given; ten minutes). Rows of
flights, standardised. Each learner is fitted and asked for the 10,000 test rows, five times in turn; seconds
are the process's own, on one BLAS thread and one core. `shared` is a fit whose distances were made by the
trial before. The test errors must be equal to 4 digits, and intelex's, another solver, within a tenth of a
point.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from harness import data
from harness.records import Task
from harness.splits import subset
from models import distances
from models.svm import KernelSVC

SETTINGS = {"usual": (10.0, 0.01), "smooth": (300.0, 0.003), "hopeless": (100.0, 0.1)}
RUNS = 5


def learners() -> dict[str, Callable[[float, float], Any]]:
    made: dict[str, Callable[[float, float], Any]] = {
        "SVC": lambda C, gamma: SVC(C=C, gamma=gamma, cache_size=500),
        "alone": lambda C, gamma: KernelSVC(C, gamma=gamma),
        "shared": lambda C, gamma: KernelSVC(C, gamma=gamma),
    }
    if importlib.util.find_spec("sklearnex"):
        from sklearnex import svm

        made["intelex"] = lambda C, gamma: svm.SVC(C=C, gamma=gamma)
    return made


@dataclass(frozen=True)
class Rows:
    """Standardised rows of flights to learn from, and the test rows."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def drawn(task: Task, count: int) -> Rows:
    chosen = subset(task.y, count, repeat=1, seed=0)
    scaler = StandardScaler().fit(task.X[chosen])
    return Rows(scaler.transform(task.X[chosen]), task.y[chosen], scaler.transform(task.X_test), task.y_test)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def measured(make: Callable[[], Any], rows: Rows, shares: bool) -> tuple[float, float, float]:
    """Seconds to fit and to predict, and the test error."""
    with distances.shared():
        if shares:
            distances.among(rows.X[np.argsort(rows.y, kind="stable")])
        fit, fitted = seconds(lambda: make().fit(rows.X, rows.y))
    ask, said = seconds(lambda: fitted.predict(rows.X_test))
    return fit, ask, round(float(np.mean(said != rows.y_test)), 4)


def compare(rows: Rows) -> None:
    for word, (C, gamma) in SETTINGS.items():
        made: dict[str, list[tuple[float, float, float]]] = {name: [] for name in learners()}
        for _ in range(RUNS):
            for name, make in learners().items():
                made[name].append(measured(partial(make, C, gamma), rows, shares=name == "shared"))
        errors = {name: runs[0][2] for name, runs in made.items()}
        assert abs(errors.pop("intelex", errors["SVC"]) - errors["SVC"]) < 0.001, "intelex differs"
        assert len(set(errors.values())) == 1, f"they differ: {errors}"
        fits, asks = ([statistics.median(run[at] for run in runs) for runs in made.values()] for at in (0, 1))
        shown = " | ".join(f"{each:.2f}" for each in (*fits, *asks))
        print(f"| {len(rows.y):,} | {word} (C={C:g}, gamma={gamma:g}) | {shown} |", flush=True)


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [1024, 4096, 10_000]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as cache, threadpoolctl.threadpool_limits(1):
        task = data.load("flights", {}, Path(cache))
        names = [f"{work}, {name}" for work in ("fit", "predict") for name in learners()]
        print(f"| rows | setting | {' | '.join(names)} |")
        print(f"| --- | --- |{' --- |' * len(names)}")
        for rows in sizes:
            compare(drawn(task, rows))


if __name__ == "__main__":
    main()
