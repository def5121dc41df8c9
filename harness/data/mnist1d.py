"""MNIST-1D: which of ten digit-like curves 40 numbers show, shifted, stretched, sheared and noisy.

Made by the package's own generator. Its download, a pickle, is not touched. With 4,000 rows they are, up to
rounding, those that its table of results is about, and the test rows are its 1,000; another number is another
draw of both.
"""

from __future__ import annotations

import hashlib
import random

import numpy as np

from ..errors import DataError
from ..records import Task
from .recipe import About, Options, Recipe, has_package, whole_option

TEST_ROWS, CLASSES = 1_000, 10
PUBLISHED_ROWS = 4_000
LABELS_SHA256 = "4f5f4160c519e3c47f9d3e196c161336fcd32126a9efffe4153d6e7c8b73f963"
ABOUT = About(
    title="which of 10 digit-like curves 40 numbers show",
    rows="4,000 + 1,000",
    source="mnist1d (Greydanus and Kobak, 2020), its generator",
    licence="Apache-2.0",
    command=".venv/bin/uv pip install -p .venv mnist1d",
    is_here=lambda _: has_package("mnist1d"),
)


def _prepare(options: Options) -> Task:
    rows = whole_option("rows", options["rows"], least=100, most=10_000_000)
    if (rows + TEST_ROWS) % CLASSES:
        raise DataError(
            f"data.rows must be a multiple of {CLASSES}, for the classes are equal, got {rows}; mend it"
        )
    made = _generated(rows + TEST_ROWS)
    X, y = (np.concatenate([made[name], made[f"{name}_test"]]) for name in "xy")
    X, y = X.astype(np.float32), y.astype(np.int64)
    found = hashlib.sha256(y.astype(np.uint8).tobytes()).hexdigest()
    if rows == PUBLISHED_ROWS and found != LABELS_SHA256:
        raise DataError(
            "data=mnist1d: the package makes other rows than those published (the SHA-256 of their labels "
            f"is {found[:12]}..., not {LABELS_SHA256[:12]}...); {ABOUT.command}"
        )
    return Task(
        name="mnist1d",
        X=X[:rows],
        y=y[:rows],
        X_test=X[rows:],
        y_test=y[rows:],
        classes=tuple("0123456789"),
        features=tuple(f"x{place}" for place in range(1, X.shape[1] + 1)),
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


def _generated(rows: int) -> dict[str, np.ndarray]:
    """What the package makes of its own settings; it seeds the global generators, which are then put back."""
    try:
        from mnist1d.data import get_dataset_args, make_dataset
    except ImportError as error:
        raise DataError(f"data=mnist1d needs the package mnist1d ({error}); {ABOUT.command}") from error
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    settings = get_dataset_args()
    settings.num_samples = rows
    try:
        made: dict[str, np.ndarray] = make_dataset(settings)
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
    return made


RECIPE = Recipe(
    version=1,
    defaults={"rows": 4_000},
    source=lambda _: "",
    prepare=_prepare,
    about=ABOUT,
)
