"""Forecasts beside the truth: errors, intervals and coverage, with data sets weighing equally."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from benchmarks.learning_curves import End, Floats, stacked
from harness.curves.calibration import LEVELS, quantiles
from harness.curves.ensemble import ensemble

BATCH = 256
ENDS_OF_INTERVAL = (0.05, 0.95)


class Judged(NamedTuple):
    """Forecasts at one horizon, one entry per end.

    Attributes:
        data, learner, splits, size: of each end.
        truth, p, s: the error at the horizon, the forecast's point and its scale.
        last, pow3: the baselines: the last error, and one power law fitted to the last 8 sizes.
    """

    data: NDArray[np.str_]
    learner: NDArray[np.str_]
    splits: NDArray[np.int64]
    size: NDArray[np.int64]
    truth: Floats
    p: Floats
    s: Floats
    last: Floats
    pow3: Floats

    def where(self, entries: NDArray[np.bool_]) -> Judged:
        """Only these."""
        return Judged(*(column[entries] for column in self))

    @property
    def weights(self) -> Floats:
        """Such that data sets weigh equally."""
        _, which, counts = np.unique(self.data, return_inverse=True, return_counts=True)
        return np.asarray(1 / counts[which])

    @property
    def scores(self) -> Floats:
        """(truth - p) / s."""
        return (self.truth - self.p) / self.s

    def median_error(self, predicted: Floats) -> float:
        """Median |truth - predicted|."""
        return float(quantile(abs(self.truth - predicted), self.weights, [0.5])[0])


class Limits(NamedTuple):
    """The ends of 90 % intervals."""

    low: Floats
    high: Floats

    def where(self, entries: NDArray[np.bool_]) -> Limits:
        """Only these."""
        return Limits(self.low[entries], self.high[entries])


def judge(found: Sequence[End], horizons: Sequence[float]) -> list[Judged]:
    """The forecasts from all ends, per horizon those that have a truth there."""
    p, s, pow3 = np.empty((3, len(found), len(horizons)))
    for k in range(0, len(found), BATCH):
        batch = slice(k, k + BATCH)
        p[batch], s[batch], pow3[batch] = _predict(found[batch], horizons)
    columns = [np.array([getattr(end, name) for end in found]) for name in ("data", "learner", "splits")]
    columns.append(np.array([end.sizes[-1] for end in found]))
    last = np.array([end.errors[-1] for end in found])
    truths = np.array([end.truths for end in found], dtype=np.float64).reshape(p.shape)  # None becomes NaN
    every = [Judged(*columns, truths[:, h], p[:, h], s[:, h], last, pow3[:, h]) for h in range(len(horizons))]
    return [each.where(~np.isnan(each.truth)) for each in every]


def _predict(found: Sequence[End], horizons: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    at = [[n or h * end.sizes[-1] for n, h in zip(end.targets, horizons, strict=True)] for end in found]
    made = ensemble(*stacked(found))
    pow3 = [fits for fits in made.fits if fits.form == "pow3"][-1]
    return *made.at(np.array(at)), pow3.at(np.array(at))


def quantile(values: Floats, weights: Floats, levels: Sequence[float]) -> Floats:
    """Weighted quantiles: linear between the midpoints of the steps of the distribution function.

    >>> quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0]), [0.5, 1.0])
    array([2., 3.])
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(levels, reached / weights.sum(), values[order])


def left_out(judged: Judged) -> Limits:
    """Calibrated by the scores on the other data sets."""
    found = Limits(np.empty_like(judged.p), np.empty_like(judged.p))
    for name in np.unique(judged.data):
        own = judged.data == name
        others = judged.where(~own)
        q = quantile(others.scores, others.weights, ENDS_OF_INTERVAL)
        for limit, one in zip(found, q, strict=True):
            limit[own] = _limit(judged.where(own), one)
    return found


def with_constants(judged: Judged, horizon: float) -> Limits:
    """Calibrated by what the library holds."""
    held = dict(zip(LEVELS, quantiles(horizon), strict=True))
    return Limits(*(_limit(judged, held[level]) for level in ENDS_OF_INTERVAL))


def _limit(judged: Judged, q: float) -> Floats:
    return np.clip(judged.p + judged.s * q, 0.0, 1.0)


def coverage(judged: Judged, limits: Limits) -> tuple[float, float, float]:
    """The mean over data sets of the share covered, and its 95 % t interval over data sets."""
    covered = (limits.low <= judged.truth) & (judged.truth <= limits.high)
    shares = np.array([covered[judged.data == name].mean() for name in np.unique(judged.data)])
    mean, count = float(shares.mean()), len(shares)
    if count < 2:
        return mean, 0.0, 1.0
    half = float(stdtrit(count - 1, 0.975) * shares.std(ddof=1)) / count**0.5
    return mean, mean - half, mean + half
