"""A comparison is the paired difference of two families' errors at one size, with what its t(df) says of it.

Both families learn from the same rows and answer the same test rows, so what makes a repeat or a test row
hard for both cancels. One variance, that of `harness.curves.interval`, and one df are behind every limit and
every p.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from harness.curves import Errors, Interval, half_width, interval
from harness.errors import DataError

DF_TRUSTED = 0.8


@dataclass(frozen=True)
class Comparison:
    """error_a - error_b at one size, over the repeats that both have; shares of the test rows, or baselines.

    Negative where a is the better one. Each p is one-sided, from t(df) with the interval's df and variance;
    with one repeat there is no variance, and each p is 1.

    Attributes:
        interval: mean and 95 % interval of the difference, with the df of `careful_df`.
        low90, high90: limits of its 90 % interval, each a one-sided 95 % limit; None with one repeat.
        p_less: of "a is not better", small where a is better (difference below 0).
        p_greater: of "a is not worse", small where a is worse (above 0).
        p_equivalent: TOST, small where the difference lies within +-margin; the larger of its two p.
        p_equivalent_half: the same within +-margin / 2.
        p_better_margin: of "a is better by the margin at most", small where it is better by more.
        p_worse_margin: of "a is worse by the margin at most", small where it is worse by more.
        p_no_better: of "a is better by margin / 2 or more", small where it is not.
        floor: the part of the interval's variance that no further repeat removes, for it comes from the
            test rows; None with one repeat.
    """

    a: str
    b: str
    size: int
    interval: Interval
    low90: float | None
    high90: float | None
    p_less: float
    p_greater: float
    p_equivalent: float
    p_equivalent_half: float
    p_better_margin: float
    p_worse_margin: float
    p_no_better: float
    floor: float | None


def comparison(a: str, b: str, size: int, found: Interval, floor: float | None, margin: float) -> Comparison:
    """What the interval of a difference says against 0 and against a margin (a share of the test rows).

    The df are lowered to `careful_df` first, which widens the interval a little.

    >>> D = np.array([[-1, 0, -1, 0], [0, 0, -1, 0], [-1, 0, -1, -1]])
    >>> said = comparison("net", "svm", 128, interval(D), 0.0, margin=0.02)
    >>> said.interval.mean, round(said.p_less, 3), round(said.p_equivalent, 3)
    (-0.5, 0.068, 0.927)
    """
    found = _careful(found)
    low90, high90 = limits(found, 0.9)
    return Comparison(
        a=a,
        b=b,
        size=size,
        interval=found,
        low90=low90,
        high90=high90,
        p_less=p_at_least(found, 0.0),
        p_greater=p_at_most(found, 0.0),
        p_equivalent=max(p_at_most(found, -margin), p_at_least(found, margin)),
        p_equivalent_half=max(p_at_most(found, -margin / 2), p_at_least(found, margin / 2)),
        p_better_margin=p_at_least(found, -margin),
        p_worse_margin=p_at_most(found, margin),
        p_no_better=p_at_most(found, -margin / 2),
        floor=floor,
    )


def careful_df(df: float, repeats: int) -> float:
    """Satterthwaite's df, lowered to 0.8 df but not below R - 1: max(min(df, R - 1), 0.8 df).

    They are too many where the variance between repeats happens to be underestimated: with 5 repeats and
    10,000 test rows a test at 5 % errs in up to 5.3 of 100 cases with them, and in 4.8 with these
    (`benchmarks/verdicts.py`). Without variance between test rows both are R - 1, those of the paired t.

    >>> careful_df(4.0, 5), careful_df(6.0, 5), careful_df(3.5, 5)
    (4.0, 4.800000000000001, 3.5)
    """
    return max(min(df, repeats - 1.0), DF_TRUSTED * df)


def _careful(found: Interval) -> Interval:
    if found.df is None or not found.variance:
        return found
    careful = replace(found, df=careful_df(found.df, found.repeats))
    low, high = limits(careful, 0.95)
    return replace(careful, low=low, high=high)


def p_at_most(found: Interval, bound: float) -> float:
    """One-sided p of "the true mean is at most bound": T(df) above (mean - bound) / sqrt(V)."""
    return _p_beyond(found, found.mean - bound)


def p_at_least(found: Interval, bound: float) -> float:
    """One-sided p of "the true mean is at least bound": T(df) below (mean - bound) / sqrt(V)."""
    return _p_beyond(found, bound - found.mean)


def _p_beyond(found: Interval, room: float) -> float:
    """One-sided p of "the true mean is `room` or more away"; (1 - room)^M where V is 0, see `half_width`."""
    if found.variance is None:
        return 1.0
    if found.variance == 0.0:
        return (1 - min(room, 1.0)) ** found.test_rows if room > 0 else 1.0
    return float(stdtr(found.df, -room / found.variance**0.5))


def limits(found: Interval, level: float) -> tuple[float | None, float | None]:
    """The two-sided limits at a level; both None where one repeat gives no interval."""
    if found.variance is None or found.df is None:
        return None, None
    half = half_width(found.variance, found.df, found.test_rows, level)
    return found.mean - half, found.mean + half


def compare(
    a: str, b: str, errors: Mapping[str, Mapping[int, Errors]], margin: float
) -> dict[int, Comparison]:
    """The comparisons of two families at every size at which they share a repeat, by ascending size.

    The variance between repeats is each size's own. Shrunk towards its trend, as a curve's band is, it would
    be wrong in 5 to 6 of 100 cases where 5 are allowed, and in 8 where the size that decides varies more
    than its trend says (`benchmarks/verdicts.py`): good enough for a band, not for a verdict.

    Raises:
        DataError: the two were tested on different numbers of rows.

    >>> wrong = np.array([[1, 0, 0, 1], [1, 0, 1, 1], [1, 0, 0, 0]], dtype=bool)
    >>> errors = {"net": {64: Errors((0, 1, 2), wrong)}, "svm": {64: Errors((1, 2, 3), ~wrong)}}
    >>> found = compare("net", "svm", errors, margin=0.02)[64]
    >>> found.interval.repeats, found.interval.mean
    (2, 0.125)
    """
    left, right = errors.get(a, {}), errors.get(b, {})
    found = {}
    for n in sorted(left.keys() & right.keys()):
        D = _paired(left[n], right[n], f"{a} and {b} at size {n}")
        if len(D):
            of_D = interval(D)
            found[n] = comparison(a, b, n, of_D, _floor(of_D, D), margin)
    return found


def _paired(a: Errors, b: Errors, where: str) -> NDArray[Any]:
    """Differences of errors in {-1, 0, 1}, or of losses, a row for each repeat that both have."""
    if a.wrong.shape[1] != b.wrong.shape[1]:
        raise DataError(
            f"{where} must be tested on the same rows, got {a.wrong.shape[1]} and {b.wrong.shape[1]};"
            " keep the cells of one data set"
        )
    shared = sorted(set(a.repeats) & set(b.repeats))
    rows_a, rows_b = ([found.repeats.index(repeat) for repeat in shared] for found in (a, b))
    counted = np.int8 if a.wrong.dtype == bool else np.float64
    return np.asarray(np.subtract(a.wrong[rows_a], b.wrong[rows_b], dtype=counted))


def _floor(found: Interval, D: NDArray[Any]) -> float | None:
    """max(B - C, 0), the test rows' own part of V: the rest of B falls with the number of repeats."""
    if found.variance is None or found.test_share is None:
        return None
    R, M = found.repeats, found.test_rows
    rows, columns = (D.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
    every = np.count_nonzero(D) if D.dtype == np.int8 else np.vdot(D, D)
    squares = every - rows @ rows / M - columns @ columns / R + rows.sum() ** 2 / (R * M)
    C = float(squares) / ((R - 1) * (M - 1) * R * M)
    return max(found.test_share * found.variance - C, 0.0)
