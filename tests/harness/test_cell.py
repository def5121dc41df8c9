import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from harness import model_files
from harness.cell import run_cell
from harness.records import CellEnded, Family, Outcome, RefitStarted, TrialEnded, TrialStarted
from harness.splits import subset
from models import distances


def run(cell, task, recorded=()):
    events = []
    run_cell(cell, task, recorded, events.append)
    return events


def timeless(trial):
    return replace(trial, seconds=0.0)


def trials_of(events):
    return [timeless(event.trial) for event in events if isinstance(event, TrialEnded)]


def result_of(events):
    return replace(events[-1].result, seconds=0.0, fit_seconds=0.0)


@pytest.fixture(params=["logistic", "network"])
def family(request):
    return request.getfixturevalue(request.param)


def test_a_cell_streams_starts_and_ends_and_its_result_last(family, task, make_cell):
    events = run(make_cell(family, trials=3), task)
    assert [type(event) for event in events] == [*[TrialStarted, TrialEnded] * 3, RefitStarted, CellEnded]
    assert [event.trial.number for event in events[1:-1:2]] == [0, 1, 2]
    assert result_of(events).trials == 3


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_cell_continued_from_its_trials_equals_the_uninterrupted_one(family, task, make_cell, cut):
    cell = make_cell(family)
    whole = run(cell, task)
    ended = [event.trial for event in whole if isinstance(event, TrialEnded)]
    rest = run(cell, task, tuple(ended[:cut]))
    assert trials_of(rest) == trials_of(whole)[cut:]
    assert result_of(rest) == result_of(whole)


def test_the_best_trial_is_chosen_on_validation_rows_alone(family, task, make_cell):
    events = run(make_cell(family), task)
    swapped = replace(task, y_test=(task.y_test + 1) % 3)
    again = run(make_cell(family), swapped)
    assert trials_of(again) == trials_of(events)
    assert result_of(again).best == result_of(events).best
    assert result_of(again).test_error != result_of(events).test_error


def test_only_the_n_rows_of_the_cell_are_learned_from(family, task, make_cell):
    cell = make_cell(family)
    rows = subset(task.y, cell.size, cell.repeat, cell.seed)
    spoiled = np.full_like(task.X, 1e6)
    spoiled[rows] = task.X[rows]
    assert trials_of(run(cell, replace(task, X=spoiled))) == trials_of(run(cell, task))


def test_the_test_error_is_that_of_the_packed_correctness(family, task, make_cell):
    result = result_of(run(make_cell(family), task))
    correct = np.unpackbits(np.frombuffer(result.correct, np.uint8), count=len(task.y_test))
    assert result.test_error == pytest.approx(1 - correct.mean(), abs=1e-15)
    assert 0 < result.test_error < 0.6


def test_the_model_of_repeat_0_is_kept_and_makes_the_tested_predictions(family, task, make_cell):
    result = result_of(run(make_cell(family, repeat=0), task))
    predicted = model_files.load(result.model).predict(task.X_test)
    assert np.packbits(predicted == task.y_test).tobytes() == result.correct
    assert result_of(run(make_cell(family, repeat=1), task)).model is None


class Restless(LogisticRegression):
    """Keeps what no file holds."""

    def fit(self, X, y):
        self.later_ = (row for row in X)
        return super().fit(X, y)


def test_a_model_that_cannot_be_written_does_not_cost_the_cell_its_result(logistic, task, make_cell):
    restless = replace(logistic, estimator={**logistic.estimator, "_target_": f"{__name__}.Restless"})
    result = result_of(run(replace(make_cell(restless, repeat=0), trusted_modules=(__name__,)), task))
    assert result.outcome is Outcome.COMPLETE
    assert result.model is None
    assert result.test_error == result_of(run(make_cell(logistic, repeat=0), task)).test_error


class Leaving(LogisticRegression):
    """Ends its process where C is above 1."""

    def fit(self, X, y):
        if self.C > 1:
            sys.exit(0)
        return super().fit(X, y)


def test_a_learner_that_ends_its_process_is_a_failed_trial(logistic, task, make_cell):
    leaving = replace(
        logistic,
        estimator={**logistic.estimator, "_target_": f"{__name__}.Leaving"},
        space={"C": {"choices": [2.0, 1.0]}},
    )
    events = run(replace(make_cell(leaving), trusted_modules=(__name__,)), task)
    first = trials_of(events)[0]
    assert (first.outcome, first.message) == (Outcome.FAILED, "SystemExit: 0")
    assert result_of(events).outcome is Outcome.COMPLETE


def test_a_diverging_setting_is_an_outcome_and_never_the_best(network, task, make_cell):
    space = {**network.space, "learning_rate": {"choices": [1e38, 0.01]}}
    wild = replace(network, space=space, estimator={**network.estimator, "optimizer": "gradient_descent"})
    events = run(make_cell(wild), task)
    outcomes = [trial.outcome for trial in trials_of(events)]
    assert outcomes[0] is Outcome.DIVERGED
    assert Outcome.COMPLETE in outcomes
    assert trials_of(events)[result_of(events).best].params["learning_rate"] == 0.01


def test_a_learner_that_raises_is_a_failed_trial_with_its_sentence(logistic, task, make_cell):
    broken = replace(logistic, space={"C": {"choices": [-1.0, 1.0]}})
    trials = trials_of(run(make_cell(broken), task))
    assert trials[0].outcome is Outcome.FAILED
    assert "'C' parameter" in trials[0].message


def test_a_cell_without_a_complete_trial_failed_and_says_why(logistic, task, make_cell):
    broken = replace(logistic, space={"C": {"choices": [-1.0, -2.0]}})
    result = result_of(run(make_cell(broken, trials=2), task))
    assert result.outcome is Outcome.FAILED
    assert "no trial of 2 completed" in result.message


@pytest.mark.parametrize("cut", [1, 4, 5, 9])
def test_studies_continued_from_their_trials_equal_the_uninterrupted_ones(family, task, make_cell, cut):
    cell = make_cell(family, trials=None, studies=(2, 5))
    whole = run(cell, task)
    ended = [event.trial for event in whole if isinstance(event, TrialEnded)]
    assert [trial.number for trial in ended] == list(range(10))
    rest = run(cell, task, tuple(ended[:cut]))
    assert trials_of(rest) == trials_of(whole)[cut:]
    assert result_of(rest) == result_of(whole)


def test_the_winner_is_the_best_of_all_studies_on_validation_rows(logistic, task, make_cell):
    events = run(make_cell(logistic, trials=None, studies=(3, 4)), task)
    values = {trial.number: trial.value for trial in trials_of(events) if trial.outcome is Outcome.COMPLETE}
    assert result_of(events).best == min(values, key=values.get)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a second each time it is read: a trial takes one, or a few."""
    ticks = iter(range(10_000_000))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(ticks)))


def test_a_search_of_seconds_ends_with_the_trial_that_uses_them_up(family, task, make_cell, clock):
    events = run(make_cell(family, trials=None, seconds=3.5), task)
    spent = [event.trial.seconds for event in events if isinstance(event, TrialEnded)]
    assert sum(spent[:-1]) < 3.5 <= sum(spent)
    assert result_of(events).outcome is Outcome.COMPLETE


def test_a_search_of_seconds_has_at_least_one_trial(family, task, make_cell, clock):
    assert result_of(run(make_cell(family, trials=None, seconds=1e-9), task)).trials == 1


@pytest.mark.parametrize("cut", [1, 3])
def test_recorded_seconds_are_counted_and_not_spent_again(logistic, task, make_cell, clock, cut):
    cell = make_cell(logistic, trials=None, seconds=4.0)
    whole = run(cell, task)
    ended = [event.trial for event in whole if isinstance(event, TrialEnded)]
    assert len(ended) == 4
    rest = run(cell, task, tuple(ended[:cut]))
    assert trials_of(rest) == trials_of(whole)[cut:]
    assert result_of(rest) == result_of(whole)


def test_a_search_whose_seconds_are_spent_is_concluded_as_it_was(logistic, task, make_cell):
    cell = make_cell(logistic, trials=None, seconds=30.0)
    recorded = [event.trial for event in run(make_cell(logistic, trials=3), task)[1:-1:2]]
    slow = tuple(replace(trial, seconds=12.0) for trial in recorded)
    events = run(cell, task, slow)
    assert [type(event) for event in events] == [RefitStarted, CellEnded]
    assert events[-1].result.trials == 3


def test_a_trial_past_its_limit_timed_out(network, task, make_cell, monkeypatch):
    ticks = iter(range(0, 10_000_000, 3))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(ticks)))
    trials = trials_of(run(make_cell(network, trials=2, trial_seconds=1.0), task))
    assert {trial.outcome for trial in trials} == {Outcome.TIMED_OUT}


def test_a_metric_that_is_not_finite_is_divergence(logistic, task, make_cell, monkeypatch):
    from harness import evaluate

    monkeypatch.setattr(evaluate, "log_loss", lambda *_: float("nan"))
    assert {t.outcome for t in trials_of(run(make_cell(logistic, trials=2), task))} == {Outcome.DIVERGED}


def test_points_are_at_most_twenty_and_end_at_the_schedules_last_step(network, task, make_cell):
    complete = [t for t in trials_of(run(make_cell(network), task)) if t.outcome is Outcome.COMPLETE]
    assert all(len(trial.points) <= 20 and trial.points[-1][0] == 60 for trial in complete)
    assert all(dict(trial.points)[trial.step] == trial.value for trial in complete)


def test_a_trial_judged_in_full_is_never_pruned(logistic, task, make_cell):
    cell = make_cell(logistic, size=400, trials=12)
    trials = trials_of(run(cell, task))
    last = max(trial.points[-1][0] for trial in trials)
    assert all(t.outcome is Outcome.COMPLETE for t in trials if t.points[-1][0] == last)


SVM = Family(
    name="svm",
    label="SVM",
    estimator={"_target_": "models.svm.KernelSVC"},
    space={
        "C": {"low": 0.1, "high": 300.0, "log": True, "default": 10.0},
        "gamma": {"low": 1e-3, "high": 1.0, "log": True, "default": 0.1},
    },
    selection="error",
)


def test_an_svm_with_shared_distances_gives_the_numbers_of_scikit_learns(task, make_cell):
    plain = replace(SVM, estimator={"_target_": "sklearn.svm.SVC", "kernel": "rbf"})
    ours, theirs = (run(make_cell(family, size=400, trials=5), task) for family in (SVM, plain))
    assert trials_of(ours) == trials_of(theirs)
    assert result_of(ours).correct == result_of(theirs).correct


def test_the_trials_of_a_cell_share_the_distances_of_each_fold(task, make_cell, monkeypatch):
    made = []
    fresh = distances._fresh
    monkeypatch.setattr(distances, "_fresh", lambda X: made.append(len(X)) or fresh(X))
    assert result_of(run(make_cell(SVM, size=100, trials=4), task)).outcome is Outcome.COMPLETE
    assert made == [80] * 5 + [100]


def test_the_test_rows_are_predicted_once(logistic, task, make_cell, monkeypatch):
    asked = []
    for method in ("predict", "predict_proba"):
        plain = getattr(LogisticRegression, method)
        monkeypatch.setattr(
            LogisticRegression, method, lambda self, X, plain=plain: asked.append(len(X)) or plain(self, X)
        )
    run(make_cell(logistic), task)
    assert asked.count(len(task.y_test)) == 1
