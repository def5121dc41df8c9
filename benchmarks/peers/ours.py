"""The networks of `models`, as the estimators train them once the rows are standardised and held."""

from __future__ import annotations

from itertools import islice

import numpy as np

from benchmarks.peers.problem import LEARNING_RATE, Problem, Train
from models.activations import Array, activation
from models.losses import cross_entropy
from models.network import allocate
from models.training import Examples, Plan, train

FOREVER = 10**9


class InOrder(np.random.Generator):
    """A generator whose permutations leave everything where it is."""

    def permutation(self, x: int) -> Array:  # type: ignore[override]
        return np.arange(x)


def start(problem: Problem, shuffle: bool) -> Train:
    """Ours."""
    classes = len(problem.biases[-1])
    parameters = allocate((problem.X.shape[1], *problem.hidden, classes), "float32")
    for views, given in ((parameters.weights, problem.weights), (parameters.biases, problem.biases)):
        for view, values in zip(views, given, strict=True):
            view[:] = values
    outputs = np.arange(classes)
    examples = Examples(
        len(problem.X),
        lambda rows, out: problem.X.take(rows, axis=0, out=out, mode="clip"),
        lambda rows, out: np.equal(problem.y.take(rows)[..., None], outputs, out=out),
    )
    plan = Plan(problem.batch, FOREVER, "adam", "constant", LEARNING_RATE)
    rng = (np.random.Generator if shuffle else InOrder)(np.random.PCG64(0))
    run = train(parameters, activation("relu"), cross_entropy, examples, plan, rng)
    return lambda epochs: [progress.loss for progress in islice(run, epochs)]
