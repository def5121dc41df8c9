"""What a pass does in training and not in prediction: drop values, add noise, normalise over the batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.activations import Array
from models.normalization import BatchNormalization


class Dropout:
    """Inverted dropout: a value is kept with probability 1 - share and then divided by it (course 2, week 1).

    A hidden layer's factor multiplies the activation's value and its derivative, so the backward pass needs
    no mask. Shares are rounded to multiples of 1 / 65,536, which is what 16 random bits resolve.
    """

    def __init__(self, share: float, size: int, dtype: str, rng: np.random.Generator) -> None:
        self._threshold = np.uint16(min(round(share * 65_536), 65_535))
        self._scale = 65_536 / (65_536 - int(self._threshold))
        self._draw = rng.bit_generator.random_raw
        self._factors = np.empty(size, dtype)

    def factors(self, shape: tuple[int, ...]) -> Array:
        """Random factors, 0 or 1 / (1 - share), at most `size` of them; the next call overwrites them."""
        count = math.prod(shape)
        bits = self._draw(-(-count // 4)).view(np.uint16)[:count]
        factors = self._factors[:count]
        np.greater_equal(bits, self._threshold, out=factors)
        np.multiply(factors, self._scale, out=factors)
        return factors.reshape(shape)


class GaussianNoise:
    """Independent values of mean 0 and of the given standard deviation, at most `size` of them at once."""

    def __init__(self, deviation: float, size: int, dtype: str, rng: np.random.Generator) -> None:
        self._deviation, self._rng = deviation, rng
        self._values = np.empty(size, dtype)

    def add_to(self, values: Array) -> None:
        """Add noise to an array (rows, units), in place."""
        noise = self._values[: values.size]
        self._rng.standard_normal(dtype=noise.dtype.type, out=noise)
        np.multiply(noise, self._deviation, out=noise)
        np.add(values, noise.reshape(values.shape), out=values)


@dataclass(frozen=True)
class Regularization:
    """What is done, and None for what is not: to the inputs, to each hidden layer's Z, to its activation.

    Normalisation comes before the bias, noise after it, dropout after the activation.
    """

    drop_inputs: Dropout | None = None
    drop_hidden: Dropout | None = None
    noise: GaussianNoise | None = None
    normalization: BatchNormalization | None = None

    def disturb(self, x: Array) -> None:
        """Drop some of a batch's inputs (rows, inputs) and add noise to them, in place."""
        if self.drop_inputs is not None:
            np.multiply(x, self.drop_inputs.factors(x.shape), out=x)
        if self.noise is not None:
            self.noise.add_to(x)


PREDICTION = Regularization()
