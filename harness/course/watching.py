"""A training watched: the log-loss and the error on held-out rows at chosen steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.course.finding import Array
from models import Diverged, NeuralNetworkClassifier

SMALLEST = 1e-12  # a probability below counts as this, so that a loss stays finite


@dataclass(frozen=True)
class Watched:
    """Log-loss and error (share wrong) after each of `steps`; infinite and 1 from where training diverged."""

    steps: Array
    loss: Array
    error: Array

    def steps_to(self, target: float) -> float:
        """The first of the steps at which the loss is at most the target; infinite where none is.

        >>> Watched(np.array([5, 10]), np.array([0.9, 0.4]), np.zeros(2)).steps_to(0.5)
        10.0
        """
        reached = self.loss <= target
        return float(self.steps[reached.argmax()]) if reached.any() else np.inf


def watched(
    network: NeuralNetworkClassifier, X: Array, y: Array, X_held: Array, y_held: Array, steps: Sequence[int]
) -> Watched:
    """Train on X and y to the last of the steps, judging at each on the held-out rows."""
    loss, error = np.full(len(steps), np.inf), np.ones(len(steps))
    try:
        for k, _ in enumerate(network.iter_fit(X, y, steps)):
            loss[k], error[k] = judged(network, X_held, y_held)
    except Diverged:
        pass
    return Watched(np.array(steps), loss, error)


def judged(network: NeuralNetworkClassifier, X: Array, y: Array) -> tuple[float, float]:
    """Log-loss and error on rows, of whose classes each is one that was learned from."""
    with np.errstate(all="ignore"):  # weights may be about to diverge
        p = network.predict_proba(X)
    return loss_and_error(p, np.searchsorted(network.classes_, y))


def loss_and_error(p: Array, own: Array) -> tuple[float, float]:
    """Log-loss and error of probabilities (rows, classes), by the column of each row's own class.

    >>> loss_and_error(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 0]))
    (0.0, 0.0)
    """
    loss = -float(np.log(np.maximum(p[np.arange(len(own)), own], SMALLEST)).mean()) + 0.0
    return (loss if np.isfinite(loss) else np.inf), float(np.mean(p.argmax(axis=1) != own))
