"""The passes, against plain products."""

from __future__ import annotations

import numpy as np
import pytest

from models.activations import activation
from models.network import allocate, forward, workspace


@pytest.mark.parametrize("outputs", [1, 2, 10, 1_500])
@pytest.mark.parametrize("rows", [1, 127, 128, 2_049])
def test_logits_are_the_product_however_many_rows_and_outputs(rows, outputs):
    """From 784 inputs to 10 outputs more than 127 rows are multiplied in blocks; to 1,500, never."""
    rng = np.random.default_rng(0)
    parameters = allocate((784, outputs), "float64")
    parameters.flat[:] = rng.standard_normal(parameters.flat.size)
    x = rng.standard_normal((rows, 784))
    logits = forward(parameters, activation("relu"), x, workspace((784, outputs), rows, "float64"))
    weights, biases = parameters.weights[0], parameters.biases[0]
    np.testing.assert_allclose(logits, np.einsum("ij,jk", x, weights) + biases, rtol=0, atol=1e-11)
