"""Networks from three starts: the loss they end at, and how large their activations are to begin with."""

from __future__ import annotations

import numpy as np

from harness.course.rows import Rows
from harness.course.scaled import hidden_values, started, watched_from
from models.initializers import INITIALIZERS
from models.training import Plan

STARTS = {"small_normal": "0.01", "xavier": "Xavier", "he": "He"}
SUITED = {"relu": "he", "tanh": "xavier"}
WORST = 3.0  # a loss that is larger, or not finite, counts as this: worse than no learning at all, ln 10
Case = tuple[str, str, int]  # activation, start, hidden layers


def loss(case: Case, widths: tuple[int, int, int], rows: Rows, plan: Plan, start: int) -> float:
    """The held-out log-loss after the last step."""
    name, initializer, depth = case
    sizes = (widths[0], *(widths[1],) * depth, widths[2])
    draw_weights = INITIALIZERS[initializer]
    parameters = started(sizes, draw_weights, draw_weights, start)
    seen = watched_from(parameters, name, rows, plan, [plan.steps], start)
    return min(float(seen.loss[-1]), WORST)


def variances(rows: Rows, case: Case, widths: tuple[int, int, int], start: int) -> list[float]:
    """The mean square of A[l] over rows and units, l = 0 (the inputs), 1, ..., at the start.

    The mean square, not the variance about the mean: it is what the next layer's Z varies by.
    """
    name, initializer, depth = case
    draw_weights = INITIALIZERS[initializer]
    parameters = started((widths[0], *(widths[1],) * depth, widths[2]), draw_weights, draw_weights, start)
    layers = hidden_values(parameters, name, rows.X)[0]
    return [float(np.mean(np.square(each, dtype=np.float64))) for each in (rows.X, *layers)]
