from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import digamma, polygamma

from harness.curves import Interval, interval, row_variances
from harness.errors import DataError

# row means .5, .75, .25; column means 1, 0, 1/3, 2/3
ERRORS = np.array([[1, 0, 0, 1], [1, 0, 1, 1], [1, 0, 0, 0]], dtype=bool)

SIZES = (128, 256, 512, 1024, 2048, 4096, 8192)
VARIANCES = (9e-4, 5e-4, 1e-4, 1.2e-4, 4e-5, 3e-5, 5e-6)


def two_way(
    rng: np.random.Generator, repeats: int, rows: int, sd: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Mean 0, with standard deviations between repeats, between test rows, and of what is left."""
    between_repeats, between_rows, left = sd
    return (
        between_repeats * rng.standard_normal((repeats, 1))
        + between_rows * rng.standard_normal(rows)
        + left * rng.standard_normal((repeats, rows))
    )


def test_the_interval_is_the_two_way_formula_by_hand() -> None:
    found = interval(ERRORS)
    A, B, C = 0.0625 / 3, (5 / 27) / 4, (5 / 6 / 6) / 12
    V = B + A - C
    df = V**2 / (A**2 / 2 + B**2 / 3)
    half = stats.t.ppf(0.975, df) * np.sqrt(V)
    assert found.mean == 0.5
    assert (found.repeats, found.test_rows) == (3, 4)
    assert (found.variance, found.df) == pytest.approx((V, df), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-12)
    assert (found.rows_share, found.test_share) == pytest.approx(((A - C) / V, B / V), rel=1e-12)


def test_residual_above_row_variance_adds_nothing_and_lowers_the_df() -> None:
    D = np.array([[1.0, 0.0, 0.0, 3.0], [0.0, 1.0, 0.0, 3.0]])  # equal row means
    found = interval(D)
    B, C = D.mean(axis=0).var(ddof=1) / 4, (1.0 / 3) / 8
    assert found.variance == pytest.approx(B, rel=1e-12)
    assert found.df == pytest.approx(B**2 / (C**2 / 1 + B**2 / 3), rel=1e-12)
    assert (found.rows_share, found.test_share) == (0.0, 1.0)


def test_without_variance_between_test_rows_it_is_the_paired_t_interval() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(6), rng.random(6)
    found = interval(np.repeat((a - b)[:, None], 40, axis=1), level=0.9)
    expected = stats.ttest_rel(a, b).confidence_interval(0.9)
    assert found.low == pytest.approx(expected.low, abs=1e-12)
    assert found.high == pytest.approx(expected.high, abs=1e-12)
    assert found.df == pytest.approx(5, abs=1e-12)


def covers(found: Interval) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= 0.0 <= found.high


def without_test_rows(D: NDArray[np.float64]) -> Interval:
    """The fault the simulation must notice: B dropped, only the repeats' means are looked at."""
    return interval(np.repeat(D.mean(axis=1, keepdims=True), 2, axis=1))


def without_repeats(D: NDArray[np.float64]) -> Interval:
    """The other one: A dropped."""
    return interval(D, row_variance=0.0)


def coverage(of: Callable[[NDArray[np.float64]], Interval], replications: int = 1500) -> float:
    rng = np.random.default_rng(7)
    sd = (0.04, 0.5, 0.2)  # a third of the variance of the mean comes from the repeats
    return float(np.mean([covers(of(two_way(rng, 5, 500, sd))) for _ in range(replications)]))


def test_the_interval_covers_and_a_formula_without_either_side_does_not() -> None:
    assert 0.935 <= coverage(interval) <= 0.97
    assert coverage(without_test_rows) < 0.9
    assert coverage(without_repeats) < 0.9


def test_one_repeat_gives_a_mean_and_no_interval() -> None:
    found = interval(ERRORS[:1])
    assert found == Interval(0.5, None, None, None, None, None, None, 1, 4)


@pytest.mark.parametrize("test_rows", [5, 300])
def test_errors_that_never_vary_leave_open_what_their_test_rows_can_miss(test_rows: int) -> None:
    found = interval(np.zeros((3, test_rows), dtype=bool))
    assert (found.mean, found.df, found.variance) == (0.0, 2.0, 0.0)
    assert (found.rows_share, found.test_share) == (0.0, 0.0)
    assert found.high is not None
    assert found.low == -found.high
    assert (1 - found.high) ** test_rows == pytest.approx(0.025)


def test_what_only_rounding_leaves_is_not_taken_for_the_variance() -> None:
    """Two repeats err against each other on one row, so that no column mean differs and A equals C."""
    D = np.zeros((3, 11), dtype=np.int8)
    D[0, 1], D[1, 1] = 1, -1
    found = interval(D)
    C = (2 - 2 / 11) / (2 * 10) / (3 * 11)
    assert (found.variance, found.df) == pytest.approx((C, 2.0))
    assert found.high == pytest.approx(stats.t.ppf(0.975, 2) * C**0.5)


def test_a_given_row_variance_and_extra_df_replace_those_of_the_matrix() -> None:
    plain = interval(ERRORS)
    assert interval(ERRORS, row_variance=0.0625) == plain
    found = interval(ERRORS, row_variance=0.5, extra_df=2.0)
    A, B, C = 0.5 / 3, (5 / 27) / 4, (5 / 6 / 6) / 12
    V = B + A - C
    assert found.variance == pytest.approx(V, rel=1e-12)
    assert found.df == pytest.approx(V**2 / (A**2 / 4 + B**2 / 3), rel=1e-12)


def test_differences_and_errors_of_any_type_give_the_same_interval() -> None:
    assert interval(ERRORS.astype(np.int8)) == interval(ERRORS.astype(np.float64)) == interval(ERRORS)


@pytest.mark.parametrize("shape", [(3,), (0, 4), (3, 1)])
def test_a_matrix_without_two_test_rows_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"at least 1 repeat x 2 test rows, got \("):
        interval(np.zeros(shape))


def independent_shrinkage(sizes: list[int], variances: list[float], repeats: list[int]) -> list[float]:
    """The same rule by explicit loops and numpy.polyfit."""
    d0 = 4
    xs, ys, ws = [], [], []
    for n, s2, r in zip(sizes, variances, repeats, strict=True):
        d = r - 1
        xs.append(np.log(n))
        ys.append(np.log(s2) - digamma(d / 2) + np.log(d / 2))
        ws.append(1 / (polygamma(1, d / 2) + polygamma(1, d0 / 2)))
    slope = np.polyfit(xs, ys, 1, w=np.sqrt(ws))[0]
    slope = max(-1.5, min(0.0, slope))
    level = sum(w * (y - slope * x) for x, y, w in zip(xs, ys, ws, strict=True)) / sum(ws)
    shrunk = []
    for n, s2, r in zip(sizes, variances, repeats, strict=True):
        s0 = np.exp(level + slope * np.log(n) + digamma(d0 / 2) - np.log(d0 / 2))
        shrunk.append((d0 * s0 + (r - 1) * s2) / (d0 + r - 1))
    return shrunk


@pytest.mark.parametrize(
    "variances",
    [VARIANCES, VARIANCES[::-1], tuple(10.0**-k for k in range(7))],
    ids=["falling", "rising", "too steep"],
)
def test_shrinkage_equals_an_independent_implementation(variances: tuple[float, ...]) -> None:
    repeats = [10, 8, 5, 5, 3, 5, 2]
    expected = independent_shrinkage(list(SIZES), list(variances), repeats)
    found = row_variances(SIZES, variances, repeats)
    assert found[0] is None  # 10 repeats stand on their own
    assert found[1:] == pytest.approx(expected[1:], rel=1e-10)


def test_variances_on_a_line_are_shrunk_towards_that_line() -> None:
    on_line = [1 / n for n in SIZES]
    shrunk = np.array(row_variances(SIZES, on_line, [5] * 7), dtype=float)
    factor = shrunk * SIZES
    np.testing.assert_allclose(factor, factor[0], rtol=1e-10)  # d0 = d: the prior's bias is the sample's
    assert factor[0] == pytest.approx(1.0, rel=1e-10)


def test_more_repeats_pull_less_towards_the_trend() -> None:
    outlier = [*VARIANCES[:3], VARIANCES[3] * 50, *VARIANCES[4:]]
    few, many = (row_variances(SIZES, outlier, [5, 5, 5, r, 5, 5, 5])[3] for r in (2, 8))
    assert few is not None
    assert many is not None
    assert few < many < outlier[3]


@pytest.mark.parametrize(
    ("variances", "repeats"),
    [(VARIANCES[:5], [5] * 5), (VARIANCES, [9] * 7), (VARIANCES, [5] * 5 + [1] * 2), ([0.0] * 7, [5] * 7)],
    ids=["five sizes", "nine repeats", "five sizes with repeats", "no variance"],
)
def test_variances_stand_where_the_rule_does_not_reach(variances: list[float], repeats: list[int]) -> None:
    assert row_variances(SIZES[: len(variances)], variances, repeats) == [None] * len(variances)


def test_a_variance_of_zero_is_raised_to_the_trend_and_does_not_make_it() -> None:
    without = row_variances(SIZES[:6], VARIANCES[:6], [5] * 6)
    found = row_variances(SIZES, [*VARIANCES[:6], 0.0], [5] * 7)
    assert found[:6] == pytest.approx(without, rel=1e-12)
    assert found[6] is not None
    assert found[6] > 0


def test_one_repeat_is_given_no_variance() -> None:
    found = row_variances(SIZES, [*VARIANCES[:6], 0.0], [5] * 6 + [1])
    assert found[6] is None
    assert found[5] is not None
