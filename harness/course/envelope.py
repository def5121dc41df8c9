"""The lowest error that each budget of computation buys, over networks of growing width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from harness.course.finding import Array


@dataclass(frozen=True)
class Trained:
    """The trainings of one width: its rate, operations at each look, seconds and error (repeats, looks)."""

    rate: float
    operations: Array
    seconds: Array
    error: Array


def envelope(
    found: Mapping[int, Trained], budgets: Array, errors: Mapping[int, Array]
) -> tuple[Array, Array]:
    """The lowest error within each budget, and the width that has it; by errors (looks,) of each width."""
    lowest, widths = np.full(len(budgets), np.inf), np.zeros(len(budgets))
    for width, of in found.items():
        for k, budget in enumerate(budgets):
            within = errors[width][of.operations <= budget]
            if len(within) and within[-1] < lowest[k]:
                lowest[k], widths[k] = within[-1], width
    return lowest, widths


def growth(budgets: Array, widths: Array) -> float:
    """Spearman's correlation of the best width with the budget; 0 where one width is best at all.

    >>> growth(np.array([1, 2, 3]), np.array([4, 4, 4])), round(growth(np.arange(3), np.arange(3)), 6)
    (0.0, 1.0)
    """
    return float(spearmanr(budgets, widths).statistic) if len(np.unique(widths)) > 1 else 0.0
