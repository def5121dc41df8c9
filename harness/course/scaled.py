"""A network whose start is made by hand: any initialiser, trained by the loop of models/ and looked at.

The estimators know initialisers by name; an experiment on the start itself needs other scales.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.course.finding import Array
from harness.course.rows import Rows
from harness.course.watching import Watched, loss_and_error
from models import Diverged
from models.activations import activation
from models.initializers import Initializer
from models.losses import cross_entropy, softmax
from models.network import Parameters, allocate, forward, initialize, workspace
from models.training import Examples, Plan, train


def standardized(rows: Rows) -> Rows:
    """Both parts on the scale of the training rows."""
    mean, spread = rows.X.mean(axis=0), rows.X.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    X, held = ((part - mean) / spread for part in (rows.X, rows.X_held))
    return Rows(
        np.ascontiguousarray(X, "float32"), rows.y, np.ascontiguousarray(held, "float32"), rows.y_held
    )


def started(sizes: Sequence[int], hidden: Initializer, last: Initializer, start: int) -> Parameters:
    """Weights drawn by `hidden`, the last layer's by `last`; biases 0. sizes: (inputs, ..., outputs)."""
    parameters = allocate(sizes, "float32")
    rng = np.random.default_rng(start)
    initialize(parameters, hidden, rng)
    parameters.weights[-1][:] = last(sizes[-2], sizes[-1], rng)
    return parameters


def sizes_of(parameters: Parameters) -> list[int]:
    """Inputs, hidden units of each layer, outputs."""
    return [len(parameters.weights[0]), *(len(bias) for bias in parameters.biases)]


def hidden_values(parameters: Parameters, name: str, X: Array) -> tuple[list[Array], list[Array]]:
    """A[l] and g'(Z[l]) (rows, units) of each hidden layer."""
    work = workspace(sizes_of(parameters), len(X), parameters.flat.dtype.str)
    forward(parameters, activation(name), X, work)
    return list(work.values[:-1]), list(work.slopes)


def watched_from(
    parameters: Parameters, name: str, rows: Rows, plan: Plan, looks: Sequence[int], start: int
) -> Watched:
    """Train in place on softmax's cross-entropy; held-out log-loss and error after each of the looks."""
    targets = np.eye(len(parameters.biases[-1]), dtype="float32")[rows.y]

    def inputs(chosen: Array, out: Array) -> None:
        out[...] = rows.X[chosen]

    def outputs(chosen: Array, out: Array) -> None:
        out[...] = targets[chosen]

    loss, error = np.full(len(looks), np.inf), np.ones(len(looks))
    rng = np.random.default_rng(start)
    run = train(
        parameters, activation(name), cross_entropy, Examples(len(rows.y), inputs, outputs), plan, rng, looks
    )
    wanted = set(looks)
    at = 0
    try:
        for progress in run:
            if progress.step in wanted:
                loss[at], error[at] = _judged(parameters, name, rows)
                at += 1
    except Diverged:
        pass
    return Watched(np.array(looks), loss, error)


def _judged(parameters: Parameters, name: str, rows: Rows) -> tuple[float, float]:
    work = workspace(sizes_of(parameters), len(rows.X_held), parameters.flat.dtype.str)
    with np.errstate(all="ignore"):
        logits = forward(parameters, activation(name), rows.X_held, work)
        softmax(logits)
    return loss_and_error(logits, rows.y_held)
