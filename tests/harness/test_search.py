import math
from dataclasses import replace

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from harness.records import Outcome, SearchSettings, Trial
from harness.search import FEWEST_RANKED, MOST_TRIALS, Search, distribution, goes_on, importances
from harness.space import capped

SPACE = {
    "units": {"low": 2, "high": 64, "log": True, "default": 8},
    "rate": {"low": 0.001, "high": 1.0, "log": True, "default": 0.1},
    "activation": {"choices": ["relu", "tanh"]},
}
SPACE_DEFAULT = {"units": 8, "rate": 0.1, "activation": "relu"}


def value_of(params: dict, step: int = 10) -> float:
    """A surface with one minimum, falling in the step."""
    bend = abs(math.log(params["rate"]) + 3) + abs(math.log(params["units"]) - 3)
    return bend + (params["activation"] == "relu") * 0.1 + 1 / step


def play(search: Search, until: int, fail: frozenset[int] = frozenset()) -> list[Trial]:
    """Run trials of the toy surface until one of that number has ended."""
    ended = []
    while not ended or ended[-1].number < until - 1:
        number, params = search.ask()
        points, outcome = [], Outcome.FAILED if number in fail else Outcome.COMPLETE
        for step in (2, 5, 10):
            points.append((step, value_of(params, step)))
            if outcome is Outcome.COMPLETE and search.should_prune(*points[-1]):
                outcome = Outcome.PRUNED
                break
        value = points[-1][1] if outcome is Outcome.COMPLETE else None
        ended.append(Trial(number, params, outcome, value=value, points=tuple(points)))
        search.tell(ended[-1])
    return ended


@pytest.mark.parametrize("sampler", ["tpe", "random"])
@pytest.mark.parametrize("cut", [1, 4, 9, 14])
def test_a_search_rebuilt_from_its_trials_asks_what_it_would_have_asked(sampler, cut):
    settings = SearchSettings(sampler=sampler, trials=16)
    whole = play(Search(SPACE, settings, 3, seed=3), 16, fail=frozenset({2, 7}))
    assert {trial.outcome for trial in whole} == {Outcome.COMPLETE, Outcome.PRUNED, Outcome.FAILED}
    rest = play(Search(SPACE, settings, 3, seed=3, recorded=whole[:cut]), 16, fail=frozenset({2, 7}))
    assert whole[:cut] + rest == whole


@pytest.mark.parametrize("cut", [1, 4, 5, 9, 10, 14])
def test_studies_rebuilt_from_their_trials_ask_what_they_would_have_asked(cut):
    settings = SearchSettings(studies=(3, 5))
    whole = play(Search(SPACE, settings, 3, seed=3), 15, fail=frozenset({2, 7}))
    rest = play(Search(SPACE, settings, 3, seed=3, recorded=whole[:cut]), 15, fail=frozenset({2, 7}))
    assert whole[:cut] + rest == whole


def test_the_first_study_is_the_search_of_as_many_trials_and_the_others_are_of_their_own():
    studies = play(Search(SPACE, SearchSettings(studies=(3, 5)), 3, seed=3), 15)
    alone = play(Search(SPACE, SearchSettings(trials=5), 3, seed=3), 5)
    assert studies[:5] == alone
    settings = [tuple(trial.params.values()) for trial in studies]
    assert len(set(settings)) == 15
    assert [trial.number for trial in studies] == list(range(15))


def test_only_the_first_study_starts_at_the_default_setting():
    studies = play(Search(SPACE, SearchSettings(studies=(3, 2)), 3, seed=3), 6)
    assert [trial.number for trial in studies if trial.params == SPACE_DEFAULT] == [0]


def test_a_study_neither_learns_from_nor_is_pruned_by_those_before_it():
    def second_study(offset):
        search = Search(SPACE, SearchSettings(studies=(2, 8)), 3, seed=3)
        for _ in range(8):
            number, params = search.ask()
            points = tuple((step, value_of(params, step) + offset) for step in (2, 5, 10))
            for step, value in points:
                search.should_prune(step, value)
            search.tell(Trial(number, params, Outcome.COMPLETE, value=points[-1][1], points=points))
        return play(search, 16)

    good, hopeless = second_study(-100.0), second_study(100.0)
    assert good == hopeless
    assert [trial.outcome for trial in good[:2]] == [Outcome.COMPLETE] * 2


def lasting(seconds, number=0):
    return Trial(number, {}, Outcome.COMPLETE, value=0.5, seconds=seconds)


def test_seconds_are_summed_over_trials_and_the_one_under_way_counts():
    settings = SearchSettings(seconds=10.0)
    assert goes_on(settings, [])
    assert goes_on(settings, [lasting(9.9)])
    assert not goes_on(settings, [lasting(9.9), lasting(0.1)])
    assert not goes_on(settings, [lasting(99.0)])


def test_a_thousand_trials_end_a_search_whatever_seconds_are_left():
    assert goes_on(SearchSettings(seconds=10.0), [lasting(0.0)] * (MOST_TRIALS - 1))
    assert not goes_on(SearchSettings(seconds=10.0), [lasting(0.0)] * MOST_TRIALS)


def test_another_seed_asks_for_something_else():
    first, second = (play(Search(SPACE, SearchSettings(), 3, seed=s), 4) for s in (0, 1))
    assert [t.params for t in first[1:]] != [t.params for t in second[1:]]


def test_the_first_trial_is_the_default_setting():
    number, params = Search(SPACE, SearchSettings(), 3, seed=0).ask()
    assert (number, params) == (0, {"units": 8, "rate": 0.1, "activation": "relu"})


def test_the_order_of_a_space_changes_nothing():
    turned = dict(reversed(SPACE.items()))
    first, second = (play(Search(space, SearchSettings(), 3, seed=0), 8) for space in (SPACE, turned))
    assert first == second


def test_without_a_pruner_nothing_is_pruned():
    trials = play(Search(SPACE, SearchSettings(pruner="none"), 3, seed=3), 12)
    assert all(trial.outcome is Outcome.COMPLETE for trial in trials)


def test_a_space_that_is_all_fixed_can_still_be_tried():
    assert Search({"C": 1.0}, SearchSettings(), 1, seed=0).ask() == (0, {})


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"low": 1, "high": 9}, IntDistribution(1, 9)),
        ({"low": 1, "high": 9, "log": True}, IntDistribution(1, 9, log=True)),
        ({"low": 0.0, "high": 1.0, "step": 0.25}, FloatDistribution(0.0, 1.0, step=0.25)),
        ({"low": 1, "high": 2.5}, FloatDistribution(1, 2.5)),
        ({"choices": ["a", None]}, CategoricalDistribution(["a", None])),
    ],
)
def test_each_form_of_entry_has_its_distribution(entry, kind):
    assert distribution(entry) == kind


def cells_where(value, count=12, trials=8, offset=lambda cell: 0.0):
    """Cells of complete trials at random settings of SPACE, their value told by the setting."""
    rng = np.random.default_rng(0)
    return [
        [
            Trial(number, params, Outcome.COMPLETE, value=value(params) + offset(cell))
            for number, params in enumerate(
                {
                    "activation": str(rng.choice(["relu", "tanh"])),
                    "rate": float(np.exp(rng.uniform(np.log(0.001), 0))),
                    "units": int(np.exp(rng.uniform(np.log(2), np.log(64)))),
                }
                for _ in range(trials)
            )
        ]
        for cell in range(count)
    ]


def mostly_rate(params):
    return 2 * math.log(params["rate"]) + 0.5 * math.log(params["units"])


def test_the_parameter_that_decides_has_the_largest_share():
    found = importances(SPACE, cells_where(mostly_rate))
    assert list(found) == ["rate", "units", "activation"]
    assert found["rate"] > 0.8
    assert sum(found.values()) == pytest.approx(1)


def test_what_differs_between_cells_does_not_count():
    shifted = cells_where(mostly_rate, offset=lambda cell: 1000.0 * cell)
    assert importances(SPACE, shifted) == importances(SPACE, cells_where(mostly_rate))


def test_importances_are_the_same_every_time():
    assert importances(SPACE, cells_where(mostly_rate)) == importances(SPACE, cells_where(mostly_rate))


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [[]],
        cells_where(mostly_rate, count=1, trials=FEWEST_RANKED - 1),
        cells_where(lambda _: 0.5),
        cells_where(mostly_rate, count=50, trials=1),
        [[replace(t, outcome=Outcome.PRUNED) for t in cell] for cell in cells_where(mostly_rate)],
        [[replace(t, params=SPACE_DEFAULT) for t in cell] for cell in cells_where(mostly_rate)],
    ],
    ids=["none", "no trials", "too few", "one value", "nothing to rank", "none complete", "one setting"],
)
def test_there_is_no_importance_where_too_little_or_nothing_varies(cells):
    assert importances(SPACE, cells) == {}


def test_a_space_without_a_choice_has_no_importances():
    trials = [[Trial(k, {}, Outcome.COMPLETE, value=float(k)) for k in range(40)]]
    assert importances({"C": 1.0}, trials) == {}


def test_a_search_of_a_capped_range_of_steps_is_rebuilt_from_its_trials():
    hidden = {"layers": 1, "units": {"low": 8, "high": 64, "step": 8, "default": 32}}
    space, settings = capped({"hidden": hidden}, 784, 10, 15_000), SearchSettings(trials=4)
    search = Search(space, settings, 3, seed=3)
    number, params = search.ask()
    ended = Trial(number, params, Outcome.COMPLETE, value=1.0)
    search.tell(ended)
    assert Search(space, settings, 3, seed=3, recorded=[ended]).ask() == search.ask()
