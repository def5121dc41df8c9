"""A single linear neuron is linear regression: trained to its end, it predicts what least squares predicts.

The neuron is the network without a hidden layer, trained on the squared error by gradient descent on all rows
at once, from random weights, with the rate 2 / (smallest + largest curvature) that theory gives. The data are
a house's price from its size (the course's own example), columns that are independent, columns that share a
common part, and the progression of diabetes from ten measurements (442 patients, with scikit-learn). The
reference is NumPy's least squares. The distance is that of the two predictions of the training rows, over the
spread of least squares' own.

Rule. Supported where the distance ends at most at 1e-9 on every data set; contradicted where on some data set
it is above 1e-6 after the gradient has fallen below 1e-12 (an end, but another one); else undetermined. The
effect is the largest distance; no interval, since from every start it must come out so: low and high are the
least and the greatest over starts and data sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_diabetes

from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkRegressor

SAME, OTHER, ENDED = 1e-9, 1e-6, 1e-12
LOOKS = 60
SHARED = 0.9  # of each correlated column's variance


@dataclass(frozen=True)
class Approach:
    """The distance to least squares at each look, the condition number, and the gradient at the end."""

    steps: list[int]
    distance: list[float]
    condition: float
    gradient: float


def run(*, rows: int, columns: int, steps: int, starts: int, seed: int) -> Finding:
    """Train the neuron on each data set from each start."""
    tasks = data_sets(rows, columns, seed)
    found = {
        name: [approach(X, y, steps, seed_for("start", seed=seed, repeat=k)) for k in range(starts)]
        for name, (X, y) in tasks.items()
    }
    return _judged(found, rectified(*tasks["house prices"], steps, seed))


def data_sets(rows: int, columns: int, seed: int) -> dict[str, tuple[Array, Array]]:
    """X (rows, columns) and y (rows,) by name."""
    rng = np.random.default_rng(seed_for("rows", seed=seed))
    size = rng.uniform(30, 200, rows)
    price = np.maximum(3000 * (size - 50) + rng.normal(0, 40_000, rows), 0)
    independent, weights = rng.standard_normal((rows, columns)), rng.standard_normal(columns)
    common = np.sqrt(SHARED) * rng.standard_normal((rows, 1)) + np.sqrt(1 - SHARED) * independent
    noise = rng.standard_normal(rows)
    patients, progress = load_diabetes(return_X_y=True)
    return {
        "house prices": (size[:, None], price),
        "independent columns": (independent, independent @ weights + noise),
        "correlated columns": (common, common @ weights + noise),
        "diabetes": (patients, progress),
    }


def least_squares(X: Array, y: Array) -> Array:
    """The predictions of X by the line, or plane, of least squares."""
    design = np.column_stack([np.ones(len(X)), X])
    fitted: Array = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return fitted


def approach(X: Array, y: Array, steps: int, start: int) -> Approach:
    """Train the neuron, and compare it with least squares on the way."""
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    curvatures = np.append(np.linalg.eigvalsh(scaled.T @ scaled / len(X)), 1.0)  # 1 is the bias's
    neuron = _neuron("identity", 2.0 / (curvatures.min() + curvatures.max()), steps, start)
    wanted = least_squares(X, y)
    spread = float(np.sqrt(np.mean((wanted - y.mean()) ** 2)))
    looks = np.unique(np.geomspace(1, steps, LOOKS).astype(int)).tolist()
    distance = []
    for _ in neuron.iter_fit(X, y, looks):
        apart = neuron.predict(X) - wanted
        distance.append(float(np.sqrt(np.mean(apart**2))) / spread)
    residual = (neuron.predict(X) - y) / y.std()
    gradient = float(np.linalg.norm(np.append(scaled.T @ residual, residual.sum()) / len(y)))
    return Approach(looks, distance, float(curvatures.max() / curvatures.min()), gradient)


def rectified(X: Array, y: Array, steps: int, seed: int) -> tuple[float, float]:
    """The error of a line, and of the same neuron behind a ReLU, for prices that cannot be negative.

    Both are root mean squares over the spread of y; the line's is that of least squares.
    """
    neuron = _neuron("relu", 0.5, steps, seed_for("start", seed=seed, repeat=0)).fit(X, y)
    errors = [
        float(np.sqrt(np.mean((p - y) ** 2)) / y.std()) for p in (least_squares(X, y), neuron.predict(X))
    ]
    return errors[0], errors[1]


def _neuron(output: str, rate: float, steps: int, start: int) -> NeuralNetworkRegressor:
    return NeuralNetworkRegressor(
        (),
        output=output,
        optimizer="gradient_descent",
        schedule="constant",
        learning_rate=rate,
        batch_size=None,
        steps=steps,
        dtype="float64",
        random_state=start,
    )


def _judged(found: Mapping[str, list[Approach]], relu: tuple[float, float]) -> Finding:
    ends = [one.distance[-1] for some in found.values() for one in some]
    elsewhere = any(
        one.distance[-1] > OTHER and one.gradient < ENDED for some in found.values() for one in some
    )
    verdict = Answer.UNDETERMINED
    if max(ends) <= SAME:
        verdict = Answer.SUPPORTED
    elif elsewhere:
        verdict = Answer.CONTRADICTED
    starts = len(next(iter(found.values())))
    enough = {name: _steps_to(some) for name, some in found.items()}
    told = ", ".join(f"{name} {steps}" for name, steps in enough.items())
    return Finding(
        verdict,
        *(max(ends), min(ends), max(ends)),
        unit="largest distance to least squares' predictions, over their spread",
        sentence=(
            f"From {starts} start{'s' * (starts > 1)} on each of {len(found)} data sets the neuron ends "
            f"within {max(ends):.1g} of least squares, over the spread of its predictions. Steps until the "
            f"two differ by less than {SAME:g}: {told}."
        ),
        rows=tuple(_rows(found)),
        panels=(_panel(found),),
        conditions=(
            "This is of a linear output, the squared error and enough steps. The neuron that the notes draw "
            "for house prices has a ReLU after it; where prices are cut off at 0, that is another model: its "
            f"error is {relu[1]:.3f} of the prices' spread, that of the line {relu[0]:.3f}."
        ),
        is_range=True,
    )


def _steps_to(some: list[Approach]) -> str:
    first = [next((s for s, d in zip(a.steps, a.distance, strict=True) if d <= SAME), None) for a in some]
    reached = [each for each in first if each is not None]
    condition = f"(condition number {some[0].condition:,.0f})"
    return f"{max(reached):,} {condition}" if len(reached) == len(some) else f"not reached {condition}"


def _rows(found: Mapping[str, list[Approach]]) -> list[Row]:
    return [
        {
            "data": name,
            "condition_number": one.condition,
            "start": start,
            "step": step,
            "distance": distance,
        }
        for name, some in found.items()
        for start, one in enumerate(some)
        for step, distance in zip(one.steps, one.distance, strict=True)
    ]


def _panel(found: Mapping[str, list[Approach]]) -> Lines:
    curves = {}
    for name, some in found.items():
        distances = np.array([one.distance for one in some])
        label = f"{name}, condition number {some[0].condition:,.0f}"
        curves[label] = Curve(
            some[0].steps, np.median(distances, axis=0), distances.min(axis=0), distances.max(axis=0)
        )
    return Lines(
        "Distance to least squares",
        "Steps of gradient descent",
        "Difference of predictions over their spread",
        curves,
        log_x=True,
        log_y=True,
    )
