"""Whether a curve falls, and falls ever more slowly, as far as its noise lets one say."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from harness.curves.curve import Curve

FALSE_ALARMS = 0.025  # of each kind, on a curve that does fall ever more slowly
TINY = 1e-12  # for errors that never vary

Floats = NDArray[np.float64]


def shape_warnings(curve: Curve) -> tuple[str, ...]:
    """A sentence where a curve rises, and one where it falls faster after having fallen more slowly.

    It rises where y_j - y_i, over a pair of sizes i < j, is beyond its noise. It is not convex where y_j is
    above the line from (n_i, y_i) to (n_k, y_k), i < j < k, by more than its noise. The noise is that of the
    intervals' V as if sizes were independent; they share test rows and repeats, so it is cautious. One-sided
    t with the least df of the sizes compared, Bonferroni over all pairs, or all triples.

    >>> from harness.curves import Interval
    >>> errors = (0.3, 0.2, 0.15, 0.19)
    >>> intervals = tuple(Interval(y, None, None, 20, 1e-5, 1, 0, 10, 2000) for y in errors)
    >>> shape_warnings(Curve("svm", "SVM", (64, 128, 256, 512), intervals))
    ('The error of SVM rises by 4.0 points from 256 to 512 rows, more than its noise explains.',)
    """
    known = [k for k, found in enumerate(curve.intervals) if found.variance is not None]
    n = np.array([curve.sizes[k] for k in known])
    y = np.array([curve.mean[k] for k in known])
    V = np.array([curve.intervals[k].variance for k in known], dtype=np.float64)
    df = np.array([curve.intervals[k].df for k in known], dtype=np.float64)
    warnings = []
    if found := _clearest(_pairs(len(n)), y, V, df):
        (i, j), rise = found
        warnings.append(
            f"The {curve.metric.label} of {curve.label} rises by {curve.metric.apart(rise)} from {n[i]:,} to"
            f" {n[j]:,} rows, more than its noise explains."
        )
    if found := _clearest(_triples(n), y, V, df):
        (i, j, k), above = found
        warnings.append(
            f"The {curve.metric.label} of {curve.label} falls late: at {n[j]:,} rows it is"
            f" {curve.metric.apart(above)} above"
            f" the straight line from {n[i]:,} to {n[k]:,} rows, more than its noise explains."
        )
    return tuple(warnings)


def _pairs(count: int) -> Floats:
    """A row per pair i < j: -1 at i and 1 at j."""
    identity = np.eye(count)
    return np.array([identity[j] - identity[i] for i, j in combinations(range(count), 2)])


def _triples(n: NDArray[np.int64]) -> Floats:
    """A row per triple i < j < k: 1 at j, less the weights of the line from i to k."""
    identity = np.eye(len(n))
    return np.array(
        [
            identity[j] - ((n[k] - n[j]) * identity[i] + (n[j] - n[i]) * identity[k]) / (n[k] - n[i])
            for i, j, k in combinations(range(len(n)), 3)
        ]
    )


def _clearest(contrasts: Floats, y: Floats, V: Floats, df: Floats) -> tuple[NDArray[np.int64], float] | None:
    """The sizes and the value of the contrast of y that is most clearly above 0; None where none is."""
    if not len(contrasts):
        return None
    values = contrasts @ y
    least = np.where(contrasts != 0, df, np.inf).min(axis=1)
    p = stdtr(least, -values / np.sqrt(contrasts**2 @ (V + TINY)))
    best = int(p.argmin())
    if p[best] * len(p) > FALSE_ALARMS:
        return None
    return np.flatnonzero(contrasts[best]), float(values[best])
