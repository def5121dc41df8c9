"""Error against computation at fixed data: the best network for each budget, and what ten times more buys.

Networks of one hidden layer and growing width learn the same rows by Adam, and are judged on the test rows at
steps that grow by a third. The computation of a training is 6 operations for each parameter and each row
that went through it (2 forwards, 4 backwards), and its seconds are those of one thread of this machine. At
each budget the best network is the one of the lowest mean error; these make the envelope.

Rule. For each repeat (draw of rows, start) the slope of log(error) over log10(operations) along its own
envelope, fitted by least squares; mean and 95 % t interval. Supported where the slope lies below 0 and the
best width grows with the budget (Spearman's correlation above 0.5); contradicted where the slope lies above
0, or the best width falls with the budget (below 0). Else undetermined. The effect is the change of the error
for ten times the operations, in percent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.intervals import mean_interval
from harness.course.iterations import looks_to
from harness.course.rows import draw
from harness.course.watching import judged
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier

BUDGETS = 25
GROWS = 0.5
TESTED = 4000  # test rows
SHOWN = 4  # widths of the first panel


@dataclass(frozen=True)
class Trained:
    """The trainings of one width: operations at each look, seconds and error (repeats, looks)."""

    operations: Array
    seconds: Array
    error: Array


def run(
    *,
    rows: int,
    units: list[int],
    steps: int,
    batch: int,
    learning_rate: float,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train every width, looking often."""
    (task,) = data.values()
    looks, found = looks_to(steps), {}
    X_test, y_test = task.X_test[:TESTED], task.y_test[:TESTED]
    for width in units:
        errors, seconds = np.zeros((repeats, len(looks))), np.zeros((repeats, len(looks)))
        parameters = 0
        for repeat in range(repeats):
            drawn = draw(task, rows, 0, seed=seed, repeat=repeat)
            network = NeuralNetworkClassifier(
                (width,),
                optimizer="adam",
                schedule="constant",
                learning_rate=learning_rate,
                batch_size=batch,
                steps=steps,
                random_state=seed_for("start", seed=seed, repeat=repeat),
            )
            start = time.perf_counter()
            for k, _ in enumerate(network.iter_fit(drawn.X, drawn.y, looks)):
                seconds[repeat, k] = time.perf_counter() - start
                errors[repeat, k] = 100 * judged(network, X_test, y_test)[1]
                start += time.perf_counter() - start - seconds[repeat, k]  # judging is not counted
            parameters = network.n_parameters_
        found[width] = Trained(6.0 * parameters * batch * np.array(looks), seconds, errors)
    return _judged(found, looks)


def envelope(
    found: Mapping[int, Trained], budgets: Array, errors: Mapping[int, Array]
) -> tuple[Array, Array]:
    """The lowest error within each budget, and the width that has it; by errors (looks,) of each width."""
    lowest, best = np.full(len(budgets), np.inf), np.zeros(len(budgets))
    for width, of in found.items():
        for k, budget in enumerate(budgets):
            within = errors[width][of.operations <= budget]
            if len(within) and within[-1] < lowest[k]:
                lowest[k], best[k] = within[-1], width
    return lowest, best


def _judged(found: Mapping[int, Trained], looks: list[int]) -> Finding:
    first = min(of.operations[0] for of in found.values())
    last = max(of.operations[-1] for of in found.values())
    budgets = np.geomspace(first, last, BUDGETS)
    repeats = len(next(iter(found.values())).error)
    own = [envelope(found, budgets, {w: of.error[k] for w, of in found.items()}) for k in range(repeats)]
    slopes = [float(np.polyfit(np.log10(budgets), np.log(lowest), 1)[0]) for lowest, _ in own]
    slope = mean_interval(slopes)
    lowest, best = envelope(found, budgets, {w: of.error.mean(axis=0) for w, of in found.items()})
    grows = float(spearmanr(budgets, best).statistic)
    verdict = Answer.UNDETERMINED
    if slope[2] < 0 and grows > GROWS:
        verdict = Answer.SUPPORTED
    elif slope[1] > 0 or grows < 0:
        verdict = Answer.CONTRADICTED
    mean, low, high = (100 * (float(np.exp(each)) - 1) for each in slope)
    return Finding(
        verdict,
        *(mean, low, high),
        unit="% of the error for ten times the operations, along the envelope",
        sentence=(
            f"From {_short(budgets[0])} to {_short(budgets[-1])} operations, the lowest test error falls "
            f"from {lowest[0]:.0f} to {lowest[-1]:.1f} %, by {-mean:.0f} % for each ten times more; the "
            f"best width grows from {best[0]:.0f} to {best[-1]:.0f} units (rank correlation {grows:.2f})."
        ),
        rows=tuple(_rows(found, looks)),
        panels=_panels(found, budgets, lowest, best),
        conditions=_conditions(budgets, lowest),
    )


def _short(operations: float) -> str:
    """Operations in words of thousands.

    >>> _short(3.2e9)
    '3.2 billion'
    """
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if operations >= size:
            return f"{operations / size:.2g} {word}"
    return f"{operations:,.0f}"


def _conditions(budgets: Array, lowest: Array) -> str:
    decade = np.log10(budgets / budgets[-1])
    early = 100 * (1 - lowest[np.abs(decade - decade[0] - 1).argmin()] / lowest[0])
    late = 100 * (1 - lowest[-1] / lowest[np.abs(decade + 1).argmin()])
    return (
        f"With the rows fixed the gain is uneven: the first ten times more computation lowers the error by "
        f"{early:.0f} %, the middle ones by most, the last by {late:.0f} %. So it is no power law, and the "
        "slope is that of this range. More computation for the same network stops to help sooner: its curve "
        "ends above the envelope."
    )


def _rows(found: Mapping[int, Trained], looks: list[int]) -> list[Row]:
    return [
        {
            "units": width,
            "repeat": repeat,
            "step": step,
            "operations": float(of.operations[k]),
            "seconds": float(of.seconds[repeat, k]),
            "test_error": float(of.error[repeat, k]),
        }
        for width, of in found.items()
        for repeat in range(len(of.error))
        for k, step in enumerate(looks)
    ]


def _panels(
    found: Mapping[int, Trained], budgets: Array, lowest: Array, best: Array
) -> tuple[Lines, Lines, Lines]:
    widths = list(found)
    shown = widths[:: max(1, -(-len(widths) // SHOWN))]
    by_operations, by_seconds = {}, {}
    for width in shown:
        of = found[width]
        mean = of.error.mean(axis=0)
        by_operations[f"{width} units"] = Curve(of.operations, mean)
        by_seconds[f"{width} units"] = Curve(np.median(of.seconds, axis=0), mean)
    slope, level = np.polyfit(np.log10(budgets), np.log(lowest), 1)
    by_operations["envelope"] = Curve(budgets, lowest)
    by_operations["fitted slope"] = Curve(budgets, np.exp(level + slope * np.log10(budgets)))
    told = "Test error, %"
    return (
        Lines("Error over operations", "Operations", told, by_operations, True, True),
        Lines("Error over seconds", "Seconds", told, by_seconds, True, True),
        Lines("Best width", "Operations", "Units", {"envelope": Curve(budgets, best)}, True, True),
    )
