"""Steps of gradient descent on logistic regression, from its start to a tolerance of the least loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.course.finding import Array
from harness.course.logistic import optimum, probabilities
from harness.seeds import seed_for
from models import Diverged, LogisticRegression

TOLERANCE = 1e-3  # of the way from the first loss to the least


@dataclass(frozen=True)
class Arrived:
    """Steps to the tolerance, the condition number of the curvature at the start, and the factor chosen."""

    steps: float
    condition: float
    factor: float


def inputs(kind: str, measure: float, rows: int, columns: int, seed: int, repeat: int) -> tuple[Array, Array]:
    """X (rows, columns) and y (rows,), the same classes in every kind: only the coordinates differ."""
    rng = np.random.default_rng(seed_for("rows", seed=seed, repeat=repeat))
    y = np.arange(rows) % 2
    X = rng.standard_normal((rows, columns)) + (2 * y[:, None] - 1) * rng.normal(0, 0.3, columns)
    if kind == "scales":
        X = X * np.geomspace(1, measure, columns)
    elif kind == "offset":
        X = X + measure
    else:
        common = rng.standard_normal((rows, 1))
        X = np.sqrt(measure) * common + np.sqrt(1 - measure) * X
    return X, y


def arrived(X: Array, y: Array, standardize: bool, factors: list[float], steps: int) -> Arrived:
    """The fewest steps to the tolerance over the factors of the step."""
    least = _loss(probabilities(optimum(X, y), X), y)
    seen = (X - X.mean(axis=0)) / X.std(axis=0) if standardize else X
    curvatures = np.linalg.eigvalsh(_curvature(seen))
    wanted = least + TOLERANCE * (np.log(2) - least)
    fewest, chosen = steps, factors[0]
    for factor in factors:  # none is trained for longer than the best of those before it
        taken = steps_to(X, y, standardize, factor * 2 / curvatures[-1], wanted, fewest)
        if taken < fewest:
            fewest, chosen = taken, factor
    return Arrived(float(fewest), float(curvatures[-1] / curvatures[0]), chosen)


def _curvature(X: Array) -> Array:
    """The Hessian of the mean cross-entropy at weights of 0, where a (1 - a) is 1/4; the bias last."""
    design = np.column_stack([X, np.ones(len(X))])
    hessian: Array = design.T @ design / (4 * len(X))
    return hessian


def _loss(p: Array, y: Array) -> float:
    return float(-np.log(p[np.arange(len(y)), y]).mean())


def gradient_descent(
    rate: float, steps: int, standardize: bool = False, dtype: str = "float32"
) -> LogisticRegression:
    """Logistic regression as the course trains it: steps w := w - rate dw over all rows, from 0."""
    return LogisticRegression(
        optimizer="gradient_descent",
        schedule="constant",
        learning_rate=rate,
        l2=0.0,
        batch_size=None,
        steps=steps,
        standardize=standardize,
        dtype=dtype,
        random_state=0,  # which nothing is drawn by
    )


def steps_to(X: Array, y: Array, standardize: bool, rate: float, wanted: float, steps: int) -> int:
    """Steps of gradient descent until the loss is at most `wanted`; `steps` where it never is."""
    model = gradient_descent(rate, steps, standardize, "float64")
    try:
        for progress in model.iter_fit(X, y):
            if progress.loss <= wanted:  # the loss before the step
                taken: int = max(1, progress.step - 1)
                return taken
    except Diverged:
        pass
    return steps
