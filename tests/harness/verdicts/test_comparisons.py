"""The paired difference, its p-values, and the pairing itself."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from harness.curves import Errors, interval
from harness.errors import DataError
from harness.verdicts import Comparison, compare, comparison
from harness.verdicts.comparisons import careful_df

MARGIN = 0.02


def constant_rows(values, columns=40):
    """A matrix without variance between test rows."""
    return np.repeat(np.asarray(values, dtype=float)[:, None], columns, axis=1)


def compared(D, margin=MARGIN) -> Comparison:
    return comparison("a", "b", 128, interval(D), 0.0, margin)


def errors_of_families(seed=0, repeats=6, rows=300, a=0.2, b=0.25):
    rng = np.random.default_rng(seed)
    return {
        name: {n: Errors(tuple(range(repeats)), rng.random((repeats, rows)) < share) for n in (64, 128)}
        for name, share in (("a", a), ("b", b))
    }


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.5])
@pytest.mark.parametrize("shift", [-0.03, 0.0, 0.004, 0.02])
@pytest.mark.parametrize("repeats", [2, 5, 30])
def test_tost_agrees_with_statsmodels_where_test_rows_do_not_vary(margin, shift, repeats):
    rng = np.random.default_rng(repeats)
    a, b = 0.2 + shift + 0.02 * rng.standard_normal(repeats), 0.2 + 0.01 * rng.standard_normal(repeats)
    p, (_, above, _), (_, below, _) = ttost_paired(a, b, -margin, margin)
    found = compared(constant_rows(a - b), margin)
    assert found.p_equivalent == pytest.approx(p, abs=1e-9)
    assert found.p_worse_margin == pytest.approx(1 - below, abs=1e-9)
    assert found.p_better_margin == pytest.approx(1 - above, abs=1e-9)
    assert compared(constant_rows(a - b), 2 * margin).p_equivalent_half == pytest.approx(p, abs=1e-9)


def test_one_sided_p_are_those_of_the_paired_t_test_where_test_rows_do_not_vary():
    rng = np.random.default_rng(3)
    a, b = rng.random(7), rng.random(7)
    found = compared(constant_rows(a - b))
    assert found.p_less == pytest.approx(stats.ttest_rel(a, b, alternative="less").pvalue, abs=1e-12)
    assert found.p_greater == pytest.approx(stats.ttest_rel(a, b, alternative="greater").pvalue, abs=1e-12)
    half = stats.ttest_1samp(a - b, -MARGIN / 2, alternative="greater").pvalue
    assert found.p_no_better == pytest.approx(half, abs=1e-12)


@pytest.mark.parametrize(("df", "careful"), [(3.2, 3.2), (4.0, 4.0), (4.5, 4.0), (6.0, 4.8), (100.0, 80.0)])
def test_the_df_are_lowered_but_not_below_the_paired_t(df, careful):
    assert careful_df(df, repeats=5) == pytest.approx(careful)


def test_the_interval_of_a_comparison_has_its_careful_df():
    rng = np.random.default_rng(1)
    hard = rng.choice([-1, 0, 1], p=[0.2, 0.7, 0.1], size=400)
    D = np.where(rng.random((6, 400)) < 0.5, hard, 0)
    plain, found = interval(D), compared(D).interval
    assert plain.df > 7
    t = stats.t(0.8 * plain.df, loc=plain.mean, scale=plain.variance**0.5)
    assert (found.low, found.high) == pytest.approx(t.interval(0.95), rel=1e-9)
    assert plain.high < found.high < plain.high + 0.1 * (plain.high - plain.mean)


def test_limits_and_p_say_the_same():
    D = np.random.default_rng(1).choice([-1, 0, 1], p=[0.2, 0.7, 0.1], size=(6, 400))
    found = compared(D)
    t = stats.t(found.interval.df, loc=found.interval.mean, scale=found.interval.variance**0.5)
    assert (found.low90, found.high90) == pytest.approx(t.interval(0.9), rel=1e-9)
    assert found.p_less == pytest.approx(t.sf(0), rel=1e-9)
    assert found.p_equivalent == pytest.approx(max(t.cdf(-MARGIN), t.sf(MARGIN)), rel=1e-9)
    at_limit = compared(D, margin=-found.high90)
    assert at_limit.p_better_margin == pytest.approx(0.05, rel=1e-9)


def test_one_repeat_gives_no_interval_and_no_evidence():
    found = compared(np.array([[-1, 0, -1, -1]]))
    assert (found.interval.low, found.low90, found.high90) == (None, None, None)
    p = ("less", "greater", "equivalent", "equivalent_half", "better_margin", "worse_margin", "no_better")
    assert [getattr(found, f"p_{name}") for name in p] == [1.0] * 7


@pytest.mark.parametrize(("value", "less", "equivalent"), [(-0.5, 0.5**20, 1), (0, 1, 0.98**20)])
def test_a_difference_that_never_varies_is_as_sure_as_its_test_rows_are_many(value, less, equivalent):
    found = compared(np.full((3, 20), value))
    assert (found.p_less, found.p_greater) == (pytest.approx(less), 1)
    assert found.p_equivalent == pytest.approx(equivalent)
    assert found.interval.high - value == pytest.approx(1 - 0.025 ** (1 / 20))
    assert found.high90 - value == pytest.approx(1 - 0.05 ** (1 / 20))


@pytest.mark.parametrize("test_rows", [30, 100])
def test_answers_alike_on_few_test_rows_do_not_prove_families_equal(test_rows):
    """One is wrong on 2.1 % of all rows where the other is right, above the margin of 2 points."""
    rng = np.random.default_rng(0)
    draws = (np.repeat(rng.random((1, test_rows)) < 0.021, 5, axis=0) for _ in range(400))
    assert np.mean([compared(draw.astype(np.int8)).p_equivalent <= 0.05 for draw in draws]) <= 0.07


def test_the_floor_is_what_remains_of_the_variance_with_many_repeats():
    rng = np.random.default_rng(5)
    M, column, rest = 4000, 0.3, 0.6
    hard = column * rng.standard_normal(M)
    wrong = {
        R: (0.05 * rng.standard_normal((R, 1)) + hard + rest * rng.standard_normal((R, M)) > 0.5)
        for R in (4, 400)
    }
    zero = {R: np.zeros((R, M), dtype=bool) for R in wrong}
    floors = {}
    for R in wrong:
        errors = {"a": {8: Errors(tuple(range(R)), wrong[R])}, "b": {8: Errors(tuple(range(R)), zero[R])}}
        found = compare("a", "b", errors, MARGIN)[8]
        floors[R] = found.floor
        D = wrong[R].astype(float)
        residual = D - D.mean(axis=1, keepdims=True) - D.mean(axis=0) + D.mean()
        C = (residual**2).sum() / ((R - 1) * (M - 1) * R * M)
        assert found.floor == pytest.approx(D.mean(axis=0).var(ddof=1) / M - C, rel=1e-9)
    assert floors[4] == pytest.approx(floors[400], rel=0.15)


def test_a_comparison_is_the_interval_of_the_paired_matrix():
    errors = errors_of_families()
    found = compare("a", "b", errors, MARGIN)
    assert list(found) == [64, 128]
    for n, each in found.items():
        D = errors["a"][n].wrong.astype(int) - errors["b"][n].wrong.astype(int)
        plain = interval(D)
        assert (each.interval.mean, each.interval.variance) == (plain.mean, plain.variance)
        assert each.interval.df == careful_df(plain.df, 6)
        assert (each.a, each.b, each.size) == ("a", "b", n)


def test_swapping_the_families_turns_the_difference_round():
    errors = errors_of_families()
    forth, back = compare("a", "b", errors, MARGIN)[64], compare("b", "a", errors, MARGIN)[64]
    assert forth.interval.mean == -back.interval.mean
    assert forth.p_less == pytest.approx(back.p_greater, rel=1e-12)
    assert forth.p_equivalent == pytest.approx(back.p_equivalent, rel=1e-12)


def test_pairs_are_matched_by_repeat_whatever_their_order_and_gaps():
    errors = errors_of_families()
    whole = errors["a"][64]
    order = [4, 0, 3, 1]
    errors["a"][64] = Errors(tuple(order), whole.wrong[order])
    (found,) = (each for n, each in compare("a", "b", errors, MARGIN).items() if n == 64)
    shared = sorted(order)
    D = whole.wrong[shared].astype(int) - errors["b"][64].wrong[shared].astype(int)
    assert (found.interval.mean, found.interval.variance) == (interval(D).mean, interval(D).variance)
    assert found.interval.repeats == 4


def test_pairing_by_place_instead_of_repeat_would_be_noticed():
    rng = np.random.default_rng(0)
    hard = rng.random((6, 1)) * 0.8
    wrong = rng.random((6, 500)) < hard
    order = [3, 5, 0, 1, 2, 4]
    errors = {"a": {8: Errors(tuple(range(6)), wrong)}, "b": {8: Errors(tuple(order), wrong[order])}}
    assert compare("a", "b", errors, MARGIN)[8].interval.variance == 0.0
    assert interval(wrong.astype(int) - wrong[order].astype(int)).variance > 0.01


def test_sizes_and_repeats_that_only_one_has_are_left_out():
    errors = errors_of_families()
    errors["a"][128] = Errors((7, 8), errors["a"][128].wrong[:2])
    errors["b"][256] = errors["b"][128]
    assert list(compare("a", "b", errors, MARGIN)) == [64]
    assert compare("a", "absent", errors, MARGIN) == {}


def test_different_test_sets_are_refused():
    errors = errors_of_families()
    errors["b"][64] = Errors(errors["b"][64].repeats, errors["b"][64].wrong[:, :200])
    with pytest.raises(DataError, match=r"a and b at size 64 must .* the same rows, got 300 and 200"):
        compare("a", "b", errors, MARGIN)


def test_a_difference_keeps_the_variance_of_its_own_size():
    rng = np.random.default_rng(2)
    sizes = (16, 32, 64, 128, 256, 512, 1024)
    errors = {
        name: {n: Errors(tuple(range(5)), rng.random((5, 200)) < rng.random((5, 1))) for n in sizes}
        for name in "ab"
    }
    for n, found in compare("a", "b", errors, MARGIN).items():
        D = errors["a"][n].wrong.astype(int) - errors["b"][n].wrong
        assert found.interval.variance == interval(D).variance
