"""What a careful user writes without the harness: scikit-learn, Optuna and MLflow by hand, in one process.

For each family, size and repeat: n rows drawn from the pool, a fifth of them held out, a TPE search whose
every trial is a nested MLflow run, the best setting refitted on all n and tested once. Scaling is fitted on
the training rows of each fit. Networks stop early on an inner tenth, with scikit-learn's own switch.

    python benchmarks/peers/handwritten_sweep.py DATA.npz --out RESULT.npz --uri sqlite:///hand.db

DATA.npz holds X_train, y_train, X_test, y_test. RESULT.npz gets one row of bits per cell (correct, one bit a
test row), its name in `cells` (family, size, repeat), and the seconds: in all, and to create the database.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
import numpy as np
import optuna
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

HIDDEN = {"small_nn": (16,), "medium_nn": (128,), "large_nn": (512, 256)}
FAMILIES = ("logistic_regression", "svm", *HIDDEN)


def learner(family: str, trial: Any, seed: int) -> Pipeline:
    """The pipeline of a family at the setting that a trial suggests."""
    if family == "logistic_regression":
        model: Any = LogisticRegression(C=trial.suggest_float("C", 1e-4, 1e3, log=True), max_iter=300)
    elif family == "svm":
        model = SVC(
            C=trial.suggest_float("C", 1e-2, 1e3, log=True),
            gamma=trial.suggest_float("gamma", 1e-4, 1.0, log=True),
            cache_size=1000,
        )
    else:
        model = MLPClassifier(
            HIDDEN[family],
            learning_rate_init=trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
            alpha=trial.suggest_float("l2", 1e-6, 1e-1, log=True),
            activation=trial.suggest_categorical("activation", ["relu", "tanh", "logistic"]),
            max_iter=60,
            early_stopping=True,
            random_state=seed,
        )
    return make_pipeline(StandardScaler(), model)


@dataclass(frozen=True)
class Cell:
    family: str
    size: int
    repeat: int

    @property
    def name(self) -> str:
        return f"{self.family} {self.size} {self.repeat}"


def run(cell: Cell, data: dict[str, np.ndarray], trials: int) -> np.ndarray:
    """Which test rows the tuned learner of a cell gets right."""
    seed = cell.repeat
    rows = np.random.default_rng(seed).permutation(len(data["X_train"]))[: cell.size]
    X, y = data["X_train"][rows], data["y_train"][rows]
    X_fit, X_held, y_fit, y_held = train_test_split(X, y, test_size=0.2, random_state=seed)

    def objective(trial: Any) -> float:
        with mlflow.start_run(nested=True):
            fitted = learner(cell.family, trial, seed).fit(X_fit, y_fit)
            error = 1.0 - fitted.score(X_held, y_held)
            mlflow.log_params(trial.params)
            mlflow.log_metric("val_error", error)
            return float(error)

    with mlflow.start_run(run_name=cell.name):
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        study.optimize(objective, trials)
        best = learner(cell.family, optuna.trial.FixedTrial(study.best_params), seed).fit(X, y)
        correct = best.predict(data["X_test"]) == data["y_test"]
        mlflow.log_metric("test_error", float(np.mean(~correct)), step=cell.size)
    return correct


def cells(options: argparse.Namespace) -> Iterator[Cell]:
    for family in options.families:
        for size in options.sizes:
            for repeat in range(options.repeats):
                yield Cell(family, size, repeat)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--families", nargs="+", default=FAMILIES)
    parser.add_argument("--uri", default="sqlite:///hand.db")
    parser.add_argument("--out", required=True)
    return parser.parse_args()


def main() -> None:
    warnings.filterwarnings("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    options = parsed()
    with np.load(options.data) as archive:
        data = dict(archive)
    start = time.perf_counter()
    mlflow.set_tracking_uri(options.uri)
    mlflow.set_experiment("hand")
    created = time.perf_counter() - start
    made = {}
    for cell in cells(options):
        made[cell.name] = run(cell, data, options.trials)
        print(
            f"{cell.name}: {np.mean(~made[cell.name]):.4f}  {time.perf_counter() - start:.1f} s", flush=True
        )
    seconds = time.perf_counter() - start
    np.savez(
        options.out,
        cells=list(made),
        correct=np.packbits(list(made.values()), axis=1),
        seconds=seconds,
        created=created,
    )
    print(f"{seconds:.1f} s, of which {created:.1f} s to create the database")


if __name__ == "__main__":
    main()
