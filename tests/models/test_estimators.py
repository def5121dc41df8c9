import os
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import NotFittedError

from models import (
    Diverged,
    LogisticRegression,
    NeuralNetworkClassifier,
    NeuralNetworkRegressor,
    count_parameters,
    default_budget,
)

CLASSIFIERS = [LogisticRegression(random_state=0), NeuralNetworkClassifier((8,), dropout=0.1, random_state=0)]
ESTIMATORS = [*CLASSIFIERS, NeuralNetworkRegressor((8,), output="relu", random_state=0)]
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return X.astype(np.float32), y


def same_weights(first, second):
    pairs = zip(first.coefs_ + first.intercepts_, second.coefs_ + second.intercepts_, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@each_estimator
def test_exhausting_iter_fit_equals_fit_bit_for_bit(estimator, wine):
    fitted, stepped = clone(estimator).fit(*wine), clone(estimator)
    progresses = list(stepped.iter_fit(*wine, checkpoints=[3, 50, 199]))
    assert [p.step for p in progresses] == [3, 50, 199]
    assert same_weights(fitted, stepped)
    assert fitted.loss_curve_ == stepped.loss_curve_
    assert fitted.n_steps_ == stepped.n_steps_ == default_budget(len(wine[0]))[1]


@each_estimator
def test_interleaved_trainings_equal_separate_ones(estimator, wine):
    X, y = wine
    parts = [(X[::2], y[::2]), (X[1::2], y[1::2]), (X, y)]
    together = [clone(estimator).set_params(steps=90) for _ in parts]
    runs = [e.iter_fit(*part, checkpoints=[10, 20, 90]) for e, part in zip(together, parts, strict=True)]
    for _ in zip(*runs, strict=True):
        pass
    for one, part in zip(together, parts, strict=True):
        alone = clone(estimator).set_params(steps=90).fit(*part)
        assert same_weights(one, alone)


def test_at_each_pause_the_estimator_predicts_with_the_weights_of_that_moment(wine):
    X, y = wine
    network, seen = NeuralNetworkClassifier((8,), random_state=0), []
    run = network.iter_fit(X, y, checkpoints=[1, 40, 120])
    for progress in run:
        seen.append(network.predict_proba(X))
        assert network.n_steps_ == progress.step
        if progress.step == 40:
            break
    run.close()
    np.testing.assert_array_equal(network.predict_proba(X), seen[-1])
    assert network.n_steps_ == 40
    assert not np.array_equal(*seen)


@pytest.mark.parametrize("checkpoints", [[0], [5, 5], [7, 3], [201]])
def test_checkpoints_outside_the_budget_or_out_of_order_are_refused(checkpoints, wine):
    with pytest.raises(
        ValueError, match="checkpoints must ascend within 1 and 200, the number of steps; got"
    ):
        next(LogisticRegression().iter_fit(*wine, checkpoints=checkpoints))


def test_the_hook_is_called_at_each_epoch_and_can_stop(wine):
    calls = []
    network = NeuralNetworkClassifier((8,), random_state=0)
    network.fit(*wine, on_epoch=lambda progress: calls.append(progress) or len(calls) == 3)
    assert [p.epoch for p in calls] == [1, 2, 3]
    assert network.loss_curve_ == [p.loss for p in calls]
    assert network.n_steps_ == calls[-1].step


def test_what_the_hook_raises_goes_through(wine):
    def hook(progress):
        raise TimeoutError("too long")

    with pytest.raises(TimeoutError, match="too long"):
        LogisticRegression().fit(*wine, on_epoch=hook)


@each_estimator
def test_with_budget_fixes_what_is_automatic_and_nothing_else(estimator):
    planned = clone(estimator).set_params(batch_size="auto").with_budget(5000)
    assert (planned.batch_size, planned.steps) == default_budget(5000)
    kept = clone(estimator).set_params(batch_size=None, steps=77).with_budget(5000)
    assert (kept.batch_size, kept.steps) == (None, 77)
    assert estimator.steps == "auto"
    assert not hasattr(planned, "coefs_")


def test_a_fold_with_a_planned_budget_takes_the_planned_steps(wine):
    X, y = wine
    fold = LogisticRegression().with_budget(20_000).set_params(steps=500).fit(X[::2], y[::2])
    assert fold.n_steps_ == 500
    assert len(fold.loss_curve_) == 500  # one batch of at most 256 holds the fold


@each_estimator
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(estimator, wine):
    first, again = clone(estimator).fit(*wine), clone(estimator).fit(*wine)
    other = clone(estimator).set_params(random_state=1).fit(*wine)
    assert same_weights(first, again)
    assert not same_weights(first, other)


PROGRAM = """
import hashlib
from sklearn.datasets import load_wine
from models import NeuralNetworkClassifier
network = NeuralNetworkClassifier((8, 4), dropout=0.1, steps=50, random_state=3)
network.fit(*load_wine(return_X_y=True))
digest = hashlib.sha256(b"".join(part.tobytes() for part in network.coefs_)).hexdigest()
"""


def test_another_process_with_another_hash_seed_gives_the_same_bits():
    environment = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", PROGRAM + "print(digest)"]
    there = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
    here: dict[str, str] = {}
    exec(PROGRAM, here)
    assert there.strip() == here["digest"]


@each_estimator
def test_pickle_and_skops_keep_a_small_fitted_estimator(estimator, wine):
    X, y = wine
    fitted = clone(estimator).fit(X, y)
    dumped = skops.io.dumps(fitted)
    trusted = skops.io.get_untrusted_types(data=dumped)
    assert all(name.startswith("models.") for name in trusted)
    for stored, loaded in (
        (dumped, skops.io.loads(dumped, trusted=trusted)),
        (pickled := pickle.dumps(fitted), pickle.loads(pickled)),
    ):
        np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
        assert len(stored) < 4 * fitted.n_parameters_ + 60_000


def test_parameters_are_counted_as_they_are(wine):
    X, y = wine
    for hidden in [(), (5,), (5, 4, 3)]:
        network = NeuralNetworkClassifier(hidden, steps=1).fit(X, y)
        assert network.n_parameters_ == count_parameters(X.shape[1], hidden, 3)
        assert network.n_parameters_ == sum(part.size for part in network.coefs_ + network.intercepts_)
    binary = LogisticRegression(steps=1).fit(X[y < 2], y[y < 2])
    assert binary.n_parameters_ == count_parameters(X.shape[1], (), 1) == X.shape[1] + 1


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_sum_to_one_and_agree_with_the_labels(estimator, classes, wine):
    X, y = wine
    labels = np.array(["red", "white", "a rosé"])[y]
    chosen = y < classes
    fitted = clone(estimator).fit(X[chosen], labels[chosen])
    probabilities = fitted.predict_proba(X * 50)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert probabilities.shape == (len(X), classes)
    np.testing.assert_array_equal(fitted.predict(X * 50), fitted.classes_[probabilities.argmax(axis=1)])
    assert fitted.score(X[chosen], labels[chosen]) > 0.95


@pytest.mark.parametrize("classes", [2, 3])
def test_a_network_grows_as_sure_as_smoothed_labels_are_and_no_surer(classes, wine):
    X, y = (part[wine[1] < classes] for part in wine)
    fitted = NeuralNetworkClassifier(
        (16,), label_smoothing=0.3, weight_decay=0.0, batch_size=None, steps=2000, random_state=0
    )
    probabilities = fitted.fit(X, y).predict_proba(X)
    expected = 0.7 * np.eye(classes)[y] + 0.3 / classes
    assert np.abs(probabilities - expected).mean() < 0.03
    assert np.abs(fitted.set_params(label_smoothing=0.0).fit(X, y).predict_proba(X) - expected).mean() > 0.1


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="y must hold at least 2 classes, got 1 class"):
        LogisticRegression().fit([[0.0], [1.0]], ["a", "a"])


def test_a_silly_learning_rate_diverges_and_leaves_no_fitted_estimator(wine):
    X, y = wine
    network = NeuralNetworkRegressor(
        (8,), optimizer="gradient_descent", schedule="constant", learning_rate=1e4
    )
    with pytest.raises(Diverged, match="lower learning_rate") as caught:
        network.fit(X, y)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        network.predict(X)


@pytest.mark.parametrize("output", ["identity", "relu"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_a_target_that_never_varies_is_predicted_as_it_is(output, value):
    X = np.random.default_rng(0).normal(size=(40, 3))
    network = NeuralNetworkRegressor((8,), output=output, steps=200, random_state=0).fit(
        X, np.full(40, value)
    )
    np.testing.assert_allclose(network.predict(X), value, rtol=0.3 if output == "relu" else 1e-12)


@each_estimator
def test_a_missing_value_counts_as_the_mean_of_its_column(estimator, wine):
    X, y = wine[0].copy(), wine[1]
    X[::7, 2] = np.nan
    fitted = clone(estimator).fit(X, y)
    np.testing.assert_allclose(fitted.mean_, np.nanmean(X.astype(float), axis=0), rtol=1e-6)
    filled = np.where(np.isnan(X), fitted.mean_, X)
    np.testing.assert_allclose(fitted.predict(X), fitted.predict(filled), rtol=1e-4, atol=1e-6)


@each_estimator
def test_what_cannot_be_standardised_is_refused(estimator, wine):
    X, y = wine[0].copy(), wine[1]
    X[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        clone(estimator).fit(X, y)
    with pytest.raises(ValueError, match="infinity"):
        clone(estimator).fit(*wine).predict(X)
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        clone(estimator).set_params(standardize=False).fit(X, y)


@pytest.mark.parametrize("clip", [None, 1.5])
def test_standardising_inside_equals_standardising_before(clip, wine):
    X, y = wine
    inside = NeuralNetworkClassifier((8,), clip=clip, dtype="float64", random_state=0).fit(X.astype(float), y)
    before = clone(inside).set_params(standardize=False)
    Z = (X.astype(float) - inside.mean_) / inside.scale_
    if clip is not None:
        Z /= np.sqrt(1 + (Z / clip) ** 2)
    before.fit(Z, y)
    assert before.mean_ is None
    np.testing.assert_allclose(before.predict_proba(Z), inside.predict_proba(X.astype(float)), atol=1e-9)


def test_a_large_memory_mapped_matrix_is_neither_copied_nor_held(tmp_path, monkeypatch):
    rows, width = 20_000, 100
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (rows, width))
    X[:] = rng.standard_normal((rows, width))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    X.flush()
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    model = LogisticRegression(steps=100, random_state=0)
    held = clone(model).fit(mapped, y)
    monkeypatch.setattr("models.base._HELD_ELEMENTS", 1000)
    of_an_array = clone(model).fit(np.array(mapped), y)
    tracemalloc.start()
    gathered = clone(model).fit(mapped, y)
    probabilities = gathered.predict_proba(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mapped.nbytes, "8 MB of rows"
    assert same_weights(of_an_array, gathered)
    assert not same_weights(held, gathered), "rows that are not held come in another order"
    assert (probabilities.argmax(axis=1) == y).mean() > 0.95
    assert gathered.loss_curve_[-1] == pytest.approx(held.loss_curve_[-1], rel=0.1)


def test_predictions_do_not_depend_on_the_rows_beside_them():
    X, y = load_digits(return_X_y=True)
    network = NeuralNetworkClassifier((8,), steps=50, random_state=0).fit(X, y)
    tall = np.tile(X, (10, 1))  # several blocks
    np.testing.assert_allclose(network.predict_proba(tall)[-len(X) :], network.predict_proba(X), atol=1e-6)


def test_early_stopping_keeps_the_best_epoch(wine):
    X, y = wine
    settings = {"hidden": (32,), "learning_rate": 0.05, "steps": 2000, "random_state": 0}
    network = NeuralNetworkClassifier(**settings, early_stopping=True, validation_fraction=0.3, patience=5)
    weights = {
        p.step: [c.copy() for c in network.coefs_] for p in network.iter_fit(X, np.roll(y, 1) ^ (y > 1))
    }
    curve = network.validation_curve_
    best = int(np.argmin(curve))
    assert len(curve) == len(network.loss_curve_) == best + 1 + 5
    assert network.n_steps_ == list(weights)[best] < 2000
    assert all(np.array_equal(a, b) for a, b in zip(network.coefs_, weights[network.n_steps_], strict=True))


def test_early_stopping_needs_rows_to_train_on():
    with pytest.raises(ValueError, match="early_stopping needs rows to train on; n_samples=1"):
        NeuralNetworkRegressor(early_stopping=True).fit([[0.0]], [1.0])


def test_a_pool_of_digits_is_learned():
    X, y = load_digits(return_X_y=True)
    network = NeuralNetworkClassifier(random_state=0).fit(X[:1000], y[:1000])
    assert network.score(X[1000:], y[1000:]) > 0.92


def _seen(predict, X):
    """What comes of predicting: the answer, or the error's type and words."""
    try:
        return predict(X).tolist()
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda X: X,
        lambda X: X.astype(np.float32),
        lambda X: np.asfortranarray(X),
        lambda X: X[::2],
        lambda X: X.tolist(),
        lambda X: X.astype(int),
        lambda X: X[0],
        lambda X: X[:, :5],
        lambda X: X[:0],
        lambda X: X[None],
        lambda X: np.where(X[0] == X, np.nan, X),
        lambda X: np.where(X[0] == X, np.inf, X),
        lambda X: np.where(X[0] == X, -np.inf, np.where(X[1] == X, np.inf, X)),
        lambda X: X * 1e304,
        lambda X: X.astype(object),
        lambda X: np.ma.masked_array(X),
    ],
)
def test_rows_that_skip_the_checks_are_answered_as_those_that_do_not(change, standardize, monkeypatch):
    X, y = load_wine(return_X_y=True)
    model = NeuralNetworkClassifier((4,), steps=20, standardize=standardize, random_state=0).fit(X, y)
    given = change(X)
    with np.errstate(all="ignore"):
        quick = _seen(model.predict, given)
        monkeypatch.setattr(type(model), "_is_plain", lambda self, X: False)
        assert quick == _seen(model.predict, given)
