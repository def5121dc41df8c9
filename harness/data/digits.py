"""Digits: 1,797 images of 8 x 8 pixels in 17 greys, bundled with scikit-learn; small enough for tests."""

from __future__ import annotations

import importlib.metadata

import numpy as np

from ..records import Task
from ..seeds import seed_for
from ..splits import subset
from .recipe import About, Options, Recipe

TEST_ROWS = 500
ABOUT = About(
    title="which of 10 digits an image of 8 x 8 pixels shows",
    rows="1,297 + 500",
    source="scikit-learn (UCI optical recognition of handwritten digits, test part)",
    licence="CC BY 4.0",
)


def _prepare(_: Options) -> Task:
    from sklearn.datasets import load_digits

    digits = load_digits()
    X, y = digits.data.astype(np.float32), digits.target.astype(np.int64)
    test = np.sort(subset(y, TEST_ROWS, repeat=0, seed=seed_for("test", data="digits")))
    pool = np.setdiff1d(np.arange(len(y)), test)
    return Task(
        name="digits",
        X=X[pool],
        y=y[pool],
        X_test=X[test],
        y_test=y[test],
        classes=tuple(str(digit) for digit in digits.target_names),
        features=tuple(digits.feature_names),
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


def _source(_: Options) -> str:
    return f"scikit-learn {importlib.metadata.version('scikit-learn')}"


RECIPE = Recipe(version=1, defaults={}, source=_source, prepare=_prepare, about=ABOUT)
