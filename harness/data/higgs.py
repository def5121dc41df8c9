"""HIGGS: a collision that made a Higgs boson or one that did not, from 28 measured and derived quantities.

11,000,000 simulated collisions, the file of UCI as it is (2.8 GB), whose SHA-256 is checked; scikit-learn has
no fetcher for it. The test rows are of the last 500,000, which those who published it held out. A sample of
98,050 rows is OpenML's 23512: data=openml data.dataset=23512.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..records import Floats, Task
from ..seeds import seed_for
from .recipe import About, Options, Recipe, rows_option

SHA256 = "ea302c18164d4e3d916a1e2e83a9a8d07069fa6ebc7771e4c0540d54e593b698"
ROWS, HELD_OUT = 11_000_000, 500_000
ROWS_AT_ONCE = 500_000
FEATURES = (
    *("lepton_pt", "lepton_eta", "lepton_phi", "missing_energy", "missing_energy_phi"),
    *(f"jet{jet}_{each}" for jet in (1, 2, 3, 4) for each in ("pt", "eta", "phi", "b_tag")),
    *("m_jj", "m_jjj", "m_lv", "m_jlv", "m_bb", "m_wbb", "m_wwbb"),
)
URL = "https://archive.ics.uci.edu/ml/machine-learning-databases/00280/HIGGS.csv.gz"
ABOUT = About(
    title="whether a collision made a Higgs boson, from 28 quantities",
    rows="10,500,000 + 10,000",
    source="UCI HIGGS (Baldi, Sadowski and Whiteson, 2014), 2.8 GB",
    licence="CC BY 4.0",
    command=f"curl -O {URL}",
    is_here=lambda options: _path(options).is_file(),
)


def _prepare(options: Options) -> Task:
    path = _path(options)
    rows = rows_option(options["test_rows"], most=HELD_OUT)
    if not path.is_file():
        raise DataError(f"data=higgs finds no file {str(path)!r}; {ABOUT.command}, or data.path=FILE")
    with path.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != SHA256:
            raise DataError(
                f"{path} is not UCI's HIGGS.csv.gz (its SHA-256 differs); fetch it anew: {ABOUT.command}"
            )
    table = _read(path)
    first = ROWS - HELD_OUT
    drawn = np.random.default_rng(seed_for("test", data="higgs")).permutation(HELD_OUT)[:rows]
    test = first + np.sort(drawn)
    return Task(
        name="higgs",
        X=table[:first, 1:],
        y=table[:first, 0].astype(np.int64),
        X_test=table[test, 1:],
        y_test=table[test, 0].astype(np.int64),
        classes=("background", "signal"),
        features=FEATURES,
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


def _path(options: Options) -> Path:
    return Path(os.path.expanduser("HIGGS.csv.gz" if options["path"] is None else str(options["path"])))


def _read(path: Path) -> Floats:
    """The label and the features of each row, (rows, 29); in parts, for pandas needs room of its own."""
    import pandas

    table = np.empty((ROWS, 1 + len(FEATURES)), dtype=np.float32)
    for part in pandas.read_csv(path, header=None, dtype=np.float32, chunksize=ROWS_AT_ONCE):
        table[part.index] = part
    return table


RECIPE = Recipe(
    version=1,
    defaults={"path": None, "test_rows": 10_000},
    source=lambda _: SHA256,
    prepare=_prepare,
    about=ABOUT,
)
