"""Means with their 95 % intervals: Student's over repeats, the bootstrap's of what is no mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import stdtrit

from harness.course.finding import Array


def mean_interval(values: Sequence[float] | Array) -> tuple[float, float, float]:
    """Mean and the limits of its 95 % t interval; of one value, the value thrice.

    >>> [round(each, 3) for each in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    """
    held = np.asarray(values, float)
    mean = float(held.mean())
    if len(held) < 2:
        return mean, mean, mean
    half = float(stdtrit(len(held) - 1, 0.975)) * float(held.std(ddof=1)) / len(held) ** 0.5
    return mean, mean - half, mean + half


def ratio_interval(ratios: Sequence[float] | Array) -> tuple[float, float, float]:
    """Geometric mean of ratios and the limits of its 95 % t interval, taken of logarithms.

    >>> [round(each, 3) for each in ratio_interval([2.0, 2.0])]
    [2.0, 2.0, 2.0]
    """
    mean, low, high = np.exp(mean_interval(np.log(np.asarray(ratios, float))))
    return float(mean), float(low), float(high)


def bootstrap(
    rows: int, statistic: Callable[[Array], float], draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The middle 95 % of a statistic of rows, given as indices, over draws of them with replacement."""
    found = [statistic(rng.integers(0, rows, rows)) for _ in range(draws)]
    low, high = np.percentile(found, (2.5, 97.5))
    return float(low), float(high)
