"""The number of iterations: held-out loss and error over the steps of one training, and where they turn.

A network with one hidden layer learns from a draw of rows by Adam at a constant rate, and is judged at steps
that grow by a third: on validation rows, which choose the best number of steps, and on the test rows, on
which the choice is judged. So the gain is not that of the luckiest of many looks.

Rule. On each data set and learning rate, over repeats: the test log-loss at the last step less that at the
chosen step, and that at the first look less that at the chosen step. A hyperparameter is what has a best
value that must be found: supported where on every data set, at some learning rate, both lie above 0 (95 % t
intervals) and the best numbers of steps differ by a factor of two or more between the cases; contradicted
where on every data set the last step is as good as the chosen one (its loss at most 0.01 higher, by the
interval). Else undetermined. The effect is the first of the two for the largest rate, the mean of data sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from harness.course.finding import Array, Finding, Lines, Row
from harness.course.intervals import band, mean_interval
from harness.course.rows import draw, with_classes_of
from harness.course.watching import judged
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier

AS_GOOD = 0.01  # of log-loss
TWICE = 2.0
TESTED = 2000  # test rows
Case = tuple[str, float]  # data set, learning rate


@dataclass(frozen=True)
class Courses:
    """Of each repeat, over the looks: validation loss, test loss and test error; (repeats, looks)."""

    validation: Array
    loss: Array
    error: Array

    @property
    def chosen(self) -> Array:
        """Where the validation loss of each repeat is lowest."""
        found: Array = self.validation.argmin(axis=1)
        return found

    def change(self, values: Array, look: int) -> Array:
        """A value at a look less that at the chosen one, for each repeat."""
        found: Array = values[:, look] - values[np.arange(len(values)), self.chosen]
        return found


def run(
    *,
    rows: int,
    units: int,
    learning_rates: list[float],
    steps: int,
    batch: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train each case to the end, looking often."""
    looks = looks_to(steps)
    found: dict[Case, Courses] = {}
    for (name, task), rate in product(data.items(), learning_rates):
        seen = []
        for repeat in range(repeats):
            drawn = draw(task, rows, rows, seed=seed, repeat=repeat, data=name).known()
            network = NeuralNetworkClassifier(
                (units,),
                optimizer="adam",
                schedule="constant",
                learning_rate=rate,
                batch_size=batch,
                steps=steps,
                random_state=seed_for("start", seed=seed, repeat=repeat),
            )
            X_test, y_test = with_classes_of(drawn.y, task.X_test[:TESTED], task.y_test[:TESTED])
            seen.append(
                [
                    (judged(network, drawn.X_held, drawn.y_held)[0], *judged(network, X_test, y_test))
                    for _ in network.iter_fit(drawn.X, drawn.y, looks)
                ]
            )
        found[name, rate] = Courses(*np.moveaxis(np.array(seen), 2, 0))
    return _judged(found, looks)


def looks_to(steps: int) -> list[int]:
    """Steps that grow by a third, from 3 to the last.

    >>> looks_to(20)
    [3, 4, 5, 7, 9, 12, 16, 20]
    """
    looks, at = [], 3.0
    while at < steps:
        looks.append(int(at))
        at *= 4 / 3
    return [*dict.fromkeys(looks), steps]


def _judged(found: Mapping[Case, Courses], looks: list[int]) -> Finding:
    late = {case: mean_interval(of.change(of.loss, -1)) for case, of in found.items()}
    early = {case: mean_interval(of.change(of.loss, 0)) for case, of in found.items()}
    best = {case: float(np.exp(np.log(np.array(looks)[of.chosen]).mean())) for case, of in found.items()}
    names = list(dict.fromkeys(name for name, _ in found))
    turns = [any(late[c][1] > 0 and early[c][1] > 0 for c in found if c[0] == name) for name in names]
    flat = all(late[case][2] < AS_GOOD for case in found)
    verdict = Answer.UNDETERMINED
    if all(turns) and max(best.values()) >= TWICE * min(best.values()):
        verdict = Answer.SUPPORTED
    elif flat:
        verdict = Answer.CONTRADICTED
    largest = max(rate for _, rate in found)
    effects = np.mean([found[name, largest].change(found[name, largest].loss, -1) for name in names], axis=0)
    told = "; ".join(
        f"{name} at rate {rate:g}: best after {best[name, rate]:,.0f} steps, "
        f"{round(late[name, rate][0], 2) + 0.0:+.2f} at the end"
        for name, rate in found
    )
    return Finding(
        verdict,
        *mean_interval(effects),
        unit=f"more log-loss after {looks[-1]:,} steps than after the chosen number (rate {largest:g})",
        sentence=f"The number of steps with the lowest held-out loss, and the test loss after that: {told}.",
        rows=tuple(_rows(found, looks)),
        panels=tuple(_panel(found, name, looks) for name in names),
        conditions=_conditions(found),
    )


def _conditions(found: Mapping[Case, Courses]) -> str:
    groups: dict[str, list[str]] = {
        "surely rises again": [],
        "is as good at the end": [],
        "may do either": [],
    }
    told = []
    for (name, rate), of in found.items():
        _, low, high = mean_interval(of.change(of.loss, -1))
        group = "surely rises again" if low > 0 else "may do either"
        groups["is as good at the end" if high < AS_GOOD else group].append(f"{name} at rate {rate:g}")
        mean, low, high = mean_interval(100 * of.change(of.error, -1))
        told.append(f"{name} at rate {rate:g} {mean:+.1f} ({low:+.1f} to {high:+.1f})")
    where = " ".join(f"The loss {words} on {', '.join(cases)}." for words, cases in groups.items() if cases)
    return f"{where} Points of test error at the end over the chosen step: {'; '.join(told)}."


def _rows(found: Mapping[Case, Courses], looks: list[int]) -> list[Row]:
    return [
        {
            "data": name,
            "learning_rate": rate,
            "repeat": repeat,
            "step": step,
            "validation_loss": float(of.validation[repeat, k]),
            "test_loss": float(of.loss[repeat, k]),
            "test_error": float(of.error[repeat, k]),
        }
        for (name, rate), of in found.items()
        for repeat in range(len(of.loss))
        for k, step in enumerate(looks)
    ]


def _panel(found: Mapping[Case, Courses], name: str, looks: list[int]) -> Lines:
    curves = {
        f"learning rate {rate:g}": band(looks, of.loss.T)
        for (data, rate), of in found.items()
        if data == name
    }
    return Lines(name, "Steps", "Test log-loss (mean, 95 % band)", curves, log_x=True, log_y=True)
