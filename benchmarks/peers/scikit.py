"""scikit-learn's MLPClassifier and, where there is no hidden layer, its SGDClassifier."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.problem import BETAS, EPSILON, LEARNING_RATE, Problem, Train


class Given(MLPClassifier):
    """One that starts from the weights given."""

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> Any:
        layer = [weight.shape for weight in self.problem.weights].index((fan_in, fan_out))
        return self.problem.weights[layer].copy(), self.problem.biases[layer].copy()


def start(problem: Problem, shuffle: bool) -> Train:
    """MLPClassifier; every call begins anew, so that its checks are made once per call, not per epoch."""
    model = Given(
        problem.hidden,
        alpha=0.0,
        batch_size=problem.batch,
        learning_rate_init=LEARNING_RATE,
        beta_1=BETAS[0],
        beta_2=BETAS[1],
        epsilon=EPSILON,
        shuffle=shuffle,
        tol=0.0,
        n_iter_no_change=10**9,
        random_state=0,
    )
    model.problem = problem

    def train(epochs: int) -> list[float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.set_params(max_iter=epochs).fit(problem.X, problem.y)
        return [float(loss) for loss in model.loss_curve_]

    return train


def start_linear(problem: Problem, shuffle: bool) -> Train:
    """SGDClassifier: one row at a time, one class against the rest; it has no batches and no Adam."""
    model = SGDClassifier(loss="log_loss", alpha=1e-6, shuffle=shuffle, tol=None, random_state=0)

    def train(epochs: int) -> list[float]:
        model.set_params(max_iter=epochs).fit(problem.X, problem.y)
        return [np.nan] * epochs

    return train
