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
from harness.seeds import seed_for
from harness.verdicts import Answer
from models.activations import sigmoid
from models.losses import binary_cross_entropy, squared_error

LOSSES = ("squared error", "cross-entropy")
FLAT, APART, NEGATIVE = 1e-9, 0.01, -1e-12
LONGEST = 0.1  # step
FAR = 50.0  # a weight beyond it has run away along a plateau
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


def inputs(kind: str, columns: int, rows: int, seed: int) -> tuple[Array, Array]:
    """X (rows, columns) and y (rows,) of 0 and 1."""
    if kind == "made to trap":
        column = np.repeat([1.0, 10.0], 10)
        labels = np.concatenate([np.arange(10) < 9, np.arange(10) < 4])  # 90 % and 40 % of 1
        X = np.kron(np.eye(columns), column[:, None])
        return X, np.tile(labels, columns).astype(float)
    rng = np.random.default_rng(seed_for("rows", seed=seed, columns=columns))
    X = rng.standard_normal((rows, columns))
    chance = 1 / (1 + np.exp(-X @ rng.normal(0, 1.5, columns)))
    return X, (rng.random(rows) < chance).astype(float)


def value_and_gradient(loss: str, w: Array, X: Array, y: Array) -> tuple[float, Array]:
    """J(w) and dJ/dw of a sigmoid unit, a = sigmoid(X w): by the losses of models/.

    With several w side by side, (columns, starts), the value is the sum of theirs, the gradient that of each.
    """
    z = (X @ w).reshape(len(X), -1)
    targets = np.repeat(y[:, None], z.shape[1], axis=1)
    if loss == "cross-entropy":
        value = binary_cross_entropy(z, targets)
        return value, (X.T @ z).reshape(w.shape)
    slope = np.empty_like(z)
    sigmoid(z, slope)
    value = squared_error(z, targets)
    return value, (X.T @ (z * slope)).reshape(w.shape)


def hessians(loss: str, w: Array, X: Array, y: Array) -> Array:
    """d^2 J/dw^2 of each w of (columns, starts): X^T diag(h) X / rows, (starts, columns, columns).

    h is the second derivative of a row's loss by its z. Cross-entropy: a (1 - a) > 0. Squared error:
    a'^2 + (a - y) a'', with a'' = a' (1 - 2 a), of any sign.
    """
    a = X @ w
    slope = np.empty_like(a)
    sigmoid(a, slope)
    h = slope if loss == "cross-entropy" else slope**2 + (a - y[:, None]) * slope * (1 - 2 * a)
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    found: Array = (h.T @ products).reshape(w.shape[1], X.shape[1], X.shape[1]) / len(y)
    return found


def curvatures(loss: str, w: Array, X: Array, y: Array) -> Array:
    """The smallest eigenvalue of the Hessian at each w, (starts,)."""
    smallest: Array = np.linalg.eigvalsh(hessians(loss, w, X, y))[:, 0]
    return smallest


def between(ends: Array, points: int) -> Array:
    """Points of the straight line between two, (points, columns)."""
    line: Array = ends[0] + np.linspace(0, 1, points)[:, None] * (ends[1] - ends[0])
    return line


def search(loss: str, X: Array, y: Array, starts: Array, steps: int) -> tuple[Array, Array]:
    """The distinct minima (minima, columns), and the loss at which each start (columns, starts) ended."""
    w = starts
    for _ in range(steps):
        values, vectors = np.linalg.eigh(hessians(loss, w, X, y))
        along = np.einsum("sij,is->sj", vectors, value_and_gradient(loss, w, X, y)[1])
        step = np.einsum("sij,sj->is", vectors, along / np.maximum(np.abs(values), FLAT))
        w = w - step * np.minimum(1.0, LONGEST / np.maximum(np.linalg.norm(step, axis=0), FLAT))
    ends = np.array([value_and_gradient(loss, each, X, y)[0] for each in w.T])
    gradients = np.linalg.norm(value_and_gradient(loss, w, X, y)[1], axis=0)
    still = (gradients < FLAT) & (np.abs(w).max(axis=0) < FAR) & (curvatures(loss, w, X, y) > 1e3 * FLAT)
    minima: list[Array] = []
    for each in w.T[still]:
        if all(np.abs(each - other).max() > APART for other in minima):
            minima.append(each)
    return np.array(minima).reshape(len(minima), X.shape[1]), ends


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
            f"On data made to trap it, the squared error of a sigmoid unit with {_listed(columns)} columns "
            f"has {_listed(counts)} local minima; cross-entropy has "
            f"{_span([len(one.minima) for one in entropy])}. The squared error's smallest curvature is "
            f"{dips:.2g}, cross-entropy's {least:.2g}. {100 * traps.stuck:.0f} % of starts with {most} "
            "columns end more than 1 % above the squared error's best."
        ),
        rows=tuple(_rows(found)),
        panels=_panels(found, columns, X, y),
        conditions=_conditions(found, columns),
    )


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def _span(counts: list[int]) -> str:
    """The least and the most of counts in words.

    >>> _span([1, 1]), _span([1, 3])
    ('1 on all data', '1 to 3')
    """
    return f"{counts[0]} on all data" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"


def _conditions(found: Mapping[Case, Found], columns: list[int]) -> str:
    ordinary = {width: found["ordinary", width, "squared error"] for width in columns}
    counts = _listed([len(one.minima) for one in ordinary.values()])
    dips = min(one.lowest_curvature for one in ordinary.values())
    stuck, convex = (max(found["ordinary", width, loss].stuck for width in columns) for loss in LOSSES)
    return (
        f"On ordinary data the squared error's smallest curvature is {dips:.2g}, so it is "
        f"{'not ' if dips < NEGATIVE else ''}convex where looked at; from all starts {counts} minima are "
        f"found with {_listed(columns)} columns, and at most {100 * stuck:.0f} % of starts end more than 1 "
        f"% above the best (cross-entropy: {100 * convex:.0f} %). This is of logistic regression; a hidden "
        "layer was not tried."
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
