"""Parity and the tent map as networks built for them, deep and shallow: their units, checked exactly."""

from __future__ import annotations

import numpy as np

from harness.course.constructed import (
    and_terms_of_parity,
    hidden_units,
    output,
    parity_in_one_layer,
    parity_of_thresholds,
    parity_tree,
    pieces,
    tent_in_layers,
    tent_in_one_layer,
    truth_table,
)
from harness.course.finding import Row

MOST_TERMS = 8  # bits, of whose 3^8 ANDs each is tried


def constructed_parity(bits: int) -> Row:
    """Units of each construction of parity, and whether it is exact on all 2^bits inputs.

    Of an OR of ANDs, every term is tried up to 8 bits; beyond, the count is that of the odd rows: a term that
    leaves an input out is true on an even row too.
    """
    X, y = truth_table(bits)
    tree, line = parity_tree(bits), parity_in_one_layer(bits)
    terms, widest = and_terms_of_parity(bits) if bits <= MOST_TERMS else (2 ** (bits - 1), 1)
    exact = [bool((output(network, X) == y).all()) for network in (tree, line)]
    exact += [bool((parity_of_thresholds(X) == y).all()), widest == 1 and terms == int(y.sum())]
    return {
        "function": "parity",
        "size": bits,
        "deep_layers": len(tree.biases) - 1,
        "deep_units": hidden_units(tree),
        "one_layer_units": hidden_units(line),
        "threshold_units": bits,
        "and_terms": terms,
        "exact": int(all(exact)),
    }


def constructed_tent(times: int) -> Row:
    """Units and pieces of the tent map applied `times` times, in layers and in one; exact on a fine grid."""
    deep, shallow = tent_in_layers(times), tent_in_one_layer(times)
    x = np.arange(2 ** (times + 2) + 1)[:, None] / 2 ** (times + 2)
    counted = [pieces(network.weights, network.biases) for network in (deep, shallow)]
    exact = (output(deep, x) == output(shallow, x)).all() and counted == [2**times] * 2
    return {
        "function": "tent map",
        "size": times,
        "deep_layers": times,
        "deep_units": hidden_units(deep),
        "one_layer_units": hidden_units(shallow),
        "one_layer_at_least": 2**times - 1,
        "pieces": counted[0],
        "exact": int(exact),
    }
