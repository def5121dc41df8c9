"""The simulation behind the figures in the docs: its shortcut is exact, its checks notice a wrong test."""

import subprocess
import sys

import numpy as np
import pytest

from benchmarks.two_way import MARGIN, Parts, Statistics, draw, draw_binary, draw_pairs
from benchmarks.verdicts import FAMILIES, LADDER, PARTS, answered, at, filled
from harness.curves import interval
from harness.verdicts import comparison

PART = Parts(0.03, 0.2, 0.4)


def statistics_of(matrices):
    """What the simulation draws, taken from matrices."""
    R, M = matrices[0].shape
    rest = [D - D.mean(axis=1, keepdims=True) - D.mean(axis=0) + D.mean() for D in matrices]
    return Statistics(
        mean=np.array([D.mean() for D in matrices]),
        row_variance=np.array([D.mean(axis=1).var(ddof=1) for D in matrices]),
        column_variance=np.array([D.mean(axis=0).var(ddof=1) for D in matrices]),
        residual=np.array([(each**2).sum() / ((R - 1) * (M - 1)) for each in rest]),
        R=R,
        M=M,
    )


def drawn_matrices(N=40, R=4, M=50):
    rng = np.random.default_rng(0)
    normal = rng.standard_normal
    return [
        PART.row * normal((R, 1)) + PART.column * normal(M) + PART.rest * normal((R, M)) for _ in range(N)
    ]


def test_the_shortcut_gives_the_comparisons_of_the_matrices():
    matrices = drawn_matrices()
    drawn = statistics_of(matrices)
    compared = drawn.comparisons("a", "b", 8)
    assert [each.p_less for each in compared] == pytest.approx(drawn.p_at_least(0.0).tolist(), rel=1e-9)
    for D, found in zip(matrices, compared, strict=True):
        expected = comparison("a", "b", 8, interval(D), found.floor, MARGIN)
        for name in ("p_less", "p_greater", "p_equivalent", "p_no_better", "low90", "high90"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9)
        assert found.interval.df == pytest.approx(expected.interval.df, rel=1e-9)
        assert found.interval.low == pytest.approx(expected.interval.low, rel=1e-9)


def test_the_shortcut_draws_what_matrices_have():
    R, M, N = 4, 50, 4000
    direct = draw(np.random.default_rng(1), np.zeros(N), PART, R, M)
    whole = statistics_of(drawn_matrices(N, R, M))
    for name in ("mean", "row_variance", "column_variance", "residual"):
        one, other = getattr(direct, name), getattr(whole, name)
        assert one.mean() == pytest.approx(other.mean(), rel=0.05, abs=0.002)
        assert one.std() == pytest.approx(other.std(), rel=0.06)


def test_pairs_that_share_a_family_are_correlated_by_its_half():
    rng = np.random.default_rng(2)
    means = {"a": 0.0, "b": 0.0, "c": 0.01}
    found = draw_pairs(rng, 4000, [("a", "b"), ("c", "b")], means, PART, 5, 2000)
    assert np.corrcoef(found["a", "b"].mean, found["c", "b"].mean)[0, 1] == pytest.approx(0.5, abs=0.05)
    alone = draw(rng, np.zeros(4000), PART, 5, 2000)
    assert found["a", "b"].mean.std() == pytest.approx(alone.mean.std(), rel=0.06)
    assert found["c", "b"].mean.mean() == pytest.approx(0.01, abs=0.002)


def test_binary_errors_have_the_probability_that_is_said():
    errors = draw_binary(np.random.default_rng(3), filled(at(LADDER[:1], svm=5)), 30, 4000)
    assert errors["svm"][128].wrong.mean() == pytest.approx(0.30, abs=0.03)
    paired = errors["svm"][128].wrong.mean() - errors["small_nn"][128].wrong.mean()
    assert paired == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("R", [5, 10])
def test_a_wrong_answer_is_rare_at_the_limit(R):
    rng, N = np.random.default_rng(4), 1500
    tie = answered(rng, N, "bigger_is_better", at(LADDER[3:], medium_nn=-5, large_nn=-5), R, 10000)
    assert (tie == "supported").mean() <= 0.05 + 3 * (0.05 * 0.95 / N) ** 0.5
    lead = answered(rng, N, "network_beats_svm", at(LADDER[2:], small_nn=-1), R, 10000)
    assert (lead == "contradicted").mean() <= 0.025 + 3 * (0.025 * 0.975 / N) ** 0.5


def test_the_check_would_notice_a_test_that_forgets_the_repeats(monkeypatch):
    honest = Statistics.variance

    def forgetful(self, row_variance=None, extra_df=0.0):
        return honest(self, np.zeros_like(self.mean))

    monkeypatch.setattr(Statistics, "variance", forgetful)
    tie = at(LADDER[3:], medium_nn=-5, large_nn=-5)
    found = answered(np.random.default_rng(4), 300, "bigger_is_better", tie, 5, 10000)
    assert (found == "supported").mean() > 0.1


def test_the_parts_are_those_of_every_size_that_is_simulated():
    assert set(LADDER) <= set(PARTS)
    assert len(FAMILIES) == 5


def test_the_script_prints_its_tables():
    ran = subprocess.run(
        [sys.executable, "-W", "error", "benchmarks/verdicts.py", "40"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.count("| --- |") >= 8
    assert "supported / contradicted at R" in ran.stdout
    assert "nan" not in ran.stdout
