"""Real learning curves from files, and the places in them from which a forecast can be judged.

A folder holds one `*_mean.csv` (openmlid, learner, size_train, n_seeds, valid_mean) and one `*_seeds.csv.gz`
(openmlid, learner, size_train, outer_seed, inner_seed, score_valid): accuracies on validation rows, as
averages over splits and per split, as LCDB (Mohr et al. 2022) publishes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.curves import row_variances
from harness.curves.ensemble import WINDOWS
from harness.errors import DataError

KEY = ["openmlid", "learner", "size_train"]
AS_GOOD_AS = 1.05  # a size this near to the one asked for is taken for it
FEWEST_SIZES, FEWEST_THINNED = 8, 6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A learner's validation error on a data set, by size.

    Attributes:
        splits: per size, the error on each split; the inner splits of one outer split are far apart.
        all_splits: per size, the mean over all splits, and how many these are.
    """

    data: str
    learner: str
    splits: Mapping[int, Floats]
    all_splits: Mapping[int, tuple[float, int]]


@dataclass(frozen=True)
class End:
    """A size N of a curve, taken for its largest, and what lies beyond it.

    Attributes:
        splits: K, how many splits an error is the mean of.
        sizes, errors, se: (S,), up to N; SE is sqrt(variance / K), the variance shrunk as a curve's is.
        targets, truths: per horizon, the size nearest to that times N and its error over all its splits, at
            least K; None where the curve has none.
    """

    data: str
    learner: str
    splits: int
    sizes: NDArray[np.int64]
    errors: Floats
    se: Floats
    targets: tuple[int | None, ...]
    truths: tuple[float | None, ...]


def read(folder: Path) -> list[Measured]:
    """The curves of a folder, in order of data set and learner.

    Raises:
        DataError: the folder has not one file of each kind, or a file lacks a column.
    """
    means = _table(folder, "*_mean.csv", [*KEY, "n_seeds", "valid_mean"])
    seeds = _table(folder, "*_seeds.csv.gz", [*KEY, "outer_seed", "inner_seed", "score_valid"])
    averages = dict(iter(means.groupby(KEY[:2])))
    seeds = seeds.sort_values([*KEY, "inner_seed", "outer_seed"])
    curves = []
    for key, rows in seeds.groupby(KEY[:2]):
        splits = {int(n): 1 - each.to_numpy() for n, each in rows.groupby("size_train").score_valid}
        known = {n: (float(errors.mean()), len(errors)) for n, errors in splits.items()}
        if key in averages:
            columns = averages[key][["size_train", "valid_mean", "n_seeds"]]
            known |= {int(n): (1 - mean, int(count)) for n, mean, count in columns.itertuples(index=False)}
        curves.append(Measured(str(key[0]), str(key[1]), splits, known))
    return curves


def _table(folder: Path, pattern: str, columns: Sequence[str]) -> pd.DataFrame:
    files = sorted(folder.glob(pattern))
    if len(files) != 1:
        raise DataError(f"a folder of curves needs one file {pattern}, got {len(files)}; name another folder")
    table = pd.read_csv(files[0])
    if missing := [column for column in columns if column not in table.columns]:
        raise DataError(f"{files[0].name} lacks the columns {', '.join(missing)}; see {Path(__file__).name}")
    return table.dropna(subset=list(columns))


def ends(
    curves: Iterable[Measured], splits: int, horizons: Sequence[float], spacing: float = 1.0
) -> list[End]:
    """Every size N that has enough sizes up to it, 8 or, where they are thinned, 6, and a truth beyond it.

    Args:
        curves: to look in.
        splits: K; sizes with fewer splits are left out, of more the first K count.
        horizons: times N.
        spacing: sizes are thinned, downwards from N, to lie at least this factor apart.
    """
    fewest = FEWEST_SIZES if spacing == 1.0 else FEWEST_THINNED
    found = []
    for curve in curves:
        usable = sorted(n for n, errors in curve.splits.items() if len(errors) >= splits)
        for position, N in enumerate(usable):
            sizes = _thinned(usable[: position + 1], spacing)
            targets = tuple(_nearest(curve, N * horizon, splits) for horizon in horizons)
            if len(sizes) >= fewest and any(targets):
                found.append(_end(curve, splits, sizes, targets))
    return found


def _end(curve: Measured, K: int, sizes: Sequence[int], targets: tuple[int | None, ...]) -> End:
    used = [curve.splits[n][:K] for n in sizes]
    own = [float(errors.var(ddof=1)) for errors in used]
    shrunk = row_variances(sizes, own, [K] * len(sizes))
    variances = np.array([mine if s2 is None else s2 for mine, s2 in zip(own, shrunk, strict=True)])
    errors = np.array([each.mean() for each in used])
    truths = tuple(None if n is None else curve.all_splits[n][0] for n in targets)
    return End(curve.data, curve.learner, K, np.array(sizes), errors, np.sqrt(variances / K), targets, truths)


def _thinned(sizes: Sequence[int], spacing: float) -> list[int]:
    kept = [sizes[-1]]
    for n in reversed(sizes[:-1]):
        if n * spacing <= kept[-1] * AS_GOOD_AS:
            kept.append(n)
    return kept[::-1]


def _nearest(curve: Measured, wanted: float, K: int) -> int | None:
    """The size nearest to one wanted, where it is near and known from K splits or more."""
    known = [n for n, (_, count) in curve.all_splits.items() if count >= K]
    nearest = min(known, key=lambda n: abs(np.log(n / wanted)), default=0)
    return nearest if wanted / AS_GOOD_AS <= nearest <= wanted * AS_GOOD_AS else None


def stacked(found: Sequence[End]) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Sizes, errors and SE of the ends as (B, S): what `ensemble` looks at, padded at the front."""
    width = max(_looked_at(end.sizes) for end in found)
    kept = [[getattr(end, name)[-width:] for end in found] for name in ("sizes", "errors", "se")]
    sizes, errors, se = (
        np.array([np.pad(row, (width - len(row), 0), **how) for row in rows])
        for rows, how in zip(
            kept, ({"mode": "edge"}, {"mode": "edge"}, {"constant_values": np.inf}), strict=True
        )
    )
    return sizes, errors, se


def _looked_at(sizes: NDArray[np.int64]) -> int:
    count, factor = WINDOWS[-1]
    return max(min(count, len(sizes)), int((sizes * factor >= 0.99 * sizes[-1]).sum()))
