"""Diabetes: how far the disease went in a year, a number, of 442 patients; bundled with scikit-learn."""

from __future__ import annotations

import importlib.metadata

import numpy as np

from ..records import Task
from ..seeds import seed_for
from ..splits import subset
from .recipe import About, Options, Recipe

TEST_ROWS = 100
ABOUT = About(
    title="how far diabetes went in a year, a number, from 10 measurements of a patient",
    rows="342 + 100",
    source="scikit-learn (Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression)",
    licence="not stated",
)


def _prepare(_: Options) -> Task:
    from sklearn.datasets import load_diabetes

    patients = load_diabetes(scaled=False)
    X, y = patients.data.astype(np.float32), patients.target.astype(np.float64)
    alike = np.zeros(len(y), dtype=np.int64)
    test = np.sort(subset(alike, TEST_ROWS, repeat=0, seed=seed_for("test", data="diabetes")))
    pool = np.setdiff1d(np.arange(len(y)), test)
    return Task(
        name="diabetes",
        X=X[pool],
        y=y[pool],
        X_test=X[test],
        y_test=y[test],
        classes=(),
        features=tuple(patients.feature_names),
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


def _source(_: Options) -> str:
    return f"scikit-learn {importlib.metadata.version('scikit-learn')}"


RECIPE = Recipe(version=1, defaults={}, source=_source, prepare=_prepare, about=ABOUT)
