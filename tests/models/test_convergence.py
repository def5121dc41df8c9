"""Training arrives where theory, or another implementation, says it must."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from models import LogisticRegression, NeuralNetworkClassifier, NeuralNetworkRegressor

EXACT = {"optimizer": "adam", "schedule": "cosine", "batch_size": None, "dtype": "float64", "random_state": 0}


def mean_log_loss(probabilities, y):
    return -np.log(probabilities[np.arange(len(y)), y]).mean()


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_logistic_regression_reaches_the_optimum_of_scikit_learn(load):
    X, y = load(return_X_y=True)
    penalty = 1.0
    ours = LogisticRegression(learning_rate=0.1, l2=1 / (penalty * len(X)), steps=6000, **EXACT).fit(X, y)
    standardised = StandardScaler().fit_transform(X)
    reference = Reference(C=penalty, tol=1e-10, max_iter=10_000).fit(standardised, y)
    np.testing.assert_allclose(ours.coefs_[0].T, reference.coef_, atol=1e-3)
    intercepts = (
        ours.intercepts_[0] - ours.intercepts_[0].mean() if len(ours.classes_) > 2 else ours.intercepts_[0]
    )
    np.testing.assert_allclose(intercepts, reference.intercept_, atol=1e-3)

    def objective(probabilities, weights):
        return mean_log_loss(probabilities, y) + 0.5 / (penalty * len(X)) * (weights**2).sum()

    theirs = objective(reference.predict_proba(standardised), reference.coef_)
    assert objective(ours.predict_proba(X), ours.coefs_[0]) == pytest.approx(theirs, abs=1e-6)
    assert ours.loss_curve_[-1] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_single_linear_neuron_is_least_squares(l2):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 4)) * [1, 10, 0.1, 5] + [0, 100, 3, -50]
    y = X @ [1.0, -2.0, 30.0, 0.5] + 7 + rng.standard_normal(100)
    neuron = NeuralNetworkRegressor(hidden=(), learning_rate=0.05, l2=l2, steps=3000, **EXACT).fit(X, y)
    exact = Ridge(alpha=l2 * len(X)).fit(StandardScaler().fit_transform(X), y)
    np.testing.assert_allclose(neuron.predict(X), exact.predict(StandardScaler().fit_transform(X)), rtol=1e-6)


def test_a_relu_output_fits_a_target_that_cannot_be_negative():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 1))
    y = np.maximum(3 * X[:, 0] - 1, 0)
    neuron = NeuralNetworkRegressor(hidden=(), output="relu", learning_rate=0.05, steps=3000, **EXACT).fit(
        X, y
    )
    assert neuron.predict(X).min() == 0
    np.testing.assert_allclose(neuron.predict(X), y, atol=1e-2)


def test_a_relu_output_refuses_a_negative_target():
    with pytest.raises(
        ValueError, match=r'y must not be negative for output="relu", got -1; use output="identity"'
    ):
        NeuralNetworkRegressor(output="relu").fit([[0.0], [1.0]], [1.0, -1.0])


def test_a_deep_network_of_identities_is_a_linear_classifier():
    X, y = load_wine(return_X_y=True)
    deep = NeuralNetworkClassifier((16, 8), activation="identity", dtype="float64", random_state=0).fit(X, y)
    weight, bias = np.eye(X.shape[1]), np.zeros(X.shape[1])
    for coefficients, intercepts in zip(deep.coefs_, deep.intercepts_, strict=True):
        weight, bias = weight @ coefficients, bias @ coefficients + intercepts
    scores = (X - deep.mean_) / deep.scale_ @ weight + bias
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(deep.predict_proba(X), probabilities, atol=1e-12)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_zeros_keep_all_hidden_units_identical(activation):
    X, y = load_breast_cancer(return_X_y=True)
    network = NeuralNetworkClassifier((8,), activation=activation, initializer="zeros", random_state=0)
    for _ in network.iter_fit(X, y, checkpoints=[1, 50, 270]):
        first, second = network.coefs_
        assert (first == first[:, :1]).all()
        assert (second == second[0]).all()
        assert (network.intercepts_[0] == network.intercepts_[0][0]).all()
    assert activation == "tanh" or first.any()


def test_a_hidden_layer_separates_what_no_line_can():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 20)
    y = X[:, 0] ^ X[:, 1]
    assert NeuralNetworkClassifier((8,), random_state=0).fit(X, y).score(X, y) == 1
    assert LogisticRegression(random_state=0).fit(X, y).score(X, y) <= 0.75


def test_float32_and_float64_agree():
    X, y = load_wine(return_X_y=True)
    single, double = (
        NeuralNetworkClassifier((16,), dtype=dtype, random_state=0).fit(X, y).predict_proba(X)
        for dtype in ("float32", "float64")
    )
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single, double, atol=1e-4)
