import numpy as np
import pytest
from scipy.stats import friedmanchisquare

from harness.course.try_all_activations import NAMES, guidelines, kendalls_w, reversals

NOISE = np.array([-0.001, 0.0, 0.001, 0.0, 0.0])


def case(*errors):
    return {name: error + NOISE * (k + 1) for k, (name, error) in enumerate(zip(NAMES, errors, strict=True))}


def test_kendalls_w_is_friedmans_statistic_over_its_largest():
    ranks = [np.random.default_rng(seed).permutation(4) + 1 for seed in range(6)]
    statistic = friedmanchisquare(*np.array(ranks).T).statistic
    assert kendalls_w(ranks) == pytest.approx(statistic / (6 * 3))


def test_a_reversal_is_a_pair_that_surely_changes_places():
    here, there = ("a", 100, 1), ("b", 100, 1)
    found = {here: case(0.1, 0.2, 0.3, 0.4), there: case(0.4, 0.2, 0.3, 0.45)}
    assert ("relu", "tanh", here, there) in reversals(found)
    assert reversals({here: found[here], there: case(0.2, 0.3, 0.4, 0.5)}) == []


def test_a_guideline_surely_costs_less_than_a_point_everywhere():
    found = {("a", 100, 1): case(0.104, 0.1, 0.3, 0.4), ("b", 100, 1): case(0.1, 0.2, 0.3, 0.4)}
    assert guidelines(found) == ["relu"]


def test_repeats_that_tell_nothing_make_no_guideline():
    wild = {
        name: np.array([0.1, 0.3, 0.2]) + 0.1 * np.array([k % 2, -(k % 2), k]) for k, name in enumerate(NAMES)
    }
    assert guidelines({("a", 100, 1): wild}) == []


def test_every_activation_is_ranked_in_every_case(found):
    finding = found("try_all_activations")
    assert 0 <= finding.effect <= 1
    assert len({(row["data"], row["activation"]) for row in finding.rows}) == 5 * 4
