"""The shapes of a running network's arrays, in the course's notation and in ours, and what a mismatch says.

A network takes one pass forwards and backwards. The course stores an example in a column, we in a row, so
each of our matrices is the transpose of the course's, and our biases are vectors.

Rule. Supported where every array, transposed, has the shape that the statement gives it; contradicted where
one has another. The effect is how many of them do, which chance has no part in. That a wrong shape stops the
pass with an error is looked at beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from harness.course.finding import Array, Finding, Images, Row
from harness.course.scaled import sizes_of
from harness.verdicts import Answer
from models.activations import activation
from models.initializers import he
from models.losses import squared_error
from models.network import Parameters, Workspace, allocate, backward, forward, initialize, workspace

MOST_SHOWN = 64  # rows or columns of a matrix in the picture


def run(*, sizes: list[int], rows: int, seed: int) -> Finding:
    """Take the pass, and compare every shape."""
    rng = np.random.default_rng(seed)
    parameters, gradients = allocate(sizes, "float64"), allocate(sizes, "float64")
    initialize(parameters, he, rng)
    x, y = rng.standard_normal((rows, sizes[0])), rng.standard_normal((rows, sizes[-1]))
    work = workspace(sizes, rows, "float64")
    squared_error(forward(parameters, activation("relu"), x, work), y)
    backward(parameters, gradients, x, work)
    table = list(_table(x, parameters, gradients, work))
    right = sum(row["course"] == row["found_transposed"] for row in table)
    message = mismatch(sizes, rows)
    images = {f"W[{k}] {_shape(w.T)}": w.T for k, w in enumerate(parameters.weights, 1)}
    slopes = {f"dW[{k}] {_shape(w.T)}": w.T for k, w in enumerate(gradients.weights, 1)}
    return Finding(
        Answer.SUPPORTED if right == len(table) else Answer.CONTRADICTED,
        *(float(right),) * 3,
        unit=f"of {len(table)} arrays with the shape that the notes give them",
        sentence=(
            f"In a network of sizes {', '.join(map(str, sizes))} on m = {rows} examples, {right} of "
            f"{len(table)} arrays have the course's shape, transposed. A first weight that is not transposed "
            f"stops the pass: “{message}”."
        ),
        rows=tuple(table),
        panels=(Images("W[l] as the course writes it", _scaled(images)), Images("dW[l]", _scaled(slopes))),
        conditions=(
            "Here an example is a row, as in scikit-learn: X is (m, n[0]), W[l] is (n[l-1], n[l]) and b[l] "
            "is a vector (n[l],), which NumPy adds to every row."
        ),
    )


def mismatch(sizes: list[int], rows: int) -> str:
    """What NumPy says of the pass with a first weight that is given as the course has it, not transposed."""
    parameters = allocate(sizes, "float64")
    turned = Parameters(
        parameters.flat,
        (np.zeros(parameters.weights[0].shape[::-1]), *parameters.weights[1:]),
        parameters.biases,
    )
    try:
        forward(turned, activation("relu"), np.zeros((rows, sizes[0])), workspace(sizes, rows, "float64"))
    except ValueError as error:
        return str(error)
    return "no message: the matrix is square"


def _table(x: Array, parameters: Parameters, gradients: Parameters, work: Workspace) -> Iterator[Row]:
    """A row for each array. Z and dA are overwritten in a pass, and are formed again by their equations."""
    m, sizes = len(x), sizes_of(parameters)
    below_values = (x, *work.values[:-1])
    slopes = (*work.deltas, work.values[-1])  # dZ of each layer; the last one's stands where its values were
    for layer, (below, own) in enumerate(pairwise(sizes), 1):
        z = below_values[layer - 1] @ parameters.weights[layer - 1] + parameters.biases[layer - 1]
        last = layer == len(sizes) - 1  # a linear output, so its dA is its dZ
        da = slopes[layer - 1] if last else slopes[layer] @ parameters.weights[layer].T
        yield _row("W", layer, "(n[l], n[l-1])", (own, below), parameters.weights[layer - 1])
        yield _row("dW", layer, "(n[l], n[l-1])", (own, below), gradients.weights[layer - 1])
        yield _row("b", layer, "(n[l], 1)", (own, 1), parameters.biases[layer - 1][None])
        yield _row("db", layer, "(n[l], 1)", (own, 1), gradients.biases[layer - 1][None])
        yield _row("Z", layer, "(n[l], m)", (own, m), z)
        yield _row("A", layer, "(n[l], m)", (own, m), work.values[layer - 1])
        yield _row("dZ", layer, "(n[l], m)", (own, m), slopes[layer - 1])
        yield _row("dA", layer, "(n[l], m)", (own, m), da)


def _row(name: str, layer: int, formula: str, course: tuple[int, int], array: Array) -> Row:
    return {
        "array": f"{name}[{layer}]",
        "formula": formula,
        "course": str(course),
        "ours": str(array.shape if not name.endswith("b") else array.shape[1:]),
        "found_transposed": str(array.T.shape),
    }


def _shape(array: Array) -> str:
    return f"({array.shape[0]}, {array.shape[1]})"


def _scaled(images: dict[str, Array]) -> dict[str, Array]:
    """Each matrix over its own largest value, so that one scale shows all of them."""
    return {
        name: (image / (np.abs(image).max() or 1.0))[:MOST_SHOWN, :MOST_SHOWN]
        for name, image in images.items()
    }
