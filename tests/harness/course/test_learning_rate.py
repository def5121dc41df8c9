import numpy as np
import pytest

from harness.course.learning_rate import EVALUATORS, SPACE, answer, leads
from harness.records import Outcome, Trial
from harness.search import importances
from harness.verdicts import Answer


def test_trials_are_drawn_within_their_ranges_and_weighed_by_both_evaluators(found):
    finding = found("learning_rate")
    for row in finding.rows:
        for name, entry in SPACE.items():
            inside = (
                row[name] in entry["choices"]
                if "choices" in entry
                else entry["low"] <= row[name] <= entry["high"]
            )
            assert inside, (name, row[name])
    assert [panel.title for panel in finding.panels[:2]] == list(EVALUATORS)
    assert {name.replace("_", " ") for name in SPACE} == set(finding.panels[0].values)


def test_both_evaluators_name_the_only_parameter_that_matters():
    rng = np.random.default_rng(0)
    space = {"a": {"low": 0.0, "high": 1.0}, "b": {"low": 0.0, "high": 1.0}}
    drawn = [{"a": float(a), "b": float(b)} for a, b in rng.random((80, 2))]
    trials = [Trial(k, each, Outcome.COMPLETE, each["b"]) for k, each in enumerate(drawn)]
    for evaluator in EVALUATORS:
        assert importances(space, [trials], evaluator)["b"] > 0.8


def test_a_parameter_that_surely_leads_is_not_hidden_by_one_whose_share_varies():
    def batch(rate, units, steps):
        return dict.fromkeys(SPACE, 0.0) | {"learning_rate": rate, "units": units, "steps": steps}

    sure = [batch(0.3, 0.4, 0.3 + wide) for wide in (-0.3, 0.0, 0.3)]
    mean, low, high = leads(sure)
    assert (mean, high) == pytest.approx((-0.1, -0.1))  # units leads by 0.1 in each batch
    assert low < -0.5  # steps varies
    assert leads([batch(0.5, 0.4, 0.3)] * 3)[1] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([(0.1, 0.3), (0.2, 0.4)], Answer.SUPPORTED),
        ([(-0.3, -0.1), (-0.4, -0.2)], Answer.CONTRADICTED),
        ([(0.1, 0.3), (-0.4, -0.2)], Answer.UNDETERMINED),
        ([(-0.1, 0.3), (-0.1, 0.2)], Answer.UNDETERMINED),
    ],
)
def test_it_leads_only_where_it_does_on_every_data_set_by_every_evaluator(limits, expected):
    assert answer(limits) is expected
