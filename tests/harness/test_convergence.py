from dataclasses import replace

import numpy as np
import pytest

from harness.convergence import SearchSummary, flags, incumbent_errors, luck, summarise
from harness.records import Outcome, SearchSettings, Trial
from harness.tracking.reading import CellRecord


def trial(number, value, error=None, C=1.0, seconds=1.0):
    """A complete trial; None as its value for one that was pruned."""
    if value is None:
        return Trial(number, {"C": C}, Outcome.PRUNED, seconds=seconds)
    error = value if error is None else error
    return Trial(number, {"C": C}, Outcome.COMPLETE, value=value, error=error, seconds=seconds)


def search_of(*values, **more):
    return tuple(trial(number, value, **more) for number, value in enumerate(values))


def record(cell, outcome="complete", test_error=0.25):
    name = cell.family.name
    return CellRecord(
        cell.key, "run", name, cell.size, cell.repeat, outcome, test_error, 0.2, 4, 0.1, 4.0, 200, "", ""
    )


@pytest.fixture
def summary_of(make_cell, logistic):
    """The summary of searches, one for each repeat."""

    def summarised(*searches, family=logistic, failed=(), **search):
        cells = [
            make_cell(family, repeat=repeat, **{"trials": None, **search}) for repeat in range(len(searches))
        ]
        records = {c.key: record(c, "failed" if c.repeat in failed else "complete") for c in cells}
        trials = {c.key: trials for c, trials in zip(cells, searches, strict=True)}
        (found,) = summarise(cells, records, trials)
        return found

    return summarised


def test_a_summary_averages_over_the_repeats(summary_of):
    found = summary_of(search_of(0.5, 0.4, 0.3, None), search_of(0.7, 0.6, 0.6, 0.2), trials=4)
    assert (found.family, found.size, found.repeats) == ("logistic", 90, 2)
    assert (found.trials, found.seconds, found.pruned, found.failed) == (4.0, 4.0, 0.125, 0.0)
    assert found.default_error == pytest.approx(0.6)
    assert found.tuned_error == pytest.approx(0.25)
    assert found.test_error == 0.25
    np.testing.assert_allclose(found.best_so_far, (0.6, 0.5, 0.45, 0.25))
    assert found.gains == {0: pytest.approx(0.1), 1: pytest.approx(0.4)}
    assert found.second_half == pytest.approx(0.25)


def test_the_best_is_the_best_by_the_selection_metric_and_its_error_is_told():
    trials = [trial(0, 0.9, 0.30), trial(1, 0.7, 0.32), trial(2, 0.7, 0.1), trial(3, 0.8, 0.05)]
    assert incumbent_errors(trials) == [0.30, 0.32, 0.32, 0.32]


def test_before_a_trial_is_complete_there_is_no_best():
    assert incumbent_errors(search_of(None, None, 0.3, None)) == [None, None, 0.3, 0.3]


def test_a_cell_that_ended_earlier_keeps_its_best(summary_of):
    found = summary_of(search_of(0.4, 0.2), search_of(0.4, 0.4, 0.4, 0.3), seconds=3.0)
    np.testing.assert_allclose(found.best_so_far, (0.4, 0.3, 0.3, 0.25))


def test_cells_that_failed_count_in_trials_and_in_no_error(summary_of):
    broken = tuple(replace(t, outcome=Outcome.FAILED, value=None, error=None) for t in search_of(1.0, 1.0))
    found = summary_of(search_of(0.4, 0.2), broken, failed={1}, trials=2)
    assert (found.repeats, found.trials, found.failed) == (1, 2.0, 0.5)
    assert (found.default_error, found.tuned_error, found.best_so_far) == (0.4, 0.2, (0.4, 0.2))


def test_where_every_cell_failed_there_are_no_errors(summary_of):
    broken = tuple(replace(t, outcome=Outcome.FAILED, value=None, error=None) for t in search_of(1.0, 1.0))
    found = summary_of(broken, failed={0}, trials=2)
    assert (found.repeats, found.tuned_error, found.second_half, found.best_so_far) == (0, None, None, ())


def test_cells_without_a_record_are_left_out(make_cell, logistic):
    assert summarise([make_cell(logistic)], {}, {}) == []


def test_half_of_a_budget_of_seconds_is_half_of_the_seconds(summary_of):
    slow_first = (trial(0, 0.5, seconds=5.0), trial(1, 0.4), trial(2, 0.3), trial(3, 0.2))
    assert summary_of(slow_first, seconds=8.0).second_half == pytest.approx(0.3)
    assert summary_of(slow_first, trials=4).second_half == pytest.approx(0.2)


def test_one_trial_has_no_second_half(summary_of):
    assert summary_of(search_of(0.4), trials=1).second_half is None


def test_a_space_without_a_choice_has_nothing_to_gain(summary_of, logistic):
    fixed = replace(logistic, space={"C": 1.0})
    assert summary_of(search_of(0.4), family=fixed, trials=1).second_half == 0.0


def test_winners_that_crowd_a_bound_are_told(summary_of):
    searches = [search_of(0.4, 0.2, C=C) for C in (10.0, 9.0, 0.1)]
    assert summary_of(*searches, trials=2).boundary == ("C.high",)


def test_luck_counts_the_rows_that_were_judged(summary_of):
    """At 90 rows folds judge all of them, and a search that looks forward the latest 18."""
    found = summary_of(search_of(0.5, 0.2), trials=2)
    assert luck(found) == pytest.approx(0.5 * (0.2 * 0.8 / 90) ** 0.5)
    assert luck(replace(found, forward=True)) == pytest.approx(0.5 * (0.2 * 0.8 / 18) ** 0.5)


# Flags

PAIR = [("a", "b", 512)]


def summary(family, gains, boundary=(), **change):
    base = SearchSummary(
        family=family,
        label=f"family {family}",
        size=512,
        repeats=len(gains),
        trials=8.0,
        seconds=1.0,
        default_error=0.3,
        tuned_error=0.2,
        test_error=0.2,
        pruned=0.0,
        failed=0.0,
        best_so_far=(0.3, 0.2),
        second_half=float(np.mean(gains)) if len(gains) else None,
        boundary=boundary,
        gains=dict(enumerate(gains)),
    )
    return replace(base, **change)


@pytest.fixture
def families(logistic):
    return [replace(logistic, name=name) for name in "ab"]


SEARCH = SearchSettings(trials=8)


def flagged(families, *summaries, search=SEARCH, pairs=PAIR):
    return flags(summaries, families, search, pairs)


STEADY = [0.001, 0.0, 0.002, -0.001, 0.0]


def test_a_family_that_still_gains_is_flagged_with_the_budget_that_would_tell(families):
    gaining = [0.021, 0.018, 0.025, 0.016, 0.02]
    (flag,) = flagged(families, summary("a", STEADY), summary("b", gaining))
    assert (flag.kind, flag.families, flag.size) == ("not converged", ("a", "b"), 512)
    assert flag.sentence == (
        "At 512 rows family b still gained 2.0 points of validation error in the second half of its search "
        "(8 trials), family a 0.0 points, so they may not be tuned equally well; search.trials=32 would tell."
    )


@pytest.mark.parametrize(
    ("search", "remedy"),
    [
        (SearchSettings(trials=8), "search.trials=32"),
        (SearchSettings(seconds=30.0), "search.seconds=120"),
        (SearchSettings(studies=(3, 8)), "search.studies=3x32"),
    ],
)
def test_the_remedy_is_a_larger_budget_of_the_same_kind(families, search, remedy):
    gaining = [gain + 0.02 for gain in STEADY]
    (flag,) = flagged(families, summary("a", STEADY), summary("b", gaining), search=search)
    assert f"{remedy} would tell" in flag.sentence


def test_families_that_gain_alike_are_not_flagged(families):
    gaining = [gain + 0.02 for gain in STEADY]
    assert flagged(families, summary("a", gaining), summary("b", gaining)) == []


@pytest.mark.parametrize(
    ("size", "apart", "count"),
    [
        (20_000, 0.0049, 0),
        (20_000, 0.0051, 1),
        (512, 0.0087, 0),  # half of sqrt(.2 x .8 / 512) is .00884
        (512, 0.0090, 1),
        (4_096, 0.0069, 0),  # and with 819 rows held out, .00699
        (4_096, 0.0071, 1),
    ],
)
def test_the_limit_is_half_a_point_or_half_a_standard_error(families, size, apart, count):
    other = [gain + apart for gain in STEADY]
    pair = [summary(name, gains, size=size) for name, gains in (("a", STEADY), ("b", other))]
    assert len(flagged(families, *pair, pairs=[("a", "b", size)])) == count


def test_a_difference_that_chance_explains_is_not_flagged(families):
    noisy = [0.08, -0.03, 0.06, -0.04, 0.0]
    assert abs(np.mean(noisy)) > 0.005
    assert flagged(families, summary("a", STEADY), summary("b", noisy)) == []


def test_equal_searches_are_flagged_in_at_most_a_tenth_of_sweeps(families):
    rng = np.random.default_rng(0)
    drawn = 0.013 / 2**0.5 * rng.standard_normal((2, 1000, 5))
    count = sum(
        bool(flagged(families, summary("a", a), summary("b", b))) for a, b in zip(*drawn, strict=True)
    )
    assert 0.04 < count / 1000 < 0.10


def test_the_more_pairs_a_size_has_the_less_chance_is_asked_to_explain(logistic):
    families = [replace(logistic, name=name) for name in "abcd"]
    others = [[0.016, 0.0, 0.02, 0.002, 0.012], STEADY, STEADY]  # one-sided p .03
    summaries = [summary(name, gains) for name, gains in zip("abcd", [STEADY, *others], strict=True)]
    pairs = [("a", other, 512) for other in "bcd"]
    assert len(flagged(families, *summaries, pairs=pairs[:1])) == 1
    assert flagged(families, *summaries, pairs=pairs) == []
    elsewhere = [("a", "c", 128), ("a", "d", 128)]
    assert len(flagged(families, *summaries, pairs=pairs[:1] + elsewhere)) == 1


def test_gains_are_compared_repeat_by_repeat(families):
    shared = np.array([0.2, -0.1, 0.15, -0.2, 0.0])
    (flag,) = flagged(families, summary("a", shared), summary("b", shared + 0.02 + np.array(STEADY)))
    assert flag.kind == "not converged"


def test_a_repeat_that_one_lacks_is_left_out(families):
    other = replace(summary("b", [0.0, 0.9, 0.0]), gains={0: 0.0, 7: 0.9, 2: 0.0})
    assert flagged(families, summary("a", [0.0, 0.0, 0.0]), other) == []


def test_a_search_of_one_trial_is_flagged_as_too_short(families):
    (flag,) = flagged(families, summary("a", STEADY), summary("b", []), search=SearchSettings(trials=1))
    assert flag.sentence == (
        "At 512 rows the search of family b (1 trial) is too short to tell whether it is tuned; "
        "search.trials=8 would tell."
    )


def test_only_the_pairs_asked_for_are_compared(families):
    gaining = [gain + 0.02 for gain in STEADY]
    both = summary("a", STEADY), summary("b", gaining)
    assert flagged(families, *both, pairs=[]) == []
    assert flagged(families, *both, pairs=[("a", "b", 128), ("a", "c", 512)]) == []
    assert len(flagged(families, *both, pairs=[*PAIR, *PAIR])) == 1


def test_a_crowded_bound_is_flagged_with_the_wider_range_that_would_tell(families):
    (flag,) = flagged(families, summary("a", STEADY, boundary=("C.high",)), pairs=[])
    assert (flag.kind, flag.families, flag.size) == ("boundary", ("a",), 512)
    assert flag.sentence == (
        "At 512 rows the best C of family a lies at the upper end of its range, 10, in most repeats, so "
        "better settings may lie beyond; model.a.space.C.high=100 would tell."
    )
