"""Advice never claims more than its interval does."""

from dataclasses import replace

import pytest

from harness.convergence import luck
from harness.curves import NoForecast
from harness.report.advice import answer, levers
from harness.report.levers import Lever, best, bigger_model, more_data, more_tuning


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
    assert of.cost == "4,096 more labelled rows"
    assert len(of.lines) == 3 * len(found.curves)


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
    of = bigger_model(find(config, gain=-0.1), config.claims)
    assert (of.gain, of.answer) == (None, "another family leads")
    assert "logistic regression is better than every network so far" in of.brief


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
