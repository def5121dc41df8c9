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

_BLOCK = 65_536
_SECOND_MOMENT = 0.999  # beta_2 and epsilon of the Adam paper; nobody gains by tuning them here
_EPSILON = 1e-8
_FLUSH_EVERY = 256


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
    """What an optimiser remembers: its blocks and the number of updates made."""

    blocks: tuple[Block, ...]
    add_scaled: Callable[..., Any]
    updates: int = 0


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
    return State(tuple(blocks), daxpy if dtype == np.float64 else saxpy)


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
    >>> momentum(init(w, g, 2), 0.1, 0.9, 0.0); w.tolist()
    [0.99, 1.02]
    """
    add_scaled = state.add_scaled
    for parameters, gradients, _, velocity, _, _ in state.blocks:
        np.multiply(velocity, momentum, out=velocity)
        add_scaled(gradients, velocity, a=1.0 - momentum)
        add_scaled(velocity, parameters, a=-rate)


def adam(state: State, rate: float, momentum: float, weight_decay: float) -> None:
    """W := W - rate V' / (sqrt(S') + eps), with the bias-corrected moments of dW, dW^2 (Kingma and Ba 2015).

    V := beta_1 V + (1 - beta_1) dW, V' = V / (1 - beta_1^t); S := beta_2 S + (1 - beta_2) dW^2, S' alike;
    beta_1 = momentum, beta_2 = 0.999, eps = 1e-8. `weight_decay` is ignored. The moments are kept divided by
    1 - beta, which saves two passes; rate and eps take up the difference.

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
    spread = math.sqrt((1.0 - _SECOND_MOMENT) / (1.0 - _SECOND_MOMENT**state.updates))
    step = -rate * (1.0 - momentum) / (1.0 - momentum**state.updates) / spread
    epsilon, shrink, add_scaled = _EPSILON / spread, 1.0 - rate * weight_decay, state.add_scaled
    for parameters, gradients, decayed, first, second, scratch in state.blocks:
        if weight_decay:
            np.multiply(decayed, shrink, out=decayed)
        np.multiply(first, momentum, out=first)
        np.add(first, gradients, out=first)
        np.multiply(gradients, gradients, out=gradients)
        np.multiply(second, _SECOND_MOMENT, out=second)
        np.add(second, gradients, out=second)
        np.sqrt(second, out=scratch)
        np.add(scratch, epsilon, out=scratch)
        np.divide(first, scratch, out=scratch)
        add_scaled(scratch, parameters, a=step)
    if state.updates % _FLUSH_EVERY == 0:
        _flush_denormals(state)


def _flush_denormals(state: State) -> None:
    """Zero the moments of parameters that no longer get a gradient, which decay until arithmetic is slow."""
    for block in state.blocks:
        for moment in (block.first, block.second):
            np.abs(moment, out=block.scratch)
            moment[block.scratch < np.finfo(moment.dtype).tiny * 1e4] = 0.0


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
