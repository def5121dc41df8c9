"""An optimiser is two functions on flat buffers: `init` makes a state, an update rule takes a step with it.

All layers' weights come first in the buffer, all biases after them, so that weight decay is one slice. An
update overwrites the parameters in place, and may use the gradients as scratch. Long buffers are updated
block by block, because a rule passes over its arrays several times and a block stays in the cache.

A schedule is a function (step, steps) -> factor of the learning rate, for steps counted from 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.blas import daxpy, saxpy

from models.activations import Array

_BLOCK = 32_768
_SECOND_MOMENT = 0.999  # beta_2 and epsilon of the Adam paper; nobody gains by tuning them here
_EPSILON = 1e-8
_SMALLEST_SCALE = 2.0**-10


class Block(NamedTuple):
    """A stretch of the buffers: views of the parameters and their gradients, moments, scratch.

    `decayed` is the part of `parameters` that weight decay shrinks: its weights.
    """

    parameters: Array
    gradients: Array
    decayed: Array
    first: Array
    second: Array
    scratch: Array


@dataclass
class State:
    """What an optimiser remembers: two moments and their scales, the number of updates, and the blocks.

    A moment m := beta m + g is kept as m / scale with scale := beta scale: the decay of all its elements is
    one product of two numbers, and adding g the only pass over the buffer.
    """

    first: Array
    second: Array
    blocks: tuple[Block, ...]
    add_scaled: Callable[..., Any]
    epsilon: Array  # a 0-d array, which an array is added to in half the time that a Python number takes
    updates: int = 0
    first_scale: float = 1.0
    second_scale: float = 1.0


def init(parameters: Array, gradients: Array, n_weights: int) -> State:
    """A state with zero moments for 1-D contiguous buffers, of which the first n_weights elements decay."""
    size, dtype = len(parameters), parameters.dtype
    first, second = np.zeros(size, dtype), np.zeros(size, dtype)
    scratch = np.empty(min(size, _BLOCK), dtype)
    blocks = []
    for start in range(0, size, _BLOCK):
        part = slice(start, min(start + _BLOCK, size))
        decayed = parameters[start : max(start, min(part.stop, n_weights))]
        views = (parameters[part], gradients[part], decayed, first[part], second[part])
        blocks.append(Block(*views, scratch[: part.stop - start]))
    return State(first, second, tuple(blocks), daxpy if dtype == np.float64 else saxpy, np.zeros((), dtype))


def gradient_descent(state: State, rate: float, momentum: float, weight_decay: float) -> None:
    """W := W - rate dW (course 1, week 2). `momentum` and `weight_decay` are ignored.

    >>> w, g = np.array([1.0, 1.0]), np.array([1.0, -2.0])
    >>> gradient_descent(init(w, g, 2), 0.1, 0.9, 0.0); w.tolist()
    [0.9, 1.2]
    """
    for block in state.blocks:
        state.add_scaled(block.gradients, block.parameters, a=-rate)


def momentum(state: State, rate: float, momentum: float, weight_decay: float) -> None:
    """V := beta V + (1 - beta) dW; W := W - rate V (course 2, week 2). `weight_decay` is ignored.

    >>> w, g = np.array([1.0, 1.0]), np.array([1.0, -2.0])
    >>> momentum(init(w, g, 2), 0.1, 0.9, 0.0); w.round(12).tolist()
    [0.99, 1.02]
    """
    state.first_scale = _decayed(state.first, state.first_scale * momentum)
    share, step = (1.0 - momentum) / state.first_scale, -rate * state.first_scale
    for block in state.blocks:
        state.add_scaled(block.gradients, block.first, a=share)
        state.add_scaled(block.first, block.parameters, a=step)


def adam(state: State, rate: float, momentum: float, weight_decay: float) -> None:
    """W := W - rate V' / (sqrt(S') + eps), with the bias-corrected moments of dW, dW^2 (Kingma and Ba 2015).

    V := beta_1 V + (1 - beta_1) dW, V' = V / (1 - beta_1^t); S := beta_2 S + (1 - beta_2) dW^2, S' alike;
    beta_1 = momentum, beta_2 = 0.999, eps = 1e-8. `weight_decay` is ignored. The moments are kept divided by
    1 - beta and by their scale, which saves four passes; rate and eps take up the difference.

    >>> w, g = np.array([1.0, 1.0]), np.array([1.0, -2.0])
    >>> adam(init(w, g, 2), 0.1, 0.9, 0.0); w.round(6).tolist()
    [0.9, 1.1]
    """
    adamw(state, rate, momentum, 0.0)


def adamw(state: State, rate: float, momentum: float, weight_decay: float) -> None:
    """Adam, after shrinking the weights, not the biases: W := (1 - rate weight_decay) W (Loshchilov 2019).

    >>> w, g = np.array([1.0, 1.0]), np.array([0.0, 0.0])
    >>> adamw(init(w, g, 1), 0.1, 0.9, 0.5); w.tolist()
    [0.95, 1.0]
    """
    state.updates += 1
    state.first_scale = _decayed(state.first, state.first_scale * momentum)
    state.second_scale = _decayed(state.second, state.second_scale * _SECOND_MOMENT)
    spread = (1.0 - _SECOND_MOMENT) * state.second_scale / (1.0 - _SECOND_MOMENT**state.updates)
    root = math.sqrt(spread)
    step = -rate * (1.0 - momentum) * state.first_scale / (1.0 - momentum**state.updates) / root
    to_first, to_second, shrink = 1.0 / state.first_scale, 1.0 / state.second_scale, 1.0 - rate * weight_decay
    epsilon, add_scaled = state.epsilon, state.add_scaled
    epsilon[()] = _EPSILON / root
    for parameters, gradients, decayed, first, second, scratch in state.blocks:
        if weight_decay:
            np.multiply(decayed, shrink, out=decayed)
        add_scaled(gradients, first, a=to_first)
        np.multiply(gradients, gradients, out=gradients)
        add_scaled(gradients, second, a=to_second)
        np.sqrt(second, out=scratch)
        np.add(scratch, epsilon, out=scratch)
        np.divide(first, scratch, out=scratch)
        add_scaled(scratch, parameters, a=step)


def _decayed(moment: Array, scale: float) -> float:
    """The scale to go on with: 1 where it had become small, for then the moment is multiplied by it.

    Elements about to become denormal, where no gradient arrives, are zeroed, as they would slow each pass.
    """
    if scale >= _SMALLEST_SCALE:
        return scale
    if scale == 0.0:  # nothing is remembered
        moment.fill(0.0)
        return 1.0
    np.multiply(moment, scale, out=moment)
    moment[np.abs(moment) < np.finfo(moment.dtype).tiny * 1e4] = 0.0
    return 1.0


Update = Callable[[State, float, float, float], None]

OPTIMIZERS: dict[str, Update] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "adam": adam,
    "adamw": adamw,
}


def constant(step: int, steps: int) -> float:
    """Always 1.

    >>> constant(7, 100)
    1.0
    """
    return 1.0


def cosine(step: int, steps: int) -> float:
    """(1 + cos(pi step / steps)) / 2: from 1 down to almost 0 (Loshchilov and Hutter 2017, without restarts).

    >>> cosine(0, 100), round(cosine(50, 100), 6), round(cosine(99, 100), 6)
    (1.0, 0.5, 0.000247)
    """
    return 0.5 * (1.0 + math.cos(math.pi * min(step / steps, 1.0)))


def one_cycle(step: int, steps: int) -> float:
    """From 1/25 up to 1 in the first 30 % of the steps, then down to almost 0, along cosines (Smith 2018).

    >>> one_cycle(0, 100), round(one_cycle(15, 100), 6), one_cycle(30, 100), round(one_cycle(99, 100), 6)
    (0.04, 0.52, 1.0, 0.000503)
    """
    share = min(step / steps, 1.0)
    if share < 0.3:
        return 0.04 + 0.96 * 0.5 * (1.0 - math.cos(math.pi * share / 0.3))
    return 0.5 * (1.0 + math.cos(math.pi * (share - 0.3) / 0.7))


Schedule = Callable[[int, int], float]

SCHEDULES: dict[str, Schedule] = {"constant": constant, "cosine": cosine, "one_cycle": one_cycle}
