"""Batch normalisation: each hidden unit's Z is centred and scaled over the batch (course 2, week 3).

After Ioffe and Szegedy (2015). The bias is their beta. There is no gamma: behind a ReLU the next layer's
weights do its work (Rasmus et al. 2015). So a normalised network has the parameters of a plain one, and
`fold` makes the plain one that predicts, with the means and variances of recent batches.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.activations import Array

_EPSILON = 1e-5
_KEPT = 0.99  # of a running mean, by each batch


class BatchNormalization:
    """Z' = (Z - mean) / sqrt(variance + 1e-5), by the columns of Z (rows, units) of a hidden layer.

    For batches of at most `rows` rows, and at least 2, through layers of sizes (inputs, hidden..., outputs).
    """

    def __init__(self, sizes: Sequence[int], rows: int, dtype: str) -> None:
        hidden = sizes[1:-1]
        self._normal = [np.empty((rows, width), dtype) for width in hidden]
        self._inverse = [np.empty(width, dtype) for width in hidden]
        self._means = [np.zeros(width) for width in hidden]
        self._variances = [np.zeros(width) for width in hidden]
        self._batches = 0

    def forward(self, layer: int, z: Array, ones: Array) -> Array:
        """Z' (rows, units), valid until the layer's next call; z is scratch afterwards. `ones` is (rows,)."""
        rows, normal = len(z), self._normal[layer][: len(z)]
        mean = ones.dot(z) / rows
        np.subtract(z, mean, out=normal)
        np.multiply(normal, normal, out=z)
        variance = ones.dot(z) / rows
        np.divide(1.0, np.sqrt(variance + _EPSILON), out=self._inverse[layer])
        np.multiply(normal, self._inverse[layer], out=normal)
        _take_in(self._means[layer], mean)
        _take_in(self._variances[layer], variance * (rows / (rows - 1)))
        self._batches += layer == 0
        return normal

    def backward(self, layer: int, delta: Array, total: Array) -> None:
        """Turn dZ' (rows, units) into dZ, in place; `total` (units,) is dZ' summed over rows.

        dZ = (dZ' - mean(dZ') - Z' mean(dZ' * Z')) / sqrt(variance + 1e-5). Z' is scratch afterwards.
        """
        rows, normal = len(delta), self._normal[layer][: len(delta)]
        along = np.einsum("ij,ij->j", delta, normal) / rows
        np.multiply(normal, along, out=normal)
        np.subtract(delta, normal, out=delta)
        np.subtract(delta, total / rows, out=delta)
        np.multiply(delta, self._inverse[layer], out=delta)

    def fold(self, weights: Sequence[Array], biases: Sequence[Array]) -> None:
        """Turn trained parameters into those that need no batch: W / deviation, and b - mean / deviation."""
        corrected = 1.0 - _KEPT**self._batches  # the running means started from 0
        moments = zip(self._means, self._variances, strict=True)
        for weight, bias, (mean, variance) in zip(weights, biases, moments, strict=False):
            deviation = np.sqrt(variance / corrected + _EPSILON)
            weight /= deviation
            bias -= mean / corrected / deviation


def _take_in(running: Array, value: Array) -> None:
    running *= _KEPT
    running += (1.0 - _KEPT) * value
