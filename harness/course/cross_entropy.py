"""Squared error makes the cost of logistic regression non-convex; cross-entropy does not.

A sigmoid unit without a bias learns two kinds of data under both losses. The first is made to trap the
squared error (after Auer, Herbster and Warmuth, Exponentially many local minima for single neurons, 1996):
each row uses one column, in which rows of value 1 want a positive weight and rows of value 10, mislabelled
more often than not, a small negative one; a squared error forgives rows that are wrong for good, so each
column has two minima, and d columns have 2^d. The second is ordinary: Gaussian rows with labels drawn by a
sigmoid. Curvature is the smallest eigenvalue of the Hessian, along straight lines between random weights.
Minima are what a descent finds from many random starts that goes downhill in every direction of the Hessian
(Newton's step with absolute eigenvalues) by at most 0.1 at a time, so that it stays in the valley it starts
in: points with a gradient below 1e-9, a smallest eigenvalue above 1e-6 and no weight beyond 50 (that has run
away along a plateau), distinct where they are more than 0.01 apart.

Rule. Supported where the squared error has a negative curvature and more than one minimum on some data, and
cross-entropy has no negative curvature (below -1e-12) and exactly one minimum on all. Contradicted where
cross-entropy has a negative curvature, or the squared error has none. Else undetermined. The effect is the
number of minima of the squared error with the most columns; a count is exact, so low and high are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.sigmoid_cost import between, curvatures, inputs, search, value_and_gradient
from harness.seeds import seed_for
from harness.verdicts import Answer
from harness.verdicts.words import listed

NEGATIVE = -1e-12  # a curvature below is no rounding
LOSSES = ("squared error", "cross-entropy")
Case = tuple[str, int, str]  # data, columns, loss


@dataclass(frozen=True)
class Found:
    """What is known of one loss on one data set."""

    minima: Array
    ends: Array
    lowest_curvature: float

    @property
    def stuck(self) -> float:
        """The share of starts that end more than 1 % above the best loss."""
        return float(np.mean(self.ends > 1.01 * self.ends.min()))


def run(
    *, columns: list[int], rows: int, starts: int, steps: int, lines: int, points: int, seed: int
) -> Finding:
    """Count minima and measure curvature, on both kinds of data."""
    found: dict[Case, Found] = {}
    for kind, width, loss in product(("made to trap", "ordinary"), columns, LOSSES):
        X, y = inputs(kind, width, rows, seed)
        rng = np.random.default_rng(seed_for("starts", seed=seed, columns=width))
        minima, ends = search(loss, X, y, rng.normal(0, 2, (width, starts)), steps)
        ways = np.vstack([between(rng.normal(0, 3, (2, width)), points) for _ in range(lines)])
        lowest = float(curvatures(loss, ways.T, X, y).min())
        found[kind, width, loss] = Found(minima, ends, lowest)
    return _judged(found, columns, *inputs("made to trap", 1, rows, seed))


def _judged(found: Mapping[Case, Found], columns: list[int], X: Array, y: Array) -> Finding:
    squared = [one for (*_, loss), one in found.items() if loss == "squared error"]
    entropy = [one for (*_, loss), one in found.items() if loss == "cross-entropy"]
    dips = min(one.lowest_curvature for one in squared)
    least = min(one.lowest_curvature for one in entropy)
    verdict = Answer.UNDETERMINED
    if least < NEGATIVE or dips >= NEGATIVE:
        verdict = Answer.CONTRADICTED
    elif max(len(one.minima) for one in squared) > 1 and all(len(one.minima) == 1 for one in entropy):
        verdict = Answer.SUPPORTED
    most = columns[-1]
    traps = found["made to trap", most, "squared error"]
    counts = [len(found["made to trap", width, "squared error"].minima) for width in columns]
    return Finding(
        verdict,
        *(float(len(traps.minima)),) * 3,
        unit=f"local minima of the squared error with {most} columns made to trap",
        sentence=(
            f"On data made to trap it, the squared error of a sigmoid unit has {_minima(counts, columns)}; "
            f"cross-entropy has {_span([len(one.minima) for one in entropy])}. The squared error's smallest "
            f"curvature is {dips:.2g}, cross-entropy's {least:.2g}. {100 * traps.stuck:.0f} % of starts with "
            f"{most} columns end more than 1 % above the squared error's best."
        ),
        rows=tuple(_rows(found)),
        panels=_panels(found, columns, X, y),
        conditions=_conditions(found, columns),
    )


def _minima(minima: list[int], columns: list[int]) -> str:
    """How many local minima there are with so many columns.

    >>> _minima([2, 4, 8], [1, 2, 3])
    '2, 4 and 8 local minima with 1, 2 and 3 columns'
    >>> _minima([1, 1], [1, 2])
    '1 local minimum with 1 and 2 columns each'
    """
    if len(set(minima)) > 1:
        return f"{listed(map(str, minima))} local minima with {listed(map(str, columns))} columns"
    minimum = "local minimum" if minima[0] == 1 else "local minima"
    each = " each" * (len(columns) > 1)
    return f"{minima[0]} {minimum} with {listed(map(str, columns))} columns{each}"


def _span(counts: list[int]) -> str:
    """The least and the most of counts in words.

    >>> _span([1, 1]), _span([1, 3])
    ('1 on all data', '1 to 3')
    """
    return f"{counts[0]} on all data" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"


def _conditions(found: Mapping[Case, Found], columns: list[int]) -> str:
    ordinary = {width: found["ordinary", width, "squared error"] for width in columns}
    counts = _minima([len(one.minima) for one in ordinary.values()], columns)
    dips = min(one.lowest_curvature for one in ordinary.values())
    stuck, convex = (max(found["ordinary", width, loss].stuck for width in columns) for loss in LOSSES)
    return (
        f"On ordinary data the squared error's smallest curvature is {dips:.2g}, so it is "
        f"{'not ' if dips < NEGATIVE else ''}convex where looked at; all starts together find {counts}, and "
        f"at most {100 * stuck:.0f} % of starts end more than 1 % above the best (cross-entropy: "
        f"{100 * convex:.0f} %). All of this is about logistic regression; a hidden layer was not tried."
    )


def _rows(found: Mapping[Case, Found]) -> list[Row]:
    return [
        {
            "data": kind,
            "columns": width,
            "loss": loss,
            "minima": len(one.minima),
            "smallest_curvature": one.lowest_curvature,
            "best_loss": float(one.ends.min()),
            "share_of_starts_above_the_best": one.stuck,
        }
        for (kind, width, loss), one in found.items()
    ]


def _panels(found: Mapping[Case, Found], columns: list[int], X: Array, y: Array) -> tuple[Lines, ...]:
    weights = np.linspace(-1, 5, 181)
    costs, curved, counted = {}, {}, {}
    for loss in LOSSES:
        values = np.array([value_and_gradient(loss, np.array([w]), X, y)[0] for w in weights])
        costs[loss] = Curve(weights.tolist(), (values / values.min()).tolist())
        curved[loss] = Curve(weights.tolist(), curvatures(loss, weights[None, :], X, y).tolist())
        counted[loss] = Curve(columns, [len(found["made to trap", width, loss].minima) for width in columns])
    return (
        Lines("Cost, one weight", "Weight", "J over its least", costs, log_y=True),
        Lines("Local minima found", "Columns made to trap", "Minima", counted, log_y=True),
        Lines("Curvature, one weight", "Weight", "Second derivative of J", curved),
    )
