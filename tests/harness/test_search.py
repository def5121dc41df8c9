import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from harness.records import Outcome, SearchSettings, Trial
from harness.search import Search, distribution

SPACE = {
    "units": {"low": 2, "high": 64, "log": True, "default": 8},
    "rate": {"low": 0.001, "high": 1.0, "log": True, "default": 0.1},
    "activation": {"choices": ["relu", "tanh"]},
}


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
