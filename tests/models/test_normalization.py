"""Batch normalisation: its formula, and the plain network it becomes (gradients: test_gradients.py)."""

from __future__ import annotations

import numpy as np
import pytest

from models import NeuralNetworkClassifier, NeuralNetworkRegressor
from models.activations import activation
from models.initializers import xavier
from models.network import allocate, forward, initialize, workspace
from models.normalization import BatchNormalization
from models.regularization import Regularization

SIZES, ROWS = (3, 4, 5, 2), 7


def test_columns_are_centred_and_scaled_whatever_their_mean_and_scale():
    z = np.random.default_rng(0).standard_normal((200, 4)) * [1, 100, 5, 1] + [0, 7, -1000, 0]
    z[:, 3] = 2.5
    normal = BatchNormalization((9, 4, 1), 200, "float64").forward(0, z, np.ones(200))
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(normal.std(axis=0), [1, 1, 1, 0], atol=1e-4)


def test_where_every_batch_is_the_same_the_plain_network_answers_as_the_normalised_one():
    """But for the variance, which is the batch's in training and the unbiased one in prediction."""
    rng = np.random.default_rng(0)
    parameters, x = allocate(SIZES, "float64"), rng.standard_normal((ROWS, SIZES[0]))
    initialize(parameters, xavier, rng)
    parameters.flat[parameters.n_weights :] = rng.standard_normal(11)
    extra = Regularization(normalization=BatchNormalization(SIZES, ROWS, "float64"))
    for _ in range(3):
        work = workspace(SIZES, ROWS, "float64")
        trained = forward(parameters, activation("relu"), x, work, extra).copy()
    plain = allocate(SIZES, "float64")
    plain.flat[:] = parameters.flat
    extra.normalization.fold(plain.weights, plain.biases)
    for layer in (0, 1):
        batch_deviation = np.sqrt((ROWS - 1) / ROWS)
        plain.weights[layer][:] /= batch_deviation
        bias, beta = plain.biases[layer], parameters.biases[layer]
        bias[:] = beta + (bias - beta) / batch_deviation
    answered = forward(plain, activation("relu"), x, workspace(SIZES, ROWS, "float64"))
    np.testing.assert_allclose(answered, trained, atol=1e-4)


def test_a_deep_sigmoid_network_learns_only_where_it_is_normalised():
    """Eight layers of sigmoids pass little down; normalised, each begins with variance 1."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    network = NeuralNetworkClassifier((16,) * 8, activation="sigmoid", steps=1_500, random_state=0)
    assert network.fit(X, y).score(X, y) < 0.85
    assert network.set_params(batch_norm=True).fit(X, y).score(X, y) > 0.95


@pytest.mark.parametrize(("rows", "batch_size"), [(1, None), (3, 2), (33, 2), (40, 1)])
def test_a_batch_of_one_row_is_refused(rows, batch_size):
    """All its units would be 0, and the plain network that predicts would hold that against them."""
    network = NeuralNetworkRegressor((4,), batch_norm=True, batch_size=batch_size, random_state=0)
    with pytest.raises(ValueError, match=rf"at least 2 rows; batch_size={batch_size} .* n_samples={rows};"):
        network.fit(np.ones((rows, 3)), np.arange(rows))
    assert np.isfinite(
        network.set_params(batch_norm=False).fit(np.ones((rows, 3)), np.arange(rows)).coefs_[0]
    ).all()


SETTINGS = {"batch_norm": True, "noise": 0.2, "schedule": "constant", "batch_size": 16, "random_state": 0}


def noisy(rows=90):
    rng = np.random.default_rng(0)
    return rng.standard_normal((rows, 3)), rng.integers(0, 3, rows)


@pytest.mark.parametrize("step", [1, 9, 40])
def test_a_training_that_is_closed_at_a_step_is_the_one_that_ends_there(step):
    """In the middle of an epoch of six steps as well, which is where the harness's refits are closed."""
    X, y = noisy()
    paused = NeuralNetworkClassifier((8, 8), steps=40, **SETTINGS)
    training = paused.iter_fit(X, y, (step,))
    next(training)
    training.close()
    whole = NeuralNetworkClassifier((8, 8), steps=step, **SETTINGS).fit(X, y)
    np.testing.assert_array_equal(paused.predict_proba(X), whole.predict_proba(X))


def test_early_stopping_keeps_the_plain_network_of_its_best_epoch():
    X, y = noisy(120)
    stopped = NeuralNetworkClassifier((32,), steps=400, early_stopping=True, **SETTINGS).fit(X, y)
    assert stopped.n_steps_ < 7 * len(stopped.validation_curve_)  # its best epoch is not its last
    best = NeuralNetworkClassifier((32,), steps=stopped.n_steps_, early_stopping=True, **SETTINGS).fit(X, y)
    np.testing.assert_array_equal(stopped.predict_proba(X), best.predict_proba(X))


def test_noise_is_drawn_from_the_seed():
    """In one step from zero on all rows nothing else is random."""
    X, y = noisy()
    settings = {"noise": 0.2, "initializer": "zeros", "batch_size": None, "steps": 1}
    settings |= {"optimizer": "gradient_descent", "schedule": "constant"}
    weights = [
        NeuralNetworkClassifier((), **settings, random_state=seed).fit(X, y).coefs_[0] for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.abs(weights[0] - weights[2]).max() > 1e-5
