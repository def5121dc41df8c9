"""Covertype: which of 7 kinds of forest covers a cell of 30 x 30 m, from its terrain and soil.

scikit-learn downloads it (11 MB) and checks the archive's SHA-256; the rows of each class are counted here,
for the files that it keeps carry no digest. Choosing it is asking for it.
"""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ..records import Task
from ..seeds import seed_for
from ..splits import subset
from .fetching import fetch, home
from .recipe import About, Options, Recipe, rows_option

ROWS_OF_A_CLASS = (211_840, 283_301, 35_754, 2_747, 9_493, 17_367, 20_510)
CLASSES = (
    "spruce/fir",
    "lodgepole pine",
    "ponderosa pine",
    "cottonwood/willow",
    "aspen",
    "Douglas fir",
    "krummholz",
)
ABOUT = About(
    title="which of 7 kinds of forest grows there, from terrain and soil",
    rows="571,012 + 10,000",
    source="UCI covertype (US Forest Service), through scikit-learn, 11 MB",
    licence="CC BY 4.0",
    command="harness data data=covertype",
    is_here=lambda _: any((home() / "covertype").glob("samples*")),
)


def _prepare(options: Options) -> Task:
    from sklearn.datasets import fetch_covtype

    rows = rows_option(options["test_rows"], most=sum(ROWS_OF_A_CLASS) // 2, least=len(CLASSES))
    found = fetch("covertype", fetch_covtype)
    X, y = found.data.astype(np.float32), found.target.astype(np.int64) - 1
    if tuple(np.bincount(y)) != ROWS_OF_A_CLASS:
        raise DataError(
            f"data=covertype: {home() / 'covertype'} holds other rows than UCI's; remove that folder"
        )
    test = np.sort(subset(y, rows, repeat=0, seed=seed_for("test", data="covertype")))
    pool = np.setdiff1d(np.arange(len(y)), test)
    return Task(
        name="covertype",
        X=X[pool],
        y=y[pool],
        X_test=X[test],
        y_test=y[test],
        classes=CLASSES,
        features=tuple(found.feature_names),
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


RECIPE = Recipe(version=1, defaults={"test_rows": 10_000}, source=lambda _: "", prepare=_prepare, about=ABOUT)
