from dataclasses import replace

import pytest

from harness.cell import run_cell
from harness.records import Outcome, SearchSettings, Trial, TrialEnded
from harness.rerun import compare_cell, compare_trial


@pytest.fixture
def ran(task, make_cell):
    """A cell of a family with its trials and its result."""

    def run(family, **search):
        cell, events = make_cell(family, trials=4, **search), []
        run_cell(cell, task, (), events.append)
        return cell, [each.trial for each in events if isinstance(each, TrialEnded)], events[-1].result

    return run


@pytest.mark.parametrize("family", ["logistic", "network"])
def test_a_cell_run_again_is_identical_in_every_number(family, ran, task, request):
    cell, trials, result = ran(request.getfixturevalue(family))
    found = compare_cell(cell, task, trials, result, "cell")
    assert (found.trials, found.replayed, found.differences) == (4, 0, ())
    assert found.metrics >= 30


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("value", lambda trial: trial.value * (1 + 2**-52)),
        ("error", lambda trial: trial.error + 2**-30),
        ("step", lambda trial: trial.step + 1),
        ("outcome", lambda trial: Outcome.DIVERGED),
        ("params", lambda trial: {**trial.params, "learning_rate": 0.5}),
        ("points", lambda trial: (*trial.points[:-1], (trial.points[-1][0], 7.0))),
        ("points", lambda trial: trial.points[:-1]),
    ],
)
def test_one_changed_number_of_a_trial_is_named_and_no_other(field, change, ran, task, network):
    cell, trials, _ = ran(network)
    trials[0] = replace(trials[0], **{field: change(trials[0])})
    (difference,) = compare_trial(cell, task, trials, 0, "cell").differences
    assert difference.where == "cell, trial 0"
    assert difference.name.startswith(field.removesuffix("s"))


@pytest.mark.parametrize("field", ["best", "val_error", "test_error", "test_log_loss", "correct"])
def test_one_changed_number_of_a_cell_is_named_and_no_other(field, ran, task, logistic):
    cell, trials, result = ran(logistic)
    then = getattr(result, field)
    changed = bytes([then[0] ^ 1]) + then[1:] if field == "correct" else then + 1
    (difference,) = compare_cell(cell, task, trials, replace(result, **{field: changed}), "cell").differences
    assert difference.name.startswith(field)
    assert repr(difference.recorded) != repr(difference.now)


@pytest.mark.parametrize(
    "ended",
    [
        (Outcome.TIMED_OUT, "ran past search.trial_seconds=1"),
        (Outcome.OUT_OF_MEMORY, "MemoryError"),
        (Outcome.FAILED, "its process ended 2 times"),
    ],
)
def test_an_end_that_came_from_outside_is_taken_from_the_record(ended, ran, task, logistic):
    cell, trials, _ = ran(logistic)
    trials[1] = Trial(1, trials[1].params, ended[0], message=ended[1])
    events = []
    run_cell(cell, task, trials[:2], events.append)  # as the sweep went on after it
    trials[2:] = [each.trial for each in events if isinstance(each, TrialEnded)]
    found = compare_cell(cell, task, trials, events[-1].result, "cell")
    assert (found.trials, found.replayed, found.differences) == (3, 1, ())


def test_an_error_of_its_own_is_run_again(ran, task, logistic):
    cell, trials, _ = ran(logistic)
    trials[1] = Trial(1, trials[1].params, Outcome.FAILED, message="ValueError: once")
    names = [each.name for each in compare_trial(cell, task, trials, 1, "cell").differences]
    assert names[0] == "outcome"


def test_a_cell_that_was_ended_from_outside_is_not_concluded(ran, task, logistic):
    cell, trials, result = ran(logistic)
    ended = replace(result, outcome=Outcome.FAILED, message="outside of a trial, its process ended 2 times")
    found = compare_cell(cell, task, trials, ended, "cell")
    assert (found.trials, found.replayed, found.differences) == (4, 1, ())


def test_lost_trials_are_told(ran, task, logistic):
    cell, trials, result = ran(logistic)
    (difference,) = compare_cell(cell, task, trials[:3], result, "cell").differences
    assert (difference.name, difference.recorded, difference.now) == ("trials", 3, 4)


def test_how_many_trials_seconds_allowed_is_taken_from_the_record(ran, task, logistic):
    cell, trials, result = ran(logistic)
    clocked = replace(cell, search=SearchSettings(trials=None, seconds=1e-9, trial_seconds=1e-9))
    found = compare_cell(clocked, task, trials, result, "cell")
    assert (found.trials, found.differences) == (4, ())
