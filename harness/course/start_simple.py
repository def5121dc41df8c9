"""What each step up bought: from the commonest class to logistic regression, a shallow and a deep network.

Each step tries the same learning rates and keeps the one of the lowest error on validation rows (of equals,
that of the lower log-loss); its seconds are those of all tries, of one thread. Errors are on the test rows,
in points.

Rule. On each data set, over repeats (draws of rows, starts): the points that a step takes off the error of
the best one before, and its points per second. Starting simple is supported where on every data set logistic
regression takes off at least half of all that is taken off by any step, and every step up takes off fewer
points per second than the one before it (the 95 % t interval of the difference lies below 0; a step that
takes off nothing takes off 0 per second). Contradicted where on every data set logistic regression takes off
less than half (by the interval). Else undetermined: then it depends on the data. The effect is logistic
regression's part of all that was taken off, the mean over data sets.

Changed after a first run: a step after one that took off nothing then counted as a fall, and rates were
chosen by log-loss, by which logistic regression could end worse than the commonest class.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.course.finding import Array, Bars, Finding, Lines, Row
from harness.course.intervals import Interval, band, mean_interval
from harness.course.rates import at_ends, best
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

    Arrays are (repeats, steps + 1), and (repeats, steps) of seconds and of the rates chosen.
    """

    error: Array
    seconds: Array
    rates: Array

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
        errors, seconds, chosen = (np.zeros((repeats, width)) for width in (4, 3, 3))
        for repeat in range(repeats):
            drawn = draw(task, rows, rows // 2, seed=seed, repeat=repeat, data=name).known()
            errors[repeat, 0] = 100 * np.mean(task.y_test[:TESTED] != np.bincount(drawn.y).argmax())
            start = seed_for("start", seed=seed, repeat=repeat)
            for k, layers in enumerate((0, 1, deep)):
                began = time.perf_counter()
                chosen[repeat, k], network = _best((units,) * layers, rates, steps, drawn, start)
                seconds[repeat, k] = time.perf_counter() - began
                wrong = network.predict(task.X_test[:TESTED]) != task.y_test[:TESTED]
                errors[repeat, k + 1] = 100 * np.mean(wrong)
        found[name] = Climbed(errors, seconds, chosen)
    return _judged(found, deep, rates)


def _best(
    hidden: tuple[int, ...], rates: list[float], steps: int, rows: Rows, start: int
) -> tuple[float, NeuralNetworkClassifier]:
    """The rate of the lowest error on the validation rows, and its network."""

    def tried(rate: float) -> tuple[tuple[float, float], NeuralNetworkClassifier]:
        network = NeuralNetworkClassifier(
            hidden,
            optimizer="adam",
            learning_rate=rate,
            initializer="auto" if hidden else "zeros",
            steps=steps,
            random_state=start,
        ).fit(rows.X, rows.y)
        loss, error = judged(network, rows.X_held, rows.y_held)
        return (error, loss), network

    return best(rates, tried)


def per_second(of: Climbed) -> list[Interval]:
    """Points per second of each step up, less those of the step before; with their interval over repeats."""
    return [mean_interval(change) for change in np.diff(of.bought / of.seconds, axis=1).T]


def _judged(found: Mapping[str, Climbed], deep: int, rates: list[float]) -> Finding:
    parts = {name: mean_interval(of.part) for name, of in found.items()}
    falls = {name: all(high < 0 for *_, high in per_second(of)) for name, of in found.items()}
    verdict = Answer.UNDETERMINED
    if all(low >= HALF for _, low, _ in parts.values()) and all(falls.values()):
        verdict = Answer.SUPPORTED
    elif all(high < HALF for _, _, high in parts.values()):
        verdict = Answer.CONTRADICTED
    chosen = {
        step: [rate for of in found.values() for rate in of.rates[:, k]] for k, step in enumerate(STEPS)
    }
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
        conditions=f"{_conditions(found, parts, falls, deep)} {at_ends(chosen, rates)}".strip(),
    )


def _conditions(
    found: Mapping[str, Climbed], parts: Mapping[str, Interval], falls: Mapping[str, bool], deep: int
) -> str:
    most = [name for name, (_, low, _) in parts.items() if low >= HALF]
    least = [name for name, (_, _, high) in parts.items() if high < HALF]
    told = [f"Deep means {deep} hidden layers here; dozens were not tried."]
    if most:
        told.append(f"Logistic regression surely brings more than half of the gain on {', '.join(most)}.")
    if least:
        told.append(f"It surely brings less than half on {', '.join(least)}.")
    cost = np.mean([of.seconds[:, 0] / of.seconds.sum(axis=1) for of in found.values()])
    deeper = [name for name, of in found.items() if mean_interval(-np.diff(of.error, axis=1)[:, -1])[1] > 0]
    told.append(f"Trying it costs {100 * cost:.0f} % of the seconds of all three.")
    told.append(f"The deep network surely beats the shallow one on {', '.join(deeper) or 'none of them'}.")
    surely = ", ".join(name for name, falling in falls.items() if falling)
    told.append(f"The points gained per second surely fall from step to step on {surely or 'none of them'}.")
    return " ".join(told)


def _rows(found: Mapping[str, Climbed]) -> list[Row]:
    return [
        {
            "data": name,
            "repeat": repeat,
            "step": step,
            "learning_rate": float(of.rates[repeat, k]),
            "test_error": float(of.error[repeat, k + 1]),
            "points_taken_off": float(of.bought[repeat, k]),
            "seconds": float(of.seconds[repeat, k]),
        }
        for name, of in found.items()
        for repeat in range(len(of.error))
        for k, step in enumerate(STEPS)
    ]


def _panels(found: Mapping[str, Climbed], parts: Mapping[str, Interval]) -> tuple[Lines, Bars]:
    curves = {}
    for name, of in found.items():
        curves[name] = band(np.cumsum(of.seconds.mean(axis=0)), of.error[:, 1:].T)
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
