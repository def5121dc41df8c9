"""How many rows an error would need: a bracket, because a point would be a promise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.curves.calibration import FARTHEST, probability
from harness.curves.forecast import Forecast
from harness.errors import DataError

STEPS_PER_DOUBLING = 32
EARLY, SURE = 0.05, 0.95


@dataclass(frozen=True)
class Reach:
    """The rows needed to reach an error.

    Attributes:
        low, high: the sizes by which it is reached with probability .05 and .95, at least the largest
            measured; None where that is not so by 8 times that.
        not_by_8x: the probability that it is not reached by then, within the calibrated [.025, .975].
            Whether it ever is cannot be told.
    """

    low: int | None
    high: int | None
    not_by_8x: float


def rows_to_reach(forecast: Forecast, error: float) -> Reach:
    """The bracket of sizes at which a forecast reaches an error X, and the risk of its not being reached.

    P(reached by h) = F_h((X - p_h) / s_h), with F_h the calibrated distribution of (truth - p) / s, and
    never less at a larger h. Sizes already run are not asked: see their own intervals.

    Args:
        forecast: of one family.
        error: X, a share in [0, 1], or in baselines of another metric.

    Raises:
        DataError: X is no share.

    >>> from harness.curves import Curve, Interval, forecast
    >>> sizes = (128, 256, 512, 1024, 2048, 4096)
    >>> intervals = tuple(Interval(0.1 + 2 * n**-0.5, None, None, 4, 1e-5, 1, 0, 5, 2000) for n in sizes)
    >>> found = rows_to_reach(forecast(Curve("svm", "SVM", sizes, intervals)), 0.12)
    >>> found.low, found.high, round(found.not_by_8x, 2)
    (5429, None, 0.19)
    """
    if not 0.0 <= error <= forecast.metric.most:
        raise DataError(f"an error to reach is a share between 0 and 1, got {error}; 5 % is 0.05")
    count = int(math.log2(FARTHEST)) * STEPS_PER_DOUBLING
    sizes = [math.ceil(forecast.last_size * 2 ** (k / STEPS_PER_DOUBLING)) for k in range(count + 1)]
    z = [(error - p) / s for p, s in zip(*forecast.centre_and_scale(sizes), strict=True)]
    horizons = [size / forecast.last_size for size in sizes]
    chances = np.maximum.accumulate([probability(*each) for each in zip(z, horizons, strict=True)])
    return Reach(_first(sizes, chances >= EARLY), _first(sizes, chances >= SURE), 1.0 - float(chances[-1]))


def chance(forecast: Forecast, size: int, error: float) -> float:
    """P(reached by size): that the forecast curve is at most at an error there, within [.025, .975].

    >>> from harness.curves import Curve, Interval, forecast
    >>> sizes = (128, 256, 512, 1024, 2048, 4096)
    >>> intervals = tuple(Interval(0.1 + 2 * n**-0.5, None, None, 4, 1e-5, 1, 0, 5, 2000) for n in sizes)
    >>> made = forecast(Curve("svm", "SVM", sizes, intervals))
    >>> chance(made, 8192, 0.12) < 0.5 < chance(made, 8192, 0.13)
    True
    """
    (p,), (s,) = forecast.centre_and_scale([size])
    return probability((error - p) / s, size / forecast.last_size)


def _first(sizes: list[int], reached: NDArray[np.bool_]) -> int | None:
    return sizes[int(reached.argmax())] if reached.any() else None
