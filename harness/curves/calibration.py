"""How far real curves came to lie from their forecast, in units of its scale: measured, not assumed.

The table is printed by `benchmarks/forecast.py`, from real learning curves of many data sets and learners;
data sets weigh equally (signed split-conformal quantiles: Romano, Patterson and Candes 2019, "Conformalized
quantile regression", with one score per side).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FARTHEST = 8  # times the largest size: the curves do not reach beyond often enough to calibrate on
HORIZONS = (2, 4, 8)
LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
# quantiles of (truth - p) / s: a row per horizon, a column per level
QUANTILES = (
    (-2.08, -1.49, -1.04, -0.45, 0.01, 0.47, 0.95, 1.36, 1.83),
    (-2.88, -1.95, -1.30, -0.58, 0.00, 0.44, 0.93, 1.27, 1.99),
    (-3.47, -2.59, -1.64, -0.69, -0.06, 0.37, 0.93, 1.27, 2.06),
)
SVM_WIDENING = 1.2  # for SVMs: default ones need 1.15 on those curves; of tuned ones there are too few


def quantiles(horizon: float) -> NDArray[np.float64]:
    """The quantiles at `LEVELS`, linear in log2 of the horizon; those at 2x also hold below it.

    At 1x the truth is the error of the largest size itself: the scale shrinks to its standard error and the
    fits' misfit, and the quantiles at 2x keep the interval a little wide there, not narrow.

    >>> bool(quantiles(1.5)[1] == quantiles(2)[1] > quantiles(3)[1] > quantiles(4)[1])
    True
    """
    at = math.log2(horizon)
    return np.array([np.interp(at, np.log2(HORIZONS), column) for column in zip(*QUANTILES, strict=True)])


def limits(horizon: float) -> tuple[float, float]:
    """The 5 % and the 95 % quantile: the ends of a 90 % interval in units of the scale."""
    found = quantiles(horizon)
    return float(found[LEVELS.index(0.05)]), float(found[LEVELS.index(0.95)])


def probability(z: float, horizon: float) -> float:
    """P((truth - p) / s <= z) at a horizon; between the outermost levels, beyond which nothing is known.

    >>> probability(0.0, 2) < probability(1.0, 2) < probability(9.0, 2) == 0.975
    True
    """
    return float(np.interp(z, quantiles(horizon), LEVELS))
