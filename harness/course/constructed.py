"""Networks whose weights are written down, not learned: parity and the tent map, deep and with one layer.

All are ReLU networks of models/ with one linear output. Every weight is an integer or a multiple of a power
of two, so their outputs are exact in floating point.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

from harness.course.finding import Array
from harness.course.scaled import sizes_of
from models.activations import activation
from models.network import Parameters, allocate, forward, workspace


def output(parameters: Parameters, X: Array) -> Array:
    """The output (rows,) of a network for X (rows, inputs)."""
    sizes = sizes_of(parameters)
    work = workspace(sizes, len(X), "float64")
    found: Array = forward(parameters, activation("relu"), np.asarray(X, "float64"), work)[:, 0].copy()
    return found


def _filled(layers: Sequence[tuple[Array, Array]]) -> Parameters:
    """A network of these (weights, biases), the output's last."""
    parameters = allocate([len(layers[0][0]), *(len(bias) for _, bias in layers)], "float64")
    for weight, bias, (own_weight, own_bias) in zip(
        parameters.weights, parameters.biases, layers, strict=True
    ):
        weight[:], bias[:] = own_weight, own_bias
    return parameters


def hidden_units(parameters: Parameters) -> int:
    """How many there are in all hidden layers."""
    return sum(len(bias) for bias in parameters.biases[:-1])


def truth_table(bits: int) -> tuple[Array, Array]:
    """All inputs (2^bits, bits) of 0 and 1, and their parity (2^bits,)."""
    X = np.array(list(product((0, 1), repeat=bits)))
    return X, X.sum(axis=1) % 2


def parity_tree(bits: int) -> Parameters:
    """Parity as a tree of XORs, log2(bits) hidden layers, 2 (bits - 1) units; bits a power of two.

    a XOR b = |a - b| = relu(a - b) + relu(b - a): two units, whose sum the next layer's weights take.

    >>> network = parity_tree(4)
    >>> hidden_units(network), output(network, np.array([[1, 1, 1, 0], [1, 1, 1, 1]])).tolist()
    (6, [1.0, 0.0])
    """
    signals, layers = np.eye(bits), []
    while signals.shape[1] > 1:
        apart = signals[:, ::2] - signals[:, 1::2]
        layers.append(
            (np.stack([apart, -apart], axis=2).reshape(len(signals), -1), np.zeros(signals.shape[1]))
        )
        signals = np.repeat(np.eye(signals.shape[1] // 2), 2, axis=0)
    return _filled([*layers, (signals, np.zeros(1))])


def parity_in_one_layer(bits: int) -> Parameters:
    """Parity with one hidden layer of `bits` units: a zigzag of the number s of bits that are set.

    s - 2 relu(s - 1) + 2 relu(s - 2) - ... is 0 at even s and 1 at odd s.

    >>> output(parity_in_one_layer(3), np.array([[0, 0, 0], [0, 1, 0], [1, 0, 1], [1, 1, 1]])).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    starts = np.arange(bits)
    heights = np.where(starts == 0, 1.0, 2.0 * (-1.0) ** starts)
    return _filled([(np.ones((bits, bits)), -starts), (heights[:, None], np.zeros(1))])


def parity_of_thresholds(X: Array) -> Array:
    """Parity by one layer of as many threshold units as bits: [s >= 1] - [s >= 2] + [s >= 3] - ...

    >>> parity_of_thresholds(np.array([[1, 1, 1], [0, 1, 1]])).tolist()
    [1.0, 0.0]
    """
    starts = np.arange(1, X.shape[1] + 1)
    found: Array = (X.sum(axis=1)[:, None] >= starts) @ (-1.0) ** (starts + 1)
    return found


def and_terms_of_parity(bits: int) -> tuple[int, int]:
    """How many ANDs of inputs or their negations are true on odd rows only, and the most rows one is true on.

    Each of the 3^bits such terms is tried. Where none is true on more than one row, an OR of ANDs needs a
    term for every odd row.

    >>> and_terms_of_parity(4)
    (8, 1)
    """
    X, y = truth_table(bits)
    counts = []
    for term in product((0, 1, 2), repeat=bits):  # 2: the input is not in the term
        fixed = np.array(term) < 2
        covered = (X[:, fixed] == np.array(term)[fixed]).all(axis=1)
        if y[covered].all():
            counts.append(int(covered.sum()))
    return len(counts), max(counts)


def tent_in_layers(times: int) -> Parameters:
    """The tent map t(x) = 2 relu(x) - 4 relu(x - 1/2) on [0, 1], applied `times` times: 2 units a layer.

    >>> output(tent_in_layers(2), np.array([[0.25], [0.5], [0.625]])).tolist()
    [1.0, 0.0, 0.5]
    """
    tent, starts = np.array([[2.0], [-4.0]]), np.array([0.0, -0.5])
    first = (np.ones((1, 2)), starts)
    return _filled([first, *[(np.repeat(tent, 2, axis=1), starts)] * (times - 1), (tent, np.zeros(1))])


def tent_in_one_layer(times: int) -> Parameters:
    """The same function with one hidden layer of 2^times units, one for each piece.

    >>> output(tent_in_one_layer(2), np.array([[0.25], [0.5], [0.625]])).tolist()
    [1.0, 0.0, 0.5]
    """
    count = 2**times
    starts = np.arange(count)
    heights = np.where(starts == 0, 1.0, 2.0 * (-1.0) ** starts) * count
    return _filled([(np.ones((1, count)), -starts / count), (heights[:, None], np.zeros(1))])


def pieces(weights: Sequence[Array], biases: Sequence[Array]) -> int:
    """How many linear pieces a ReLU network of one input has on [0, 1].

    Layer by layer, each unit is linear between the points known so far; where its sign changes, a point is
    added. Neighbouring pieces of one slope (to 1e-9 of the largest) count once.
    """
    at = np.array([0.0, 1.0])
    for depth in range(1, len(weights)):
        z = _before(weights[:depth], biases[:depth], at)
        crossings = [
            p + (q - p) * a / (a - b)
            for (p, q), before, after in zip(pairwise(at), z, z[1:], strict=False)
            for a, b in zip(before, after, strict=True)
            if a * b < 0
        ]
        at = np.unique(np.concatenate([at, crossings]))
    slopes = np.diff(_before(weights, biases, at)[:, 0]) / np.diff(at)
    return 1 + int(np.sum(np.abs(np.diff(slopes)) > 1e-9 * np.abs(slopes).max()))


def _before(weights: Sequence[Array], biases: Sequence[Array], at: Array) -> Array:
    """Z of the last of these layers, (points, units)."""
    values = at[:, None]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        values = np.maximum(values @ weight + bias, 0.0)
    z: Array = values @ weights[-1] + biases[-1]
    return z
