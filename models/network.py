"""A network is a flat buffer of parameters, seen through per-layer views, and two passes over a workspace.

Rows are examples. Layer l maps A^[l-1] (rows, fan_in) to Z^[l] = A^[l-1] W^[l] + b^[l] (rows, fan_out), so
our W is the transpose of the course's. Hidden layers apply an activation; the last layer's Z are the logits,
which a loss takes and overwrites with its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.activations import Activation, Array
from models.initializers import Initializer
from models.regularization import PREDICTION, Regularization
from models.standardization import in_blocks

Fill = Callable[[NDArray[np.intp], Array], None]
_BLOCK_ELEMENTS = 2**19
_FEW_ROWS, _LARGE_WEIGHT = 64, 2**15
_SMALL_PRODUCT = 10**6  # multiplications; a larger one OpenBLAS packs first, which few outputs do not repay


@dataclass(frozen=True)
class Parameters:
    """Weights (fan_in, fan_out) and biases (fan_out,) as views of `flat`: all weights first, then all biases.

    Gradients have the same form.
    """

    flat: Array
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    @property
    def n_weights(self) -> int:
        """How many of the elements of `flat`, from its start, are weights."""
        return sum(weight.size for weight in self.weights)


def count_parameters(n_inputs: int, hidden: Sequence[int], n_outputs: int) -> int:
    """Weights and biases of a network: the sum over its layers of (fan_in + 1) fan_out.

    n_outputs is 1 for two classes and for regression, else the number of classes.

    >>> count_parameters(784, (128,), 10)
    101770
    """
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise((n_inputs, *hidden, n_outputs)))


def allocate(sizes: Sequence[int], dtype: str) -> Parameters:
    """Zero parameters of a network whose layers have sizes (inputs, hidden..., outputs).

    >>> [weight.shape for weight in allocate((4, 3, 1), "float32").weights]
    [(4, 3), (3, 1)]
    """
    flat = np.zeros(count_parameters(sizes[0], sizes[1:-1], sizes[-1]), dtype)
    cuts = np.cumsum([fan_in * fan_out for fan_in, fan_out in pairwise(sizes)] + list(sizes[1:]))
    parts = np.split(flat, cuts[:-1])
    depth = len(sizes) - 1
    weights = tuple(part.reshape(shape) for part, shape in zip(parts, pairwise(sizes), strict=False))
    return Parameters(flat, weights, tuple(parts[depth:]))


def initialize(parameters: Parameters, initializer: Initializer, rng: np.random.Generator) -> None:
    """Draw every weight anew; biases keep their value."""
    for weight in parameters.weights:
        fan_in, fan_out = weight.shape
        weight[:] = initializer(fan_in, fan_out, rng)


@dataclass(frozen=True)
class Workspace:
    """Everything the two passes write for a batch of `len(ones)` rows, allocated once.

    Attributes:
        values: A^[l] of each hidden layer (rows, units), and the logits last, stored column by column for the
            loss's sake.
        slopes: the derivative of each hidden layer's activation.
        deltas: the gradient with respect to each hidden layer's Z.
        ones: (rows,) ones; a product with them sums over rows faster than a reduction.
    """

    values: tuple[Array, ...]
    slopes: tuple[Array, ...]
    deltas: tuple[Array, ...]
    ones: Array

    def head(self, rows: int) -> Workspace:
        """A workspace for fewer rows, in the same memory but for its logits."""
        values, slopes, deltas = (
            tuple(a[:rows] for a in part) for part in (self.values[:-1], self.slopes, self.deltas)
        )
        logits = np.empty((self.values[-1].shape[1], rows), self.ones.dtype).T
        return Workspace((*values, logits), slopes, deltas, self.ones[:rows])


def workspace(sizes: Sequence[int], rows: int, dtype: str) -> Workspace:
    """A workspace for batches of `rows` examples through layers of sizes (inputs, hidden..., outputs)."""

    def buffers(widths: Sequence[int]) -> tuple[Array, ...]:
        return tuple(np.empty((rows, width), dtype) for width in widths)

    hidden, logits = sizes[1:-1], np.empty((sizes[-1], rows), dtype).T
    return Workspace((*buffers(hidden), logits), buffers(hidden), buffers(hidden), np.ones(rows, dtype))


def forward(
    parameters: Parameters,
    activation: Activation,
    x: Array,
    work: Workspace,
    regularization: Regularization = PREDICTION,
) -> Array:
    """The logits (rows, outputs) of x (rows, inputs), in `work`, which keeps what `backward` needs."""
    weights, biases, logits = parameters.weights, parameters.biases, work.values[-1]
    normalization, noise = regularization.normalization, regularization.noise
    dropout = regularization.drop_hidden
    for layer, (z, slope) in enumerate(zip(work.values, work.slopes, strict=False)):
        x.dot(weights[layer], z)
        normal = z if normalization is None else normalization.forward(layer, z, work.ones)
        np.add(normal, biases[layer], out=z)
        if noise is not None:
            noise.add_to(z)
        activation(z, slope)
        if dropout is not None:
            factors = dropout.factors(z.shape)
            np.multiply(z, factors, out=z)
            np.multiply(slope, factors, out=slope)
        x = z
    _to_outputs(x, weights[-1], logits)
    np.add(logits, biases[-1], out=logits)
    return logits


def _to_outputs(x: Array, weight: Array, out: Array) -> None:
    """Write x weight to out, column by column; many rows in blocks, of which each is a small product."""
    rows = _SMALL_PRODUCT // weight.size
    if len(x) <= rows:
        weight.T.dot(x.T, out.T)
        return
    for part in in_blocks(len(x), rows if rows >= _FEW_ROWS // 4 else len(x)):
        out[part] = x[part].dot(weight)


def backward(
    parameters: Parameters,
    gradients: Parameters,
    x: Array,
    work: Workspace,
    regularization: Regularization = PREDICTION,
) -> None:
    """Fill `gradients` from the loss's gradient with respect to the logits, which is in `work.values[-1]`.

    dW^[l] = A^[l-1]^T dZ^[l]; db^[l] = sum over rows of dZ^[l]; dZ^[l-1] = dZ^[l] W^[l]^T * g'(Z^[l-1]).
    Where Z^[l] is normalised, db^[l] sums the gradient of what it became, from which dZ^[l] follows.
    """
    delta, normalization = work.values[-1], regularization.normalization
    for layer in range(len(parameters.weights) - 1, -1, -1):
        below = work.values[layer - 1] if layer else x
        work.ones.dot(delta, gradients.biases[layer])
        if normalization is not None and layer < len(work.deltas):
            normalization.backward(layer, delta, gradients.biases[layer])
        below.T.dot(delta, gradients.weights[layer])
        if layer:
            under = work.deltas[layer - 1]
            _pass_down(delta, parameters.weights[layer], work.slopes[layer - 1], under)
            delta = under


def _pass_down(delta: Array, weight: Array, slope: Array, out: Array) -> None:
    """Write delta weight^T * slope; few rows and a large weight are multiplied faster the other way round."""
    if len(delta) <= _FEW_ROWS and weight.size >= _LARGE_WEIGHT:
        np.multiply(weight.dot(delta.T).T, slope, out=out)
    else:
        np.multiply(delta.dot(weight.T, out), slope, out=out)


def logits_in_blocks(
    parameters: Parameters, activation: Activation, fill: Fill, rows: int
) -> Iterator[tuple[slice, Array]]:
    """The logits of rows 0 to rows - 1 in blocks, each overwritten by the next, so memory stays bounded."""
    sizes = [len(parameters.weights[0]), *(len(bias) for bias in parameters.biases)]
    size, dtype = max(1, min(rows, _BLOCK_ELEMENTS // max(sizes))), parameters.flat.dtype.str
    inputs, work = np.empty((size, sizes[0]), dtype), workspace(sizes, size, dtype)
    for start in range(0, rows, size):
        part = slice(start, min(start + size, rows))
        x = inputs[: part.stop - start]
        with np.errstate(all="ignore"):
            fill(np.arange(start, part.stop), x)
            logits = forward(parameters, activation, x, work.head(len(x)))
        yield part, logits
