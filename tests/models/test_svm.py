"""KernelSVC and KernelSVR against scikit-learn's SVC and SVR, whose predictions they must make."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from models import distances
from models.svm import KernelSVC, KernelSVR

DIGITS = load_digits(return_X_y=True)


def digits(classes, dtype=np.float64):
    X, y = DIGITS
    rows = np.isin(y, classes)
    X = StandardScaler().fit_transform(X[rows]).astype(dtype)
    y = y[rows]
    return X[::3], y[::3], X[1::3], y[1::3]


def rough(seed):
    """Overlapping classes of unequal size, so that votes are tied and settings disagree."""
    X, y = make_classification(
        900, 12, n_informative=8, n_classes=5, weights=[0.5, 0.2, 0.15, 0.1], flip_y=0.2, random_state=seed
    )
    return X[:400], y[:400], X[400:], y[400:]


CASES = {
    "two classes": lambda: digits((3, 8)),
    "three classes": lambda: digits((1, 7, 9)),
    "ten classes": lambda: digits(range(10)),
    "single precision": lambda: digits(range(10), np.float32),
    "overlapping classes": lambda: rough(0),
}


@pytest.mark.parametrize(("C", "gamma"), [(0.1, 0.01), (10.0, 0.001), (300.0, 0.3), (1.0, "scale")])
@pytest.mark.parametrize("case", CASES)
def test_it_decides_and_predicts_as_scikit_learn_does(case, C, gamma):
    X, y, X_test, _ = CASES[case]()
    ours = KernelSVC(C, gamma=gamma, tol=1e-8).fit(X, y)
    theirs = SVC(C=C, gamma=gamma, tol=1e-8, decision_function_shape="ovo").fit(X.astype(np.float64), y)
    decisions = theirs.decision_function(X_test.astype(np.float64)).reshape(len(X_test), -1)
    if len(theirs.classes_) == 2:
        decisions = -decisions  # theirs is positive for the second
    np.testing.assert_allclose(ours.margins(X_test), decisions, atol=1e-6 * max(1, np.abs(decisions).max()))
    assert ours.predict(X_test).tolist() == theirs.predict(X_test).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_a_tie_of_votes_goes_to_the_first_class_as_scikit_learn_has_it(seed):
    X, y, X_test, _ = rough(seed)
    ours, theirs = KernelSVC(gamma=0.02).fit(X, y), SVC(gamma=0.02).fit(X, y)
    won = ours.margins(X_test) > 0
    votes = np.stack([won[:, :4].sum(axis=1), (~won[:, 0]) + won[:, 4:7].sum(axis=1)], axis=1)
    assert (votes[:, 0] == votes[:, 1]).any()
    assert ours.predict(X_test).tolist() == theirs.predict(X_test).tolist()


@pytest.mark.parametrize("case", CASES)
def test_its_decision_function_is_scikit_learns(case):
    X, y, new, _ = CASES[case]()
    ours, theirs = KernelSVC(C=10.0, gamma=0.01), SVC(C=10.0, gamma=0.01)
    expected = theirs.fit(X.astype(np.float64), y).decision_function(new.astype(np.float64))
    np.testing.assert_allclose(ours.fit(X, y).decision_function(new), expected, atol=1e-4)


@pytest.mark.parametrize("huge", [1e12, 9.97e36])
def test_one_row_far_away_changes_what_is_said_of_no_other(huge):
    X, y, new, _ = CASES["ten classes"]()
    far = np.vstack([new, np.full(new.shape[1], huge)])
    machine, regression = KernelSVC(gamma=0.01).fit(X, y), KernelSVR(gamma=0.01).fit(X, y)
    np.testing.assert_allclose(machine.margins(far)[:-1], machine.margins(new), atol=1e-9)
    np.testing.assert_allclose(regression.predict(far)[:-1], regression.predict(new), atol=1e-9)


def test_predicting_in_blocks_changes_nothing(monkeypatch):
    X, y, X_test, _ = digits(range(10))
    fitted = KernelSVC(C=10.0, gamma=0.01).fit(X, y)
    whole = fitted.margins(X_test)
    monkeypatch.setattr("models.svm._BLOCK_ELEMENTS", 7 * len(fitted.support_))
    np.testing.assert_allclose(fitted.margins(X_test), whole, rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_training_pair_by_pair_finds_the_machine_of_all_rows_at_once(case, monkeypatch):
    X, y, X_test, _ = CASES[case]()
    whole = KernelSVC(C=10.0, gamma=0.02, tol=1e-8).fit(X, y)
    monkeypatch.setattr("models.svm._WHOLE_ROWS", len(X) - 1)
    taken = []
    monkeypatch.setattr("models.svm.among", lambda rows: taken.append(len(rows)) or distances.among(rows))
    paired = KernelSVC(C=10.0, gamma=0.02, tol=1e-8).fit(X, y)
    assert taken == np.unique(y, return_counts=True)[1].tolist()
    np.testing.assert_allclose(paired.margins(X_test), whole.margins(X_test), atol=1e-6)
    assert paired.predict(X_test).tolist() == whole.predict(X_test).tolist()
    assert paired.n_support_.tolist() == whole.n_support_.tolist()
    assert paired.support_.tolist() == whole.support_.tolist()


def test_sharing_distances_changes_no_bit():
    X, y, X_test, _ = digits(range(10))
    settings = [(1.0, 0.01), (10.0, 0.1), (1.0, 0.01)]
    apart = [KernelSVC(C, gamma=gamma).fit(X, y).margins(X_test) for C, gamma in settings]
    with distances.shared():
        together = [KernelSVC(C, gamma=gamma).fit(X.copy(), y).margins(X_test) for C, gamma in settings]
    for one, other in zip(apart, together, strict=True):
        assert np.array_equal(one, other)


def test_distances_are_made_once_for_the_same_rows_and_anew_for_others(monkeypatch):
    made = []
    monkeypatch.setattr(distances, "_fresh", lambda X: made.append(len(X)) or np.zeros((len(X), len(X))))
    X = np.arange(12.0).reshape(6, 2)
    with distances.shared():
        for rows in (X, X[:3], X, X[:3], X + 1, X.astype(np.float32)):
            distances.among(rows)
    assert made == [6, 3, 6, 6]


def test_the_distances_kept_stay_below_their_limit_and_the_one_used_last_stays(monkeypatch):
    monkeypatch.setattr(distances, "HELD_BYTES", 8 * 6**2 * 2)
    first, second, third = (np.random.default_rng(seed).normal(size=(6, 2)) for seed in range(3))
    with distances.shared():
        kept = distances.among(first)
        distances.among(second)
        assert distances.among(first) is kept
        distances.among(third)  # in place of the second
        assert distances.among(first) is kept
        assert sum(each.nbytes for each in distances._held.get().values()) <= distances.HELD_BYTES
        larger = np.ones((9, 2))
        assert distances.among(larger) is not distances.among(larger)


def test_distances_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(40, 5)), 100 * rng.normal(size=(30, 5))
    np.testing.assert_allclose(distances.between(A, B), ((A[:, None] - B) ** 2).sum(-1), rtol=1e-10)
    D = distances.among(A)
    assert (np.diag(D) == 0).all()
    np.testing.assert_allclose(D, D.T, rtol=1e-12)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match=r"y must hold at least 2 classes, got 1 class \(4\)"):
        KernelSVC().fit(np.eye(3), np.array([4, 4, 4]))


@pytest.mark.parametrize("gamma", [0, -1.0, np.inf, np.nan, "auto", None, True])
def test_a_gamma_that_is_no_width_is_refused(gamma):
    with pytest.raises(ValueError, match='gamma must be above 0 and finite, or "scale"; got'):
        KernelSVC(gamma=gamma).fit(np.eye(4), np.array([0, 1, 0, 1]))


@pytest.mark.parametrize(
    ("C", "epsilon", "gamma"), [(1.0, 0.1, 0.05), (100.0, 0.01, "scale"), (0.1, 0.5, 1.0)]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_number_is_predicted_as_scikit_learns_svr_does_of_the_standardised_target(C, epsilon, gamma, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4)).astype(dtype)
    y = 1e4 + 50 * np.sin(X[:, 0].astype(np.float64)) + 10 * X[:, 1] + rng.normal(0, 5, 400)
    ours = KernelSVR(C, epsilon=epsilon, gamma=gamma, tol=1e-8).fit(X[:250], y[:250])
    mean, spread = y[:250].mean(), y[:250].std()
    theirs = SVR(C=C, epsilon=epsilon, gamma=ours.gamma_, tol=1e-8)
    theirs.fit(X[:250].astype(np.float64), (y[:250] - mean) / spread)
    expected = theirs.predict(X[250:].astype(np.float64)) * spread + mean
    np.testing.assert_allclose(ours.predict(X[250:]), expected, atol=1e-5 * spread)


def test_a_target_that_never_varies_is_predicted_as_it_is():
    model = KernelSVR().fit(np.eye(5), np.full(5, 7.0))
    assert model.predict(np.eye(5)).tolist() == [7.0] * 5
