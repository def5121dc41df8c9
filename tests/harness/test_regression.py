"""Cells whose target is a number, and cells of classes that are judged by another metric than the error."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, mean_absolute_error, r2_score, root_mean_squared_error

from harness import model_files
from harness import plan as planning
from harness.cell import run_cell
from harness.config import DataSettings
from harness.curves import from_cells, metric_of
from harness.errors import ConfigError
from harness.records import Family, Outcome, Task, TrialEnded
from harness.rerun import compare_cell
from harness.splits import inner_splits, subset
from harness.tracking import reading
from harness.tracking.recorded import recorded_cell
from harness.tracking.recorder import Recorder
from harness.tracking.store import open_store

RIDGE = Family(
    "ridge",
    "ridge regression",
    {"_target_": "sklearn.linear_model.Ridge"},
    {"alpha": {"low": 0.01, "high": 100.0, "log": True, "default": 1.0}},
)
SVR = Family(
    "svm",
    "SVM (RBF)",
    {"_target_": "models.svm.KernelSVR"},
    {"C": {"low": 0.1, "high": 100.0, "log": True, "default": 1.0}, "gamma": 0.1},
)
NETWORK = Family(
    "network",
    "small network",
    {"_target_": "models.NeuralNetworkRegressor", "steps": 60, "batch_size": 16},
    {"learning_rate": {"low": 0.001, "high": 0.1, "log": True, "default": 0.01}},
    progress="steps",
    preprocess="none",
)
FAMILIES = pytest.mark.parametrize("family", [RIDGE, SVR, NETWORK], ids=lambda family: family.name)


@pytest.fixture
def numbers() -> Task:
    """A number far from 0 that bends with one of 4 features: 400 rows to draw on, 200 test rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4)).astype(np.float32)
    y = 5000 + 300 * X[:, 0].astype(np.float64) + 200 * np.abs(X[:, 1]) + rng.normal(0, 50, 600)
    features = tuple(f"x{k}" for k in range(4))
    return Task("made", X[:400], y[:400], X[400:], y[400:], (), features, digest="d" * 32)


@pytest.fixture
def run(make_cell):
    """A cell with its trials and its result."""

    def run(family, task, metric, recorded=(), repeat=0, trials=4):
        cell = replace(make_cell(family, repeat=repeat, trials=trials), metric=metric)
        events = []
        run_cell(cell, task, tuple(recorded), events.append)
        return cell, [each.trial for each in events if isinstance(each, TrialEnded)], events[-1].result

    return run


@FAMILIES
def test_the_scores_of_a_cell_are_those_of_its_models_predictions(family, numbers, run):
    _, _, result = run(family, numbers, "rmse")
    assert result.outcome is Outcome.COMPLETE, result.message
    said = np.asarray(model_files.load(result.model).predict(numbers.X_test), dtype=np.float64)
    found = {"rmse": result.test_error, **result.scores}
    expected = {
        "rmse": root_mean_squared_error(numbers.y_test, said),
        "mae": mean_absolute_error(numbers.y_test, said),
        "r2": r2_score(numbers.y_test, said),
    }
    assert found == pytest.approx(expected, rel=1e-12)
    assert (result.correct, result.test_log_loss) == (b"", None)
    assert result.baseline == pytest.approx(numbers.y_test.std(), rel=1e-12)
    rows = np.frombuffer(result.losses, np.float32)
    assert len(rows) == 200
    assert rows.mean(dtype=np.float64) == pytest.approx(result.test_error, rel=1e-6)
    assert result.test_error < 0.5 * result.baseline


@FAMILIES
@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_the_metric_is_what_settings_are_compared_by(family, metric, numbers, run):
    _, trials, result = run(family, numbers, metric)
    complete = [trial for trial in trials if trial.outcome is Outcome.COMPLETE]
    other = {"rmse": "mae", "mae": "rmse"}[metric]
    assert all(trial.value == trial.error and set(trial.scores) == {other, "r2"} for trial in complete)
    assert result.best == min(complete, key=lambda trial: trial.error).number
    assert result.val_error == min(trial.error for trial in complete)


@FAMILIES
def test_a_shift_and_a_scale_of_the_target_change_no_choice(family, numbers, run):
    """Standardised inside the fit, or linear in it: the same setting in other units scores the same."""
    moved = replace(numbers, y=(numbers.y - 5000) / 64, y_test=(numbers.y_test - 5000) / 64)
    _, trials, _ = run(family, numbers, "rmse", trials=1)
    _, others, _ = run(family, moved, "rmse", trials=1)
    assert others[0].error == pytest.approx(trials[0].error / 64, rel=2e-3)


@FAMILIES
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_cut_off_cell_goes_on_to_the_same_numbers_and_is_reproduced(family, cut, numbers, run):
    cell, trials, result = run(family, numbers, "rmse", repeat=1)
    _, rest, again = run(family, numbers, "rmse", recorded=trials[:cut], repeat=1)
    assert [replace(t, seconds=0) for t in rest] == [replace(t, seconds=0) for t in trials[cut:]]
    assert replace(again, seconds=0, fit_seconds=0) == replace(result, seconds=0, fit_seconds=0)
    if cut == 0:
        found = compare_cell(cell, numbers, trials, result, "cell")
        assert (found.trials, found.differences) == (4, ())
        changed = replace(result, losses=bytes(4) + result.losses[4:], scores={**result.scores, "r2": 0.5})
        named = [each.name for each in compare_cell(cell, numbers, trials, changed, "cell").differences]
        assert named == ["r2", "losses of test rows"]


def test_the_draws_and_folds_of_a_number_do_not_depend_on_it(numbers):
    other = replace(numbers, y=numbers.y[::-1].copy())
    rows, others = (subset(task.strata, 100, repeat=0, seed=0) for task in (numbers, other))
    assert rows.tolist() == others.tolist()
    assert len(set(rows)) == 100
    folds = inner_splits(numbers.strata[rows], repeat=0, seed=0)
    held = np.concatenate([fold.validation for fold in folds])
    assert sorted(held) == list(range(100))
    assert {len(fold.validation) for fold in folds} == {20}


def test_a_record_gives_back_every_score_and_the_curve_its_unit(root, numbers, run):
    cell, trials, result = run(RIDGE, numbers, "rmse", repeat=1)
    store = open_store(root)
    recorder = Recorder(store, numbers, "name: made\n")
    assert recorder.claim(cell)
    recorder.begin(cell)
    for trial in trials:
        recorder.trial(cell, trial)
    recorder.result(cell, result)
    recorder.release(cell)
    record = reading.ended_cells(store, "made")[cell.key]
    assert (record.metric, record.test_error, record.baseline) == ("rmse", result.test_error, result.baseline)
    found = recorded_cell(store, record.run_id)
    assert [replace(trial, traceback="") for trial in found.trials] == trials
    assert compare_cell(cell, numbers, found.trials, found.result, "cell").differences == ()
    metrics = store.client.get_run(record.run_id).data.metrics
    assert {"test_rmse", "test_mae", "test_r2", "val_rmse", "test_baseline"} <= set(metrics)
    assert not any("error" in name for name in metrics)
    table = reading.frame([record], {}, reading.correctness(store, [record]))
    (curve,) = from_cells(table)
    assert metric_of(table) == curve.metric
    assert curve.metric.baseline * curve.mean[0] == pytest.approx(result.test_error, rel=1e-6)


@pytest.fixture
def unbalanced(task):
    """Of the three classes the second and third are rare."""
    keep = (task.y == 0) | (np.arange(400) % 4 == 0)
    return replace(task, X=task.X[keep], y=task.y[keep])


def test_the_balanced_error_of_classes_is_searched_recorded_and_weighed_by_class(unbalanced, logistic, run):
    cell, trials, result = run(logistic, unbalanced, "balanced_error")
    assert all(trial.value == trial.error for trial in trials if trial.outcome is Outcome.COMPLETE)
    assert all(
        set(trial.scores) == {"error", "log_loss"} for trial in trials if trial.outcome is Outcome.COMPLETE
    )
    said = model_files.load(result.model).predict(unbalanced.X_test)
    expected = 1 - balanced_accuracy_score(unbalanced.y_test, said)
    assert result.test_error == pytest.approx(expected, rel=1e-12)
    assert result.scores["error"] == np.mean(said != unbalanced.y_test)
    assert compare_cell(cell, unbalanced, trials, result, "cell").differences == ()


def test_other_metrics_leave_what_the_error_chooses_and_scores_untouched(unbalanced, logistic, run):
    _, trials, result = run(logistic, unbalanced, "error")
    _, by_loss, other = run(logistic, unbalanced, "log_loss")
    assert [trial.value for trial in trials] == [
        trial.value for trial in by_loss
    ]  # it is searched by log-loss
    assert other.test_error == result.test_log_loss
    assert other.scores["error"] == result.test_error
    assert (result.losses, other.correct) == (b"", result.correct)
    rows = np.frombuffer(other.losses, np.float32)
    assert rows.mean(dtype=np.float64) == pytest.approx(other.test_error, rel=1e-6)


def test_the_error_is_no_part_of_a_key_and_another_metric_is(config, task):
    keys = {
        metric: planning.make(replace(config, metric=metric), task).keys
        for metric in (None, "error", "balanced_error", "log_loss")
    }
    assert keys[None] == keys["error"]
    assert len({frozenset(each) for each in keys.values()}) == 3


def test_a_familys_regressor_takes_its_place_where_the_target_is_a_number(config, numbers, task, logistic):
    both = replace(logistic, regressor=replace(RIDGE, name=logistic.name))
    sweep = replace(config, families=(both,), data=DataSettings("made", (64,), {}))
    (first, *_) = planning.make(sweep, numbers).cells
    assert (first.family.label, first.metric) == ("ridge regression", "rmse")
    (first, *_) = planning.make(sweep, task).cells
    assert (first.family.label, first.metric) == ("logistic regression", "error")
    alone = replace(sweep, families=(logistic,))
    assert planning.make(alone, task).keys == planning.make(sweep, task).keys


@pytest.mark.parametrize(
    ("metric", "families", "kind", "said"),
    [
        (
            None,
            ["logistic", "ridge"],
            "numbers",
            r"^model\.logistic: sklearn\S+ must be a regressor, .* leave it out: 'model=\[ridge\]'$",
        ),
        (
            "error",
            ["ridge"],
            "numbers",
            r"^metric=error cannot judge made, .* a number; choose from rmse, mae$",
        ),
        (
            "rmse",
            ["logistic"],
            "task",
            r"^metric=rmse cannot judge blobs, whose target is classes; choose from",
        ),
        (None, ["ridge"], "task", r"^model\.ridge: sklearn\.linear_model\.Ridge must be a classifier"),
        (
            "log_loss",
            ["svc", "logistic"],
            "task",
            r"^model\.svc: metric=log_loss needs predict_proba, which sklearn\.svm\.LinearSVC lacks; choose "
            r"another metric, or leave it out: 'model=\[logistic\]'$",
        ),
    ],
)
def test_a_metric_or_family_of_another_kind_is_refused_in_one_line(
    metric, families, kind, said, config, logistic, request
):
    svc = Family("svc", "SVC", {"_target_": "sklearn.svm.LinearSVC"}, {"C": 1.0}, selection="error")
    known = {"logistic": logistic, "ridge": RIDGE, "svc": svc}
    sweep = replace(config, metric=metric, families=tuple(known[name] for name in families))
    with pytest.raises(ConfigError, match=said) as caught:
        planning.make(sweep, request.getfixturevalue(kind))
    assert "\n" not in str(caught.value)


def test_test_rows_that_cannot_tell_learners_apart_are_refused(config, numbers, task):
    sweep = replace(config, families=(RIDGE,))
    with pytest.raises(
        ConfigError, match=r"^metric=rmse cannot judge made: the target is the same in all 200"
    ):
        planning.make(sweep, replace(numbers, y_test=np.full(200, 7.0)))
    few = np.where(np.arange(len(task.y_test)) < 9, 1, 0)
    with pytest.raises(
        ConfigError, match=r"balanced_error needs 10 test rows of each class, and '\S+' has [09]"
    ):
        planning.make(replace(config, metric="balanced_error"), replace(task, y_test=few))
