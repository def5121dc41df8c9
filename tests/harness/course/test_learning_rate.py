import numpy as np

from harness.course.learning_rate import EVALUATORS, SPACE
from harness.records import Outcome, Trial
from harness.search import importances


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
