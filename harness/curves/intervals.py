"""The two-way interval of a mean over repeats and test rows, for new repeats and new test rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma, stdtrit

from harness.errors import DataError

SHRUNK_REPEATS = 8  # more repeats than this know their own variance
SHRUNK_SIZES = 6  # fewer sizes than this tell too little of the trend
PRIOR_DF = 4.0  # d0: how many degrees of freedom the trend is worth
EXTRA_DF = 2.0  # what shrinkage adds to R - 1; less than d0, for the trend is itself estimated


@dataclass(frozen=True)
class Interval:
    """A mean over repeats and test rows, and the confidence limits of the mean over all such rows.

    Attributes:
        mean: mean of all R x M entries.
        low, high, df, variance: the limits, their degrees of freedom, and V, the variance of the mean;
            None where one repeat gives no interval.
        rows_share, test_share: the parts of V that come from the rows of D (the repeats) and from the
            test rows; they add up to 1, both are 0 where V is 0, and None where there is no interval.
        repeats, test_rows: R and M.
    """

    mean: float
    low: float | None
    high: float | None
    df: float | None
    variance: float | None
    rows_share: float | None
    test_share: float | None
    repeats: int
    test_rows: int


def interval(
    D: NDArray[Any], level: float = 0.95, row_variance: float | None = None, extra_df: float = 0.0
) -> Interval:
    """The two-way random-effects interval of the mean of D, for new repeats and new test rows at once.

    D is (R, M), repeats x test rows: one family's errors, or error_A - error_B of two families::

        A = var(row means) / R      B = var(column means) / M      (ddof = 1)
        C = MS_residual / (R M)     MS_residual = residual sum of squares / ((R - 1)(M - 1))
        V = max(B + max(A - C, 0), C)   (it is never below C but by chance)
        df = V^2 / (max(A, C)^2 / (R - 1) + B^2 / (M - 1))   (Satterthwaite)
        mean +- t(df) sqrt(V)

    Without variance between test rows it is the t interval of the row means, that is, for a difference,
    the paired t interval. Where V is 0, for all entries are equal, df is R - 1 and the limits are those of
    `half_width`.

    Args:
        D: (R, M), of any numeric or boolean type, M at least 2.
        level: the probability that the interval covers.
        row_variance: used for var(row means) instead of D's own (see `row_variances`).
        extra_df: added to R - 1 in df.

    Raises:
        DataError: D is no matrix with a row and two columns.

    >>> errors = np.array([[1, 0, 0, 1], [1, 0, 1, 1], [1, 0, 0, 0]], dtype=bool)
    >>> found = interval(errors)
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3), round(found.df, 2)
    (0.5, -0.212, 1.212, 3.31)
    >>> interval(errors[:1]).low is None
    True
    """
    if D.ndim != 2 or D.shape[0] < 1 or D.shape[1] < 2:
        raise DataError(
            f"an interval needs a matrix of at least 1 repeat x 2 test rows, got {D.shape}; test on more rows"
        )
    R, M = D.shape
    rows, columns = D.mean(axis=1, dtype=np.float64), D.mean(axis=0, dtype=np.float64)
    mean = float(rows.mean())
    if R == 1:
        return Interval(mean, None, None, None, None, None, None, R, M)
    A = (float(rows.var(ddof=1)) if row_variance is None else row_variance) / R
    B = float(columns.var(ddof=1)) / M
    C = _residual_squares(D, rows, columns) / ((R - 1) * (M - 1) * R * M)
    V = max(B + max(A - C, 0.0), C)
    df = V**2 / (max(A, C) ** 2 / (R - 1 + extra_df) + B**2 / (M - 1)) if V else R - 1.0
    half, test_share = half_width(V, df, M, level), B / V if V else 0.0
    rows_share = 1 - test_share if V else 0.0
    return Interval(mean, mean - half, mean + half, df, V, rows_share, test_share, R, M)


def half_width(variance: float, df: float, test_rows: int, level: float) -> float:
    """Half the width of a two-sided interval: t(df) sqrt(V), or 1 - ((1 - level) / 2)^(1/M) where V is 0.

    All M test rows can be alike although a share x of all such rows differs, with probability (1 - x)^M: at
    95 % they leave 3.7 / M open (for one side 3 / M, the rule of three; Hanley and Lippman-Hand 1983).

    >>> round(half_width(0.0, 4.0, 1_000, 0.95), 5), round(half_width(1.0, 1e9, 1_000, 0.95), 2)
    (0.00368, 1.96)
    """
    if variance == 0.0:
        return 1.0 - float(((1 - level) / 2) ** (1 / test_rows))
    return float(stdtrit(df, (1 + level) / 2) * variance**0.5)


def _residual_squares(D: NDArray[Any], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> float:
    residual = D - rows[:, None]
    residual -= columns - columns.mean()
    return float(np.vdot(residual, residual))


def row_variances(
    sizes: Sequence[int], variances: Sequence[float], repeats: Sequence[int]
) -> list[float | None]:
    """Variances of the row means, each shrunk towards their trend over sizes; None where its own stands.

    With few repeats a variance is itself badly known, but it falls with n on a line in logarithms. A size
    is shrunk where it has 2 to 8 repeats and at least 6 sizes have 2 or more repeats and a variance above
    0; these sizes make the line. With s2_k the variance, d_k = R_k - 1, d0 = 4, and psi, psi1 the di- and
    trigamma functions (Smyth 2004, "Linear models and empirical Bayes methods", with a trend)::

        y_k  = ln s2_k - psi(d_k / 2) + ln(d_k / 2)
        line = weighted least squares of y on ln n, weights 1 / (psi1(d_k / 2) + psi1(d0 / 2)),
               slope clipped to [-1.5, 0]
        s0_k = exp(line + psi(d0 / 2) - ln(d0 / 2))
        shrunk = (d0 s0_k + d_k s2_k) / (d0 + d_k)

    `interval` then takes it as `row_variance`, with `extra_df` = 2.

    >>> shrunk = row_variances([1, 2, 4, 8, 16, 32], [4.0, 2.0, 1.0, 0.5, 0.25, 2.0], [5, 5, 5, 5, 5, 9])
    >>> [None if s2 is None else round(s2, 2) for s2 in shrunk]
    [3.12, 1.87, 1.17, 0.77, 0.52, None]
    """
    x, s2, R = np.log(sizes), np.asarray(variances, dtype=np.float64), np.asarray(repeats)
    known = (R > 1) & (s2 > 0)
    if known.sum() < SHRUNK_SIZES:
        return [None] * len(sizes)
    half = (R[known] - 1) / 2
    weights = 1 / (polygamma(1, half) + polygamma(1, PRIOR_DF / 2))
    line = _falling_line(x[known], np.log(s2[known]) - digamma(half) + np.log(half), weights, x)
    prior = np.exp(line + digamma(PRIOR_DF / 2) - np.log(PRIOR_DF / 2))
    shrunk = (PRIOR_DF * prior + (R - 1) * s2) / (PRIOR_DF + R - 1)
    return [
        float(value) if 1 < r <= SHRUNK_REPEATS else None for value, r in zip(shrunk, repeats, strict=True)
    ]


def _falling_line(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted least squares with the slope clipped to [-1.5, 0]; clipped, it still passes the centroid."""
    x0, y0 = np.average(x, weights=weights), np.average(y, weights=weights)
    slope = np.sum(weights * (x - x0) * (y - y0)) / np.sum(weights * (x - x0) ** 2)
    return np.asarray(y0 + np.clip(slope, -1.5, 0.0) * (at - x0))
