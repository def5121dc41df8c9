"""What each step up bought: from the commonest class to logistic regression, a shallow and a deep network.

Each step tries the same learning rates and keeps the one of the lowest log-loss on validation rows; its
seconds are those of all tries, of one thread. Errors are on the test rows, in points.

Rule. On each data set, over repeats (draws of rows, starts): the points that a step takes off the error of
the best one before, and its points per second. Starting simple is supported where on every data set logistic
regression takes off at least half of all that is taken off by any step, and a step up takes off fewer points
per second than the one before it (95 % t interval of the logarithm of the ratio, of steps that take off
something). Contradicted where on every data set logistic regression takes off less than half (by the
interval). Else undetermined: then it depends on the data. The effect is logistic regression's part of all
that was taken off, the mean over data sets.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.course.finding import Array, Bars, Curve, Finding, Lines, Row
from harness.course.intervals import mean_interval
from harness.course.rows import Rows, draw
from harness.course.watching import judged
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier

HALF = 50.0  # percent
TESTED = 4000  # test rows
STEPS = ("logistic regression", "shallow", "deep")


@dataclass(frozen=True)
class Climbed:
    """What the steps of one data set gave: errors in % with the commonest class's first, and seconds.

    Arrays are (repeats, steps + 1) and (repeats, steps).
    """

    error: Array
    seconds: Array

    @property
    def bought(self) -> Array:
        """The points that each step takes off the lowest error before it; 0 where it takes off none."""
        best = np.minimum.accumulate(self.error, axis=1)
        found: Array = -np.diff(best, axis=1)
        return found

    @property
    def part(self) -> Array:
        """The first step's part of all that was taken off, in %, for each repeat."""
        found: Array = 100 * self.bought[:, 0] / np.maximum(self.bought.sum(axis=1), 1e-9)
        return found


def run(
    *,
    rows: int,
    units: int,
    deep: int,
    rates: list[float],
    steps: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Climb the three steps on each data set."""
    found = {}
    for name, task in data.items():
        errors, seconds = np.zeros((repeats, 4)), np.zeros((repeats, 3))
        for repeat in range(repeats):
            drawn = draw(task, rows, rows // 2, seed=seed, repeat=repeat, data=name)
            errors[repeat, 0] = 100 * np.mean(task.y_test[:TESTED] != np.bincount(drawn.y).argmax())
            start = seed_for("start", seed=seed, repeat=repeat)
            for k, layers in enumerate((0, 1, deep)):
                began = time.perf_counter()
                best = _best((units,) * layers, rates, steps, drawn, start)
                seconds[repeat, k] = time.perf_counter() - began
                wrong = best.predict(task.X_test[:TESTED]) != task.y_test[:TESTED]
                errors[repeat, k + 1] = 100 * np.mean(wrong)
        found[name] = Climbed(errors, seconds)
    return _judged(found, deep)


def _best(
    hidden: tuple[int, ...], rates: list[float], steps: int, rows: Rows, start: int
) -> NeuralNetworkClassifier:
    """The network of the learning rate that has the lowest loss on the validation rows."""
    known = np.isin(rows.y_held, np.unique(rows.y))
    tried = []
    for rate in rates:
        network = NeuralNetworkClassifier(
            hidden,
            optimizer="adam",
            learning_rate=rate,
            initializer="auto" if hidden else "zeros",
            steps=steps,
            random_state=start,
        ).fit(rows.X, rows.y)
        tried.append((judged(network, rows.X_held[known], rows.y_held[known])[0], network))
    return min(tried, key=lambda pair: pair[0])[1]


def per_second(of: Climbed) -> list[tuple[float, float, float] | None]:
    """Points per second of each step up over those of the step before; None where one takes off nothing."""
    rate = of.bought / of.seconds
    found: list[tuple[float, float, float] | None] = []
    for before, after in zip(rate.T[:-1], rate.T[1:], strict=True):
        both = (before > 0) & (after > 0)
        if both.sum() < 2:
            found.append(None)
        else:
            found.append(mean_interval(np.log(after[both] / before[both])))
    return found


def _judged(found: Mapping[str, Climbed], deep: int) -> Finding:
    parts = {name: mean_interval(of.part) for name, of in found.items()}
    falls = {name: all(each is None or each[2] < 0 for each in per_second(of)) for name, of in found.items()}
    verdict = Answer.UNDETERMINED
    if all(low >= HALF for _, low, _ in parts.values()) and all(falls.values()):
        verdict = Answer.SUPPORTED
    elif all(high < HALF for _, _, high in parts.values()):
        verdict = Answer.CONTRADICTED
    told = "; ".join(
        f"{name} {', '.join(f'{e:.1f}' for e in of.error.mean(axis=0))}" for name, of in found.items()
    )
    return Finding(
        verdict,
        *mean_interval(np.mean([of.part for of in found.values()], axis=0)),
        unit="% of all that was taken off the error is logistic regression's (mean of data sets)",
        sentence=(
            f"Test error in % of the commonest class, logistic regression, one hidden layer and {deep}: "
            f"{told}."
        ),
        rows=tuple(_rows(found)),
        panels=_panels(found, parts),
        conditions=_conditions(found, parts, falls),
    )


def _conditions(
    found: Mapping[str, Climbed], parts: Mapping[str, tuple[float, float, float]], falls: Mapping[str, bool]
) -> str:
    most = [name for name, (_, low, _) in parts.items() if low >= HALF]
    least = [name for name, (_, _, high) in parts.items() if high < HALF]
    told = []
    if most:
        told.append(f"Logistic regression surely brings most of it on {', '.join(most)}.")
    if least:
        told.append(f"It brings less than half on {', '.join(least)}, whose classes no line tells apart.")
    cost = np.mean([of.seconds[:, 0] / of.seconds.sum(axis=1) for of in found.values()])
    deeper = [name for name, of in found.items() if mean_interval(-np.diff(of.error, axis=1)[:, -1])[1] > 0]
    told.append(f"Trying it costs {100 * cost:.0f} % of the seconds of all three, so it is never dear.")
    told.append(f"The deep network surely beats the shallow one on {', '.join(deeper) or 'none of them'}.")
    told.append(
        f"Points per second fall from step to step on {', '.join(n for n in falls if falls[n]) or 'none'}."
    )
    return " ".join(told)


def _rows(found: Mapping[str, Climbed]) -> list[Row]:
    return [
        {
            "data": name,
            "repeat": repeat,
            "step": step,
            "test_error": float(of.error[repeat, k + 1]),
            "points_taken_off": float(of.bought[repeat, k]),
            "seconds": float(of.seconds[repeat, k]),
        }
        for name, of in found.items()
        for repeat in range(len(of.error))
        for k, step in enumerate(STEPS)
    ]


def _panels(
    found: Mapping[str, Climbed], parts: Mapping[str, tuple[float, float, float]]
) -> tuple[Lines, Bars]:
    curves = {}
    for name, of in found.items():
        mean, low, high = zip(*(mean_interval(of.error[:, k + 1]) for k in range(len(STEPS))), strict=True)
        spent = np.cumsum(of.seconds.mean(axis=0))
        curves[name] = Curve(spent, mean, low, high)
    return (
        Lines(
            "Three steps: logistic, shallow, deep",
            "Seconds spent so far",
            "Test error, %",
            curves,
            log_x=True,
        ),
        Bars("Logistic regression's part of the gain", "% (95 % interval)", dict(parts)),
    )
