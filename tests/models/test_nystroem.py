"""NystroemSVC against the exact machine: the same where rows are few, near it where they are many."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from models.nystroem import NystroemSVC, squared_hinge
from models.svm import KernelSVC

DIGITS = load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def digits():
    X, y = DIGITS
    X = StandardScaler().fit_transform(X)
    return X[:1200], y[:1200], X[1200:], y[1200:]


def wavy(rows, seed=0):
    """Two classes on a chequered square, which no line parts, 2 % of the labels wrong."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1.5, 1.5, size=(rows, 2))
    y = (np.sin(4 * X[:, 0]) * np.sin(4 * X[:, 1]) > 0).astype(int)
    return X, np.where(rng.random(rows) < 0.02, 1 - y, y)


def error(learner, X, y):
    return float(np.mean(learner.predict(X) != y))


@pytest.mark.parametrize("n_components", [1200, 5000])
def test_with_no_more_rows_than_components_it_predicts_as_the_exact_machine(digits, n_components):
    X, y, X_test, _ = digits
    ours = NystroemSVC(n_components=n_components, C=10.0, gamma=0.01).fit(X, y)
    exact = SVC(C=10.0, gamma=0.01).fit(X, y)
    assert ours.predict(X_test).tolist() == exact.predict(X_test).tolist()


def test_with_nearly_as_many_components_as_rows_it_agrees_with_the_exact_machine(digits):
    X, y, X_test, y_test = digits
    ours = NystroemSVC(n_components=1199, C=10.0, gamma=0.01, random_state=0).fit(X, y)
    exact = KernelSVC(C=10.0, gamma=0.01).fit(X, y)
    assert np.mean(ours.predict(X_test) != exact.predict(X_test)) < 0.03
    assert error(ours, X_test, y_test) <= error(exact, X_test, y_test) + 0.005


@pytest.mark.parametrize("C", [1.0, 100.0])
def test_with_few_components_it_comes_near_and_nearer_the_more_there_are(C):
    (X, y), (X_test, y_test) = wavy(3000), wavy(3000, seed=1)
    exact = error(KernelSVC(C=C, gamma=4.0).fit(X, y), X_test, y_test)
    errors = [
        error(NystroemSVC(n_components=m, C=C, gamma=4.0, random_state=0).fit(X, y), X_test, y_test)
        for m in (5, 300)
    ]
    assert errors[0] > exact + 0.1
    assert errors[1] < exact + 0.01


def test_the_linear_machine_is_at_the_minimum_that_liblinear_finds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 6))
    y = np.where(X[:, 0] + rng.normal(size=400) > 0.3, 1, -1)
    phi = np.column_stack([X, np.ones(400)]).astype(np.float32)
    w = squared_hinge(phi, y[:, None].astype(np.float32), C=0.7)[:, 0]
    peer = LinearSVC(C=0.7, dual=False, tol=1e-10, intercept_scaling=1e4).fit(X, y)
    np.testing.assert_allclose(w, [*peer.coef_[0], peer.intercept_[0]], atol=0.003)


def test_the_same_seed_gives_the_same_bits_and_another_other_landmarks(digits):
    X, y, _, _ = digits
    first, again, other = (
        NystroemSVC(n_components=64, gamma=0.01, random_state=seed).fit(X, y) for seed in (3, 3, 4)
    )
    assert np.array_equal(first.coef_, again.coef_)
    assert not np.array_equal(first.landmarks_, other.landmarks_)


def test_rows_that_are_alike_do_no_harm():
    X = np.repeat([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], 40, axis=0)
    y = np.repeat(["a", "b", "c"], 40)
    assert error(NystroemSVC(n_components=60, gamma=1.0, random_state=0).fit(X, y), X, y) == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"n_components": 0}, "n_components must be a whole number from 1 up, got 0"),
        ({"n_components": 20.5}, "n_components must be a whole number from 1 up, got 20.5"),
        ({"C": 0.0}, "C must be above 0, got 0.0"),
        ({"C": float("nan")}, "C must be above 0, got nan"),
        ({"gamma": -1.0}, "gamma must be above"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        NystroemSVC(**{"n_components": 10, **settings}).fit(*wavy(50))


@pytest.mark.parametrize(("n_components", "classes"), [(20, 2), (20, 3), (400, 2)])
def test_the_class_predicted_has_the_highest_decision_value(n_components, classes):
    X, y = make_classification(300, 6, n_informative=4, n_classes=classes, random_state=0)
    machine = NystroemSVC(n_components=n_components, gamma=0.1, random_state=0).fit(X, y)
    values = machine.decision_function(X)
    chosen = values.argmax(axis=1) if classes > 2 else (values > 0).astype(int)
    assert np.array_equal(chosen, machine.predict(X))


def test_with_landmarks_enough_its_decision_function_is_that_of_the_exact_machine():
    X, y = make_classification(300, 6, n_informative=4, n_classes=3, random_state=0)
    found, exact = (
        machine.fit(X, y).decision_function(X)
        for machine in (NystroemSVC(n_components=300, gamma=0.1), KernelSVC(C=10.0, gamma=0.1))
    )
    assert np.array_equal(found, exact)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="at least 2 classes"):
        NystroemSVC(n_components=10).fit(np.eye(20), np.zeros(20))
