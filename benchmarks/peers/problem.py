"""A problem is rows, labels and the weights that every peer starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEARNING_RATE = 1e-3
BETAS = 0.9, 0.999
EPSILON = 1e-12  # too small to matter: scikit-learn adds it before the moment is corrected, the others after

Train = Callable[[int], list[float]]


class Problem(NamedTuple):
    """What is trained, from where, on what.

    Attributes:
        hidden, batch: units of each hidden layer; rows of a mini-batch, which divides the number of rows.
        X, y: (rows, inputs) float32; (rows,) classes from 0.
        weights, biases: (fan_in, fan_out) and (fan_out,) of each layer, float32.
    """

    hidden: tuple[int, ...]
    batch: int
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    weights: list[NDArray[np.float32]]
    biases: list[NDArray[np.float32]]


def draw(hidden: Sequence[int], batch: int, inputs: int, rows: int, classes: int) -> Problem:
    """Normal rows, labelled by a noisy linear rule, and He's weights."""
    rng = np.random.default_rng([rows, inputs, classes])
    X = rng.standard_normal((rows, inputs), dtype=np.float32)
    scores = (
        X @ rng.standard_normal((inputs, classes)) / np.sqrt(inputs) + rng.gumbel(size=(rows, classes)) / 2
    )
    sizes = list(pairwise((inputs, *hidden, classes)))
    weights = [(rng.standard_normal(size) * np.sqrt(2 / size[0])).astype(np.float32) for size in sizes]
    biases = [np.zeros(fan_out, np.float32) for _, fan_out in sizes]
    return Problem(tuple(hidden), batch, X, scores.argmax(axis=1), weights, biases)


def multiplications(problem: Problem) -> int:
    """Floating-point operations of the products of matrices in one epoch; nothing else is counted.

    Three products for each layer (forward, the weights' gradient, the gradient passed down), of which the
    first layer lacks the last.
    """
    sizes = [weight.size for weight in problem.weights]
    return 2 * len(problem.X) * (3 * sum(sizes) - sizes[0])
