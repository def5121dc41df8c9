"""Batch normalisation, against its formula, its numerical gradient, and the plain network it becomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from models import NeuralNetworkClassifier, NeuralNetworkRegressor, losses
from models.activations import activation
from models.initializers import xavier
from models.network import Parameters, allocate, backward, forward, initialize, workspace
from models.normalization import BatchNormalization
from models.regularization import Regularization

SIZES, ROWS = (3, 4, 5, 2), 7


@dataclass
class Pass:
    """One pass over a batch of ROWS random rows through layers of SIZES, from random parameters."""

    parameters: Parameters
    x: np.ndarray
    y: np.ndarray

    def loss(self, gradients: Parameters | None = None) -> float:
        """Half the mean squared error; fills the gradients where they are given."""
        work = workspace(SIZES, ROWS, "float64")
        extra = Regularization(normalization=BatchNormalization(SIZES, ROWS, "float64"))
        logits = forward(self.parameters, activation("tanh"), self.x, work, extra)
        value = losses.squared_error(logits, self.y)
        if gradients is not None:
            backward(self.parameters, gradients, self.x, work, extra)
        return value


@pytest.fixture
def batch() -> Pass:
    rng = np.random.default_rng(0)
    parameters = allocate(SIZES, "float64")
    initialize(parameters, xavier, rng)
    parameters.flat[parameters.n_weights :] = rng.standard_normal(11)
    return Pass(parameters, rng.standard_normal((ROWS, 3)), rng.standard_normal((ROWS, 2)))


def test_the_gradient_is_that_of_the_objective(batch):
    """Every parameter is nudged; weights and inputs act through the batch's mean and variance as well."""
    gradients = allocate(SIZES, "float64")
    batch.loss(gradients)
    numerical, flat = np.empty_like(gradients.flat), batch.parameters.flat
    for index, value in enumerate(flat.copy()):
        flat[index] = value + 1e-6
        ahead = batch.loss()
        flat[index] = value - 1e-6
        numerical[index] = (ahead - batch.loss()) / 2e-6
        flat[index] = value
    np.testing.assert_allclose(gradients.flat, numerical, rtol=0, atol=1e-9)
    assert np.abs(gradients.flat).min() > 1e-5


def test_columns_are_centred_and_scaled_whatever_their_mean_and_scale():
    z = np.random.default_rng(0).standard_normal((200, 4)) * [1, 100, 5, 1] + [0, 7, -1000, 0]
    z[:, 3] = 2.5
    normal = BatchNormalization((9, 4, 1), 200, "float64").forward(0, z, np.ones(200))
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(normal.std(axis=0), [1, 1, 1, 0], atol=1e-4)


def test_where_every_batch_is_the_same_the_plain_network_answers_as_the_normalised_one(batch):
    """But for the variance, which is the batch's in training and the unbiased one in prediction."""
    extra = Regularization(normalization=BatchNormalization(SIZES, ROWS, "float64"))
    for _ in range(3):
        work = workspace(SIZES, ROWS, "float64")
        trained = forward(batch.parameters, activation("relu"), batch.x, work, extra).copy()
    plain = allocate(SIZES, "float64")
    extra.normalization.fold(batch.parameters, plain)
    for layer in (0, 1):
        batch_deviation = np.sqrt((ROWS - 1) / ROWS)
        plain.weights[layer][:] /= batch_deviation
        bias, beta = plain.biases[layer], batch.parameters.biases[layer]
        bias[:] = beta + (bias - beta) / batch_deviation
    answered = forward(plain, activation("relu"), batch.x, workspace(SIZES, ROWS, "float64"))
    np.testing.assert_allclose(answered, trained, atol=1e-4)


def test_a_deep_sigmoid_network_learns_only_where_it_is_normalised():
    """Eight layers of sigmoids pass little down; normalised, each begins with variance 1."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    network = NeuralNetworkClassifier((16,) * 8, activation="sigmoid", steps=1_500, random_state=0)
    assert network.fit(X, y).score(X, y) < 0.85
    assert network.set_params(batch_norm=True).fit(X, y).score(X, y) > 0.95


@pytest.mark.parametrize("rows", [2, 3, 33])
def test_every_batch_may_be_small(rows):
    """Three rows in batches of two leave one row to the last, whose units are all 0."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((rows, 3)), rng.standard_normal(rows)
    network = NeuralNetworkRegressor((4,), batch_norm=True, batch_size=2, steps=40, random_state=0)
    assert np.isfinite(network.fit(X, y).predict(X)).all()


def test_pausing_changes_no_bit_and_every_pause_predicts_with_its_own_weights():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((90, 3)), rng.integers(0, 3, 90)
    settings = {"batch_norm": True, "noise": 0.2, "steps": 40, "random_state": 0}
    whole = NeuralNetworkClassifier((8, 8), **settings).fit(X, y)
    paused = NeuralNetworkClassifier((8, 8), **settings)
    seen = [paused.predict_proba(X) for _ in paused.iter_fit(X, y, (1, 9, 40))]
    np.testing.assert_array_equal(seen[-1], whole.predict_proba(X))
    assert np.abs(seen[0] - seen[1]).max() > 0.01


def test_early_stopping_keeps_the_plain_network_of_its_best_epoch():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 3))
    y = (X[:, 0] + rng.standard_normal(120) > 0).astype(int)
    network = NeuralNetworkClassifier((32,), batch_norm=True, steps=400, early_stopping=True, random_state=0)
    network.fit(X, y)
    assert len(network.coefs_) == 2
    assert network.n_parameters_ == sum(part.size for part in (*network.coefs_, *network.intercepts_))
    assert min(network.validation_curve_) < network.validation_curve_[-1]
