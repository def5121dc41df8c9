"""Advice never claims more than its interval does."""

from dataclasses import replace

import numpy as np
import pytest

from harness.convergence import luck
from harness.curves import NoForecast
from harness.records import SearchSettings
from harness.report.advice import answer, levers
from harness.report.lever import Lever, best
from harness.report.levers import bigger_model, more_tuning
from harness.report.rows_lever import more_data


@pytest.fixture
def found(make_config, find):
    return find(make_config())


def lever(name, gain=None, low=None, high=None):
    return Lever(name, f"Of {name}.", "", "", gain, low, high)


def test_the_best_family_is_the_one_with_the_least_error_at_the_largest_size(make_config, find):
    found = find(make_config(), skip=(2048, 4096), gain=0.2)
    assert best(found.curves).family == "large_nn"


def test_more_data_is_the_forecast_of_the_best_family_at_twice_its_rows(found):
    of = more_data(found)
    top = next(each for each in found.forecasts if each.family == best(found.curves).family)
    assert of.gain == pytest.approx(top.last_error - top.points[0].error)
    assert (of.low, of.high) == pytest.approx(
        (top.last_error - top.points[0].high, top.last_error - top.points[0].low)
    )
    assert "8,192" in of.finding
    assert len(of.lines) == 3 * len(found.curves)


def pool_of(found, count):
    """The same findings, had the pool so many rows."""
    task = found.plan.task
    task = replace(task, X=np.zeros((count, 3), np.float32), y=np.arange(count) % 3)
    return replace(found, plan=replace(found.plan, task=task))


def test_more_data_costs_the_labels_of_the_rows_that_are_not_at_hand(found):
    assert more_data(pool_of(found, 4_096)).cost == "4,096 more labelled rows"
    assert more_data(found).cost == "2,192 more labelled rows"
    owned = more_data(pool_of(found, 9_000))
    assert owned.cost == "nothing to label: 9,000 rows are at hand to learn from"
    assert "wice the rows, which are at hand, " in owned.brief
    assert "at hand" not in more_data(found).brief


def test_the_forecast_is_told_for_all_rows_at_hand_and_for_as_many_again(found):
    top = next(each for each in found.forecasts if each.family == best(found.curves).family)
    every, again = (found.shown.value(top.at(size).error) for size in (6_000, 12_000))
    of = more_data(found)
    assert f"Of 6,000 rows at hand 4,096 were used; with all, {every} (" in of.finding
    assert f"; with 6,000 more, to be labelled, {again} (" in of.finding
    assert "were used" not in more_data(pool_of(found, 4_096)).finding
    assert "to be labelled" not in more_data(pool_of(found, 20_000)).finding
    assert "were used" not in more_data(pool_of(found, 300_000)).finding


def test_without_a_forecast_more_data_is_not_known(found):
    none = tuple(NoForecast(c.family, c.label, "It has 2 sizes.") for c in found.curves)
    of = more_data(replace(found, forecasts=none))
    assert (of.gain, of.helps, of.answer) == (None, False, "not known")
    assert "It has 2 sizes." in of.finding


def test_a_bigger_model_is_judged_by_the_last_step_at_the_largest_size(make_config, find):
    config = make_config()
    helped = bigger_model(find(config, gain=0.2), config.claims)
    assert helped.helps
    assert "4,096 rows large network errs" in helped.brief
    assert [line[0] for line in helped.lines] == [
        "small network to medium network",
        "medium network to large network",
    ]
    networks = make_config(labels={f"{size}_nn": f"{size} network" for size in ("small", "medium", "large")})
    level = bigger_model(find(networks, gain=0.0), config.claims)
    assert not level.helps
    assert level.answer == "no evidence that it would help"
    assert "may be chance" in level.brief


def test_where_another_family_leads_a_bigger_network_is_not_the_question(make_config, find):
    config = make_config()
    of = bigger_model(find(config, gain=-0.3), config.claims)
    assert (of.gain, of.answer, of.cost) == (None, "another family leads", "")
    assert "at 4,096 rows logistic regression is better than every network, " in of.brief


def test_a_lead_that_may_be_chance_is_not_called_better(make_config, find):
    config = make_config()
    of = bigger_model(find(config, gain=-0.03), config.claims)
    assert of.answer == "another family leads"
    assert "at 4,096 rows logistic regression is the best so far; " in of.brief
    assert "points behind, which may be chance." in of.brief


def test_a_single_network_tells_nothing_of_a_bigger_one(make_config, find):
    config = make_config(labels={"small_nn": "small network", "svm": "SVM"})
    assert bigger_model(find(config), config.claims).answer == "not known"


def test_more_tuning_is_the_gain_of_the_second_half_of_the_best_familys_search(found, make_config):
    of = more_tuning(found, make_config().search)
    halves = found.halves[best(found.curves).family]
    assert len(halves) == 5
    assert of.gain == pytest.approx(sum(halves) / 5)
    chance = luck(found.summary(best(found.curves).family, 4096))
    assert (of.low is None) == (of.gain <= chance)


def test_more_tuning_helps_only_by_more_than_luck(found, make_config):
    summary = found.summary(best(found.curves).family, 4096)
    few, many = luck(summary) * 0.9, luck(summary) * 1.1
    for gain, helps in ((few, False), (many, True)):
        halves = {**found.halves, summary.family: tuple(gain + step for step in (-1e-4, 0.0, 1e-4))}
        of = more_tuning(replace(found, halves=halves), make_config().search)
        assert of.helps is helps
        assert ("fewer errors on validation rows" in of.answer) is helps


def test_a_second_half_that_raised_the_error_is_not_said_to_have_lowered_it(found, make_config):
    halves = {**found.halves, best(found.curves).family: (-0.02, -0.01, -0.03)}
    of = more_tuning(replace(found, halves=halves), make_config().search)
    assert "the second half of the search raised the error on validation rows by 2.0 points" in of.finding
    assert not of.helps


def test_the_gain_of_the_whole_search_is_told_against_the_default(found, make_config):
    family, search = best(found.curves).family, make_config().search

    def finding(*gains):
        return more_tuning(replace(found, tunings={**found.tunings, family: gains}), search).finding

    assert "; the whole search (8 trials per cell) gained 2.0 points (95 % int" in finding(0.01, 0.02, 0.03)
    assert "; no setting in the whole search (8 trials per cell) beat the default." in finding(0.0, 0.0)


def test_a_search_of_one_trial_has_no_second_half(make_config, find):
    config = make_config()
    assert more_tuning(find(config, trials=1), config.search).answer == "not known"


def test_a_search_of_three_trials_has_too_few_to_tell(found, make_config):
    config = make_config(search=SearchSettings(trials=3))
    of = more_tuning(found, config.search)
    assert (of.gain, of.answer) == (None, "not known")
    assert "tried only 3 settings a cell" in of.brief


@pytest.mark.parametrize(
    ("gain", "low", "high", "says"),
    [
        (0.02, 0.01, 0.03, "2.0 points fewer errors"),
        (0.02, -0.01, 0.05, "no evidence that it would help"),
        (0.02, None, None, "no evidence that it would help"),
        (-0.02, -0.03, -0.01, "it did harm"),
        (None, None, None, "not known"),
    ],
)
def test_an_interval_that_holds_0_is_no_evidence(gain, low, high, says):
    assert lever("x", gain, low, high).answer == says


def test_what_is_shown_to_help_stands_first_then_the_larger_gain(found, make_config, monkeypatch):
    made = {
        "more_data": lever("more data", 0.09, -0.01, 0.2),
        "bigger_model": lever("a bigger model", 0.01, 0.005, 0.02),
        "more_tuning": lever("more tuning"),
    }
    for name, of in made.items():
        monkeypatch.setattr(f"harness.report.advice.{name}", lambda *_, of=of: of)
    config = make_config()
    ranked = levers(found, config.search, config.claims)
    assert [of.name for of in ranked] == ["a bigger model", "more data", "more tuning"]
    assert answer(found, ranked).startswith("On blobs, a bigger model would help most. The best model so far")


def test_where_nothing_is_shown_to_help_the_answer_says_so(found):
    ranked = [lever("more data", 0.01, -0.01, 0.03), lever("a bigger model"), lever("more tuning")]
    assert answer(found, ranked).startswith(
        "On blobs, more data is not shown to help further, and whether a bigger model or more tuning would "
        "is not known; more data is the likeliest to."
    )
    both = [lever("more data", -0.01, -0.02, 0.03), lever("a bigger model", -0.02, -0.03, 0.03), *ranked[2:]]
    assert "neither more data nor a bigger model is shown to help further, and whether" in answer(found, both)


def test_a_gain_lost_in_a_wide_interval_is_not_called_the_likeliest(found):
    ranked = [lever("more tuning", 0.02, -0.234, 0.274), lever("more data"), lever("a bigger model")]
    assert "likeliest" not in answer(found, ranked)


def test_an_error_is_held_against_the_commonest_class(found):
    ranked = [lever("more data"), lever("a bigger model"), lever("more tuning")]
    told = answer(found, ranked)
    assert "(always answering 'a' would give 66.5\u00a0%)" in told
    assert "balanced_error" not in told
    rare = replace(found.plan.task, y=np.zeros(6_000, int), y_test=(np.arange(400) < 20).astype(int))
    none = answer(replace(found, plan=replace(found.plan, task=rare)), ranked)
    assert "No model here" not in told
    assert "So no model here is shown to be better than always answering 'a'. metric=balanced_error" in none


def test_where_no_network_ran_at_the_largest_size_that_is_said(make_config, find):
    config = make_config()
    found = find(config, gain=-0.3)
    short = tuple(
        curve if curve.family in ("logistic_regression", "svm") else replace(curve, sizes=curve.sizes[:-1])
        for curve in found.curves
    )
    told = bigger_model(replace(found, curves=short), config.claims).brief
    assert "logistic regression is the best so far, and no network was run there." in told


def test_a_search_of_one_trial_tried_one_setting(found, make_config):
    assert "tried only 1 setting a cell" in more_tuning(found, SearchSettings(trials=1)).brief
