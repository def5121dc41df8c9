"""The two-way model: what an interval takes from a matrix of repeats x test rows, drawn without the matrix.

D[i, j] = delta + row_i + column_j + rest_ij for repeat i and test row j, independent and Gaussian, with the
standard deviations `Parts`. The interval of D takes its mean and three mean squares, which are independent
and whose distributions are known; a test shows that the formulas here give what `interval` gives on D.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from harness.curves import Errors, Interval
from harness.verdicts import Comparison, comparison
from harness.verdicts.comparisons import DF_TRUSTED

Floats = NDArray[np.float64]
MARGIN = 0.02


class Parts(NamedTuple):
    """Standard deviations of a paired difference: between repeats, between test rows, and the rest."""

    row: float
    column: float
    rest: float


PARTS = {
    64: Parts(0.026, 0.10, 0.40),
    128: Parts(0.022, 0.10, 0.40),
    256: Parts(0.014, 0.10, 0.40),
    8192: Parts(0.009, 0.12, 0.28),
    16384: Parts(0.007, 0.12, 0.22),
}


@dataclass(frozen=True)
class Statistics:
    """What the interval needs of N matrices of R x M: their mean and three mean squares, each (N,)."""

    mean: Floats
    row_variance: Floats
    column_variance: Floats
    residual: Floats
    R: int
    M: int

    def variance(self, row_variance: Floats | None = None, extra_df: float = 0.0) -> tuple[Floats, Floats]:
        """V and df, as `harness.curves.interval` computes them."""
        R, M = self.R, self.M
        A = (self.row_variance if row_variance is None else row_variance) / R
        B, C = self.column_variance / M, self.residual / (R * M)
        V = np.maximum(B + np.maximum(A - C, 0.0), C)
        return V, V**2 / (np.maximum(A, C) ** 2 / (R - 1 + extra_df) + B**2 / (M - 1))

    def p_at_least(self, bound: float, careful: bool = True) -> Floats:
        """One-sided p of "the true mean is at least bound", as a comparison has it unless not careful."""
        V, df = self.variance()
        used = self._careful(df) if careful else df
        return np.asarray(stdtr(used, (self.mean - bound) / np.sqrt(V)))

    def _careful(self, df: Floats) -> Floats:
        return np.maximum(np.minimum(df, self.R - 1), DF_TRUSTED * df)

    def comparisons(self, a: str, b: str, size: int) -> list[Comparison]:
        """One `Comparison` for each matrix."""
        V, df = self.variance()
        B, C = self.column_variance / self.M, self.residual / (self.R * self.M)
        half = stdtrit(df, 0.975) * np.sqrt(V)
        columns = (
            self.mean,
            self.mean - half,
            self.mean + half,
            df,
            V,
            1 - B / V,
            B / V,
            np.maximum(B - C, 0),
        )
        return [
            comparison(a, b, size, Interval(*row[:7], self.R, self.M), row[7], MARGIN)
            for row in zip(*(column.tolist() for column in columns), strict=True)
        ]


def draw(rng: np.random.Generator, means: Floats, parts: Parts, R: int, M: int) -> Statistics:
    """Statistics of one matrix for each mean."""
    N = len(means)
    row, column, rest = (sd**2 for sd in parts)
    return Statistics(
        mean=means + rng.standard_normal(N) * np.sqrt(row / R + column / M + rest / (R * M)),
        row_variance=(row + rest / M) * _chi2(rng, R - 1, N),
        column_variance=(column + rest / R) * _chi2(rng, M - 1, N),
        residual=rest * _chi2(rng, (R - 1) * (M - 1), N),
        R=R,
        M=M,
    )


def _chi2(rng: np.random.Generator, df: int, N: int) -> Floats:
    return rng.chisquare(df, N) / df


def draw_pairs(
    rng: np.random.Generator,
    N: int,
    pairs: Iterable[tuple[str, str]],
    means: Mapping[str, float],
    parts: Parts,
    R: int,
    M: int,
) -> dict[tuple[str, str], Statistics]:
    """Statistics of pairs of families: two pairs that share a family share its half of the variance.

    The mean squares of columns and rest, which hardly vary with thousands of columns, are drawn for each
    pair on its own.
    """
    scale = np.sqrt((parts.row**2 + parts.rest**2 / M) / 2)
    rows = {name: mean + scale * rng.standard_normal((R, N)) for name, mean in means.items()}
    level = {name: parts.column / np.sqrt(2 * M) * rng.standard_normal(N) for name in means}
    found = {}
    for a, b in pairs:
        D, alone = rows[a] - rows[b], draw(rng, np.zeros(N), parts, R, M)
        found[a, b] = replace(
            alone, mean=D.mean(axis=0) + level[a] - level[b], row_variance=D.var(axis=0, ddof=1)
        )
    return found


def first(rows: Floats, R: int, alone: Statistics) -> Statistics:
    """The statistics of the first R repeats, whose means are the columns of `rows`."""
    some = rows[:, :R]
    return replace(alone, mean=some.mean(axis=1), row_variance=some.var(axis=1, ddof=1), R=R)


def draw_binary(
    rng: np.random.Generator, true: Mapping[int, Mapping[str, float]], R: int, M: int
) -> dict[str, dict[int, Errors]]:
    """Errors of families at sizes; `true` is size -> family -> what its probability has above a quarter.

    An answer is wrong where a Gaussian falls below its quantile, so that the probability is exact. Of its
    variance .4 belongs to the test row, .05 to test row and family, .003 to the repeat, .002 to repeat and
    family, and the rest to nothing.
    """
    shared = 0.4**0.5 * rng.standard_normal(M, np.float32)
    found: dict[str, dict[int, Errors]] = {}
    for size, means in true.items():
        row = 0.003**0.5 * rng.standard_normal((R, 1), np.float32)
        for name, mean in means.items():
            own = 0.002**0.5 * rng.standard_normal((R, 1), np.float32)
            hard = shared + 0.05**0.5 * rng.standard_normal(M, np.float32)
            latent = row + own + hard + 0.545**0.5 * rng.standard_normal((R, M), np.float32)
            wrong = latent < ndtri(0.25 + mean)
            found.setdefault(name, {})[size] = Errors(tuple(range(R)), wrong)
    return found
