"""Activations compared on data sets: each takes its best learning rate, by validation rows, and is tested.

All arms of a repeat learn from the same rows and start from the same seed, so their differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import stdtrit

from harness.course.finding import Array
from harness.course.rows import draw
from harness.course.watching import watched
from harness.records import Task
from harness.seeds import seed_for
from models import NeuralNetworkClassifier

TESTED = 2000  # test rows, at most
Case = tuple[str, int, int]  # data set, rows, hidden layers


@dataclass(frozen=True)
class Setting:
    """What every training has in common."""

    units: int
    rates: Sequence[float]
    batch: int
    steps: int
    repeats: int
    seed: int


def errors_of(
    data: Mapping[str, Task],
    sizes: Sequence[int],
    depths: Sequence[int],
    names: Sequence[str],
    setting: Setting,
) -> dict[Case, dict[str, Array]]:
    """Test error (share wrong) of each repeat, by activation, of each data set, size and depth."""
    found: dict[Case, dict[str, Array]] = {}
    for case in product(data, sizes, depths):
        errors = [[_error(data[case[0]], case, name, setting, k) for k in range(setting.repeats)]
                  for name in names]  # fmt: skip
        found[case] = {name: np.array(each) for name, each in zip(names, errors, strict=True)}
    return found


def _error(task: Task, case: Case, name: str, setting: Setting, repeat: int) -> float:
    """The test error of the learning rate with the lowest validation loss."""
    label, rows, depth = case
    drawn = draw(task, rows, rows, seed=setting.seed, repeat=repeat, data=label)
    known = np.isin(drawn.y_held, np.unique(drawn.y))
    X_held, y_held = drawn.X_held[known], drawn.y_held[known]
    best, error = np.inf, 1.0
    for rate in setting.rates:
        network = NeuralNetworkClassifier(
            (setting.units,) * depth,
            activation=name,
            learning_rate=rate,
            weight_decay=0.0,
            batch_size=setting.batch,
            steps=setting.steps,
            random_state=seed_for("start", seed=setting.seed, repeat=repeat, data=label),
        )
        loss = watched(network, drawn.X, drawn.y, X_held, y_held, [setting.steps]).loss[-1]
        if loss < best:
            best = loss
            error = float(np.mean(network.predict(task.X_test[:TESTED]) != task.y_test[:TESTED]))
    return error


def limits(values: Array, level: float) -> tuple[float, float, float]:
    """A mean and the limits of its t interval at that level.

    >>> [round(each, 3) for each in limits(np.array([1.0, 2.0, 3.0]), 0.9)]
    [2.0, 0.314, 3.686]
    """
    mean = float(values.mean())
    if len(values) < 2:
        return mean, mean, mean
    half = float(stdtrit(len(values) - 1, 0.5 + level / 2)) * float(values.std(ddof=1)) / len(values) ** 0.5
    return mean, mean - half, mean + half


def told(case: Case) -> str:
    """A case in words.

    >>> told(("digits", 500, 1)), told(("digits", 500, 3))
    ('digits, 1 layer', 'digits, 3 layers')
    """
    name, _, depth = case
    return f"{name}, {depth} layer{'s' if depth > 1 else ''}"
