"""Activations compared on data sets: each takes its best learning rate, by validation rows, and is tested.

All arms of a repeat learn from the same rows and start from the same seed, so their differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from harness.course.finding import Array, Row
from harness.course.rates import at_ends, best
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


@dataclass(frozen=True)
class Outcomes:
    """Test error (share wrong) and the learning rate chosen, of each repeat: case -> activation -> array."""

    errors: dict[Case, dict[str, Array]]
    rates: dict[Case, dict[str, Array]]

    def rows(self) -> tuple[Row, ...]:
        """A row of the table for each training that was tested."""
        return tuple(
            {
                "data": case[0],
                "rows": case[1],
                "hidden_layers": case[2],
                "activation": name,
                "repeat": repeat,
                "learning_rate": float(self.rates[case][name][repeat]),
                "test_error": float(error),
            }
            for case, each in self.errors.items()
            for name, errors in each.items()
            for repeat, error in enumerate(errors)
        )

    def at_ends(self, rates: Sequence[float]) -> str:
        """A sentence on the choices at an end of the grid; empty where there are none."""
        names = dict.fromkeys(name for each in self.rates.values() for name in each)
        chosen = {name: [rate for each in self.rates.values() for rate in each[name]] for name in names}
        return at_ends(chosen, rates)


def outcomes_of(
    data: Mapping[str, Task],
    sizes: Sequence[int],
    depths: Sequence[int],
    names: Sequence[str],
    setting: Setting,
) -> Outcomes:
    """Each repeat of each activation, on each data set, size and depth."""
    found = Outcomes({}, {})
    for case in product(data, sizes, depths):
        found.errors[case], found.rates[case] = {}, {}
        for name in names:
            each = [_chosen(data[case[0]], case, name, setting, k) for k in range(setting.repeats)]
            found.rates[case][name], found.errors[case][name] = np.array(each).T
    return found


def _chosen(task: Task, case: Case, name: str, setting: Setting, repeat: int) -> tuple[float, float]:
    """The learning rate with the lowest validation loss, and its test error."""
    label, rows, depth = case
    drawn = draw(task, rows, rows, seed=setting.seed, repeat=repeat, data=label).known()

    def tried(rate: float) -> tuple[float, float]:
        network = NeuralNetworkClassifier(
            (setting.units,) * depth,
            activation=name,
            learning_rate=rate,
            weight_decay=0.0,
            batch_size=setting.batch,
            steps=setting.steps,
            random_state=seed_for("start", seed=setting.seed, repeat=repeat, data=label),
        )
        seen = watched(network, drawn.X, drawn.y, drawn.X_held, drawn.y_held, [setting.steps])
        if not np.isfinite(seen.loss[-1]):
            return np.inf, 1.0
        wrong = network.predict(task.X_test[:TESTED]) != task.y_test[:TESTED]
        return float(seen.loss[-1]), float(np.mean(wrong))

    return best(setting.rates, tried)


def told(case: Case) -> str:
    """A case in words.

    >>> told(("digits", 500, 1)), told(("digits", 500, 3))
    ('digits, 1 layer', 'digits, 3 layers')
    """
    name, _, depth = case
    return f"{name}, {depth} layer{'s' if depth > 1 else ''}"
