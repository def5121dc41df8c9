"""What gradient descent learns of parity and of the tent map, by networks deep and shallow."""

from __future__ import annotations

import numpy as np

from harness.course.constructed import (
    parity_tree,
)
from harness.course.finding import Array
from harness.course.rates import best
from harness.seeds import seed_for
from models import Diverged, NeuralNetworkClassifier

Learned = tuple[float, list[float]]  # the learning rate chosen, and the error from each start
Errors = dict[tuple[str, int, str], Learned]  # by function, its size, network


def shapes(function: str, count: int) -> dict[str, tuple[int, ...]]:
    """Hidden layers of the networks that learn: as constructed, and with room to spare."""
    if function == "parity":
        deep = tuple(len(bias) for bias in parity_tree(count).biases[:-1])
        shallow: tuple[int, ...] = (count,)
    else:
        deep, shallow = (2,) * count, (2**count,)
    return {"deep, as built": deep, "one layer, as built": shallow, "deep, roomy": (32, 32, 32),
            "one layer, roomy": (256,)}  # fmt: skip


def learn(
    X: Array, y: Array, hidden: tuple[int, ...], rates: list[float], steps: int, starts: int, seed: int
) -> Learned:
    """The best of the rates, and the share of rows wrong after training on all of them, from each start."""

    def tried(rate: float) -> tuple[float, list[float]]:
        network = NeuralNetworkClassifier(
            hidden, learning_rate=rate, weight_decay=0.0, batch_size=None, steps=steps
        )
        errors = []
        for k in range(starts):
            network.set_params(random_state=seed_for("start", seed=seed, repeat=k))
            errors.append(_error(network, np.asarray(X, "float32"), y))
        return float(np.mean(errors)), errors

    return best(rates, tried)


def _error(network: NeuralNetworkClassifier, X: Array, y: Array) -> float:
    try:
        return 1.0 - float(network.fit(X, y).score(X, y))
    except Diverged:
        return 1.0
