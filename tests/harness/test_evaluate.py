import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from harness import evaluate
from harness.evaluate import Point, checkpoints, choice, log_loss, points, rungs
from harness.families import build
from harness.records import Split
from harness.splits import inner_splits


@given(st.integers(1, 100_000))
def test_checkpoints_are_at_most_twenty_ascending_and_end_at_the_horizon(horizon):
    steps = checkpoints(horizon)
    assert len(steps) <= 20
    assert list(steps) == sorted(set(steps))
    assert steps[-1] == horizon
    assert steps[0] >= 1


@given(st.integers(2, 100_000))
def test_rungs_are_nested_shares_that_end_with_every_row(rows):
    y = np.arange(rows) % 2
    shares = rungs(y, [Split(np.arange(rows), np.arange(0))])
    assert list(shares) == sorted(set(shares))
    assert shares[-1] == rows


def test_a_rung_of_one_class_is_left_out():
    folds = [Split(np.arange(8000), np.arange(0))]
    assert rungs((np.arange(8000) == 1999).astype(np.int64), folds) == (2000, 8000)
    assert rungs((np.arange(8000) == 2000).astype(np.int64), folds) == (8000,)


def test_numbers_have_the_rungs_of_their_rows():
    assert rungs(None, [Split(np.arange(8000), np.arange(0))]) == (2000, 8000)
    assert rungs(None, [Split(np.arange(399), np.arange(0))]) == (399,)


@pytest.mark.parametrize(("members", "expected"), [(79, (2000, 8000)), (80, (8000,))])
def test_a_rung_may_lack_a_rare_class_and_no_other(members, expected):
    y = np.arange(8000) % 2
    y[2600 : 2600 + members] = 2
    assert rungs(y, [Split(np.arange(8000), np.arange(0))]) == expected


def test_a_rung_that_a_learner_refuses_is_passed_over_and_a_fit_on_all_rows_is_not(logistic, task):
    """As one that wants every class to be there."""
    folds = [Split(np.arange(0, 400), np.arange(0, 400))]

    class Choosy:
        classes_ = np.arange(3)

        def __init__(self, least):
            self.least = least

        def fit(self, X, y):
            if len(X) < self.least:
                raise ValueError("too few")
            return self

        def predict_proba(self, X):
            return np.full((len(X), 3), 1 / 3)

    def steps(least):
        seen = points(logistic, lambda _: Choosy(least), task.X, task.y, folds, 3)
        return [(point.step, point.last) for point in seen]

    assert steps(0) == [(100, False), (400, True)]
    assert steps(101) == [(400, True)]
    with pytest.raises(ValueError, match="too few"):
        steps(401)


def test_an_unseen_class_costs_a_finite_loss():
    certain_and_wrong = np.array([[1.0, 0.0, 0.0]])
    assert log_loss(certain_and_wrong, np.array([2]), rows=97) == pytest.approx(np.log(100))


def test_probabilities_stand_in_the_classes_of_the_data(logistic, task):
    seen = task.y != 1
    learner = build(logistic, {"C": 1.0}, logistic.space, 0).fit(task.X[seen], task.y[seen])
    p = evaluate.probabilities(learner, task.X_test, classes=3)
    assert (p[:, 1] == 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_folds_in_lockstep_give_the_mean_of_their_curves(network, task):
    X, y = task.X[:90], task.y[:90]
    folds = inner_splits(y, repeat=0, seed=0)
    setting = {"hidden.units": 8, "learning_rate": 0.01, "activation": "relu"}

    def learner(fold):
        return build(network, setting, network.space, fold)

    together = list(points(network, learner, X, y, folds, 3))
    alone = [
        list(points(network, lambda _, number=number: learner(number), X, y, [fold], 3))
        for number, fold in enumerate(folds)
    ]
    assert len(together) == evaluate.MAX_POINTS
    for index, point in enumerate(together):
        assert point.value == pytest.approx(np.mean([curve[index].value for curve in alone]), rel=1e-12)
        assert point.error == pytest.approx(np.mean([curve[index].error for curve in alone]), rel=1e-12)


def test_a_learner_without_steps_is_judged_on_rungs(logistic, task):
    folds = inner_splits(task.y, repeat=0, seed=0)
    seen = list(
        points(logistic, lambda _: build(logistic, {"C": 1.0}, logistic.space, 0), task.X, task.y, folds, 3)
    )
    assert [point.step for point in seen] == list(rungs(task.y, folds))


def test_a_column_without_a_value_does_not_stop_trees():
    X, y = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32), np.arange(60) % 2
    X[:, 1] = np.nan
    trees = evaluate.fitted(HistGradientBoostingClassifier(max_iter=2), X, y)
    assert trees.predict(X).shape == (60,)
    assert np.isnan(X[:, 1]).all()


def test_no_validation_row_reaches_a_fit(logistic, task, monkeypatch):
    """Rows carry their number in a column, so that a leak would show."""
    X = task.X.copy()
    X[:, 0] = np.arange(len(X))
    folds = inner_splits(task.y, repeat=0, seed=0)
    fitted = []

    class Spy:
        def fit(self, X, y):
            fitted.append(set(X[:, 0].astype(int)))
            return self

        def predict_proba(self, X):
            return np.full((len(X), 3), 1 / 3)

        classes_ = np.arange(3)

    list(points(logistic, lambda _: Spy(), X, task.y, folds, 3))
    per_rung = len(folds)
    for number, rows in enumerate(fitted):
        assert not rows & set(folds[number % per_rung].validation.tolist())


def test_a_curve_is_judged_at_its_lowest_point_and_a_fit_at_its_last(network, logistic):
    curve = [Point(1, 0.9, 0.5), Point(2, 0.4, 0.3), Point(3, 0.6, 0.2)]
    assert choice(network, curve).step == 2
    assert choice(logistic, curve).step == 3
