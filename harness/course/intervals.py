"""Means with their intervals: Student's over repeats, the jackknife's of what is no mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy.special import stdtrit

from harness.course.finding import Array, Curve, Values

Interval = tuple[float, float, float]  # a value and its limits


def mean_interval(values: Values, level: float = 0.95) -> Interval:
    """Mean and the limits of its t interval; of one value, the value thrice.

    >>> [round(each, 3) for each in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    >>> [round(each, 3) for each in mean_interval([1.0, 2.0, 3.0], 0.9)]
    [2.0, 0.314, 3.686]
    """
    held = np.asarray(values, float)
    mean = float(held.mean())
    if len(held) < 2:
        return mean, mean, mean
    half = float(stdtrit(len(held) - 1, 0.5 + level / 2)) * float(held.std(ddof=1)) / len(held) ** 0.5
    return mean, mean - half, mean + half


def ratio_interval(ratios: Values) -> Interval:
    """Geometric mean of ratios and the limits of its 95 % t interval, taken of logarithms.

    >>> [round(each, 3) for each in ratio_interval([2.0, 2.0])]
    [2.0, 2.0, 2.0]
    """
    mean, low, high = np.exp(mean_interval(np.log(np.asarray(ratios, float))))
    return float(mean), float(low), float(high)


def jackknife(parts: int, statistic: Callable[[Array], float]) -> Interval:
    """A statistic of parts, given as indices, and its 95 % t interval by leaving each part out in turn.

    The variance is (parts - 1) / parts times the sum of the squared deviations of the statistics without one.
    Unlike the bootstrap it draws no part twice, so what measures agreement between parts is not flattered.

    >>> values = np.array([1.0, 2.0, 3.0])
    >>> [round(each, 3) for each in jackknife(3, lambda at: float(values[at].mean()))]
    [2.0, -0.484, 4.484]
    """
    whole = np.arange(parts)
    value = statistic(whole)
    if parts < 2:
        return value, value, value
    without = np.array([statistic(np.delete(whole, k)) for k in range(parts)])
    deviation = float(np.sqrt((parts - 1) / parts * np.sum((without - without.mean()) ** 2)))
    half = float(stdtrit(parts - 1, 0.975)) * deviation
    return value, value - half, value + half


def band(
    x: Values, samples: Iterable[Values], interval: Callable[[Values], Interval] = mean_interval
) -> Curve:
    """The curve of the mean over x, of one sample at each x, in the band of its interval.

    >>> band([1, 2], [[3.0, 3.0], [4.0, 4.0]])
    Curve(x=[1, 2], y=(3.0, 4.0), low=(3.0, 4.0), high=(3.0, 4.0))
    """
    mean, low, high = zip(*(interval(sample) for sample in samples), strict=True)
    return Curve(x, mean, low, high)
