"""Error against computation at fixed data: the best network for each budget, and what ten times more buys.

Networks of one hidden layer and growing width learn the same rows by Adam, and are judged on the test rows at
steps that grow by a third. Each width takes its own learning rate of the grid, the one with the lowest
validation loss after the last step on a draw of rows used for nothing else. The computation of a training is
6 operations for each parameter and each row that went through it (2 forwards, 4 backwards), and its seconds
are those of one thread of this machine. At each budget the best network is the one of the lowest mean error;
these make the envelope, from the first budget on at which it is below the error of always naming the
commonest class.

Rule. For each repeat (draw of rows, start), along its own envelope over these budgets, the slope of
log(error) over log10(operations), fitted by least squares, and Spearman's correlation of the best width with
the budget; means and 95 % t intervals. Supported where the slope lies below 0 and the correlation above 0.5;
contradicted where the slope lies above 0 or the correlation below 0; undetermined else, and where fewer than
3 budgets are left. The effect is the change of the error for ten times the operations, in percent.

Changed after a first run, in which every width had one rate, the correlation was that of the mean envelope,
without an interval, and the envelope began with networks that had learned nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from harness.course.envelope import Trained, envelope, growth
from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.intervals import mean_interval
from harness.course.iterations import looks_to
from harness.course.rates import at_ends, best
from harness.course.rows import Rows, draw
from harness.course.watching import judged
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier

BUDGETS = 25
GROWS = 0.5
FEWEST = 3  # budgets, to fit a slope to
TESTED = 4000  # test rows
SHOWN = 4  # widths of the first panel


def run(
    *,
    rows: int,
    units: list[int],
    steps: int,
    batch: int,
    rates: list[float],
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train every width, looking often."""
    (task,) = data.values()
    looks, found, chosen = looks_to(steps), {}, {}
    X_test, y_test = task.X_test[:TESTED], task.y_test[:TESTED]

    def network_of(width: int, rate: float, repeat: int) -> NeuralNetworkClassifier:
        return NeuralNetworkClassifier(
            (width,),
            optimizer="adam",
            schedule="constant",
            learning_rate=rate,
            batch_size=batch,
            steps=steps,
            random_state=seed_for("start", seed=seed, repeat=repeat),
        )

    spare = draw(task, rows, rows, seed=seed, repeat=repeats).known()
    for width in units:

        def tried(rate: float, width: int = width) -> tuple[float, None]:
            network = network_of(width, rate, repeats).fit(spare.X, spare.y)
            return judged(network, spare.X_held, spare.y_held)[0], None

        chosen[width], _ = best(rates, tried)
        networks = [network_of(width, chosen[width], repeat) for repeat in range(repeats)]
        draws = [draw(task, rows, 0, seed=seed, repeat=repeat) for repeat in range(repeats)]
        curves = [
            _watched(network, drawn, looks, X_test, y_test)
            for network, drawn in zip(networks, draws, strict=True)
        ]
        seconds, errors = (np.array(part) for part in zip(*curves, strict=True))
        operations = 6.0 * networks[-1].n_parameters_ * batch * np.array(looks)
        found[width] = Trained(chosen[width], operations, seconds, errors)
    commonest = 100 * float(np.mean(y_test != np.bincount(spare.y).argmax()))
    ends = at_ends({"widths": chosen.values()}, rates)
    return _judged(found, looks, commonest, ends)


def _watched(
    network: NeuralNetworkClassifier, drawn: Rows, looks: list[int], X_test: Array, y_test: Array
) -> tuple[Array, Array]:
    """Seconds of training and test error in % at each look, (looks,) each; judging takes no time."""
    seconds, errors = np.zeros(len(looks)), np.zeros(len(looks))
    start = time.perf_counter()
    for k, _ in enumerate(network.iter_fit(drawn.X, drawn.y, looks)):
        seconds[k] = time.perf_counter() - start
        errors[k] = 100 * judged(network, X_test, y_test)[1]
        start += time.perf_counter() - start - seconds[k]
    return seconds, errors


def _judged(found: Mapping[int, Trained], looks: list[int], commonest: float, ends: str) -> Finding:
    first = min(of.operations[0] for of in found.values())
    last = max(of.operations[-1] for of in found.values())
    budgets = np.geomspace(first, last, BUDGETS)
    means = {width: of.error.mean(axis=0) for width, of in found.items()}
    lowest, widths = envelope(found, budgets, means)
    learned = np.flatnonzero(lowest < commonest)
    enough = len(learned) > 0 and BUDGETS - learned[0] >= FEWEST
    budgets, lowest, widths = (each[learned[0] if enough else 0 :] for each in (budgets, lowest, widths))
    repeats = len(next(iter(found.values())).error)
    own = [envelope(found, budgets, {w: of.error[k] for w, of in found.items()}) for k in range(repeats)]
    slopes = [float(np.polyfit(np.log10(budgets), np.log(lowest), 1)[0]) for lowest, _ in own]
    slope = mean_interval(slopes)
    grows = mean_interval([growth(budgets, best_widths) for _, best_widths in own])
    verdict = Answer.UNDETERMINED
    if enough and slope[2] < 0 and grows[1] > GROWS:
        verdict = Answer.SUPPORTED
    elif enough and (slope[1] > 0 or grows[2] < 0):
        verdict = Answer.CONTRADICTED
    mean, low, high = (100 * (float(np.exp(each)) - 1) for each in slope)
    return Finding(
        verdict,
        *(mean, low, high),
        unit="% of the error for ten times the operations, along the envelope",
        sentence=(
            f"From {_short(budgets[0])} to {_short(budgets[-1])} operations, the lowest test error goes "
            f"from {lowest[0]:.0f} to {lowest[-1]:.1f} %, by {mean:+.0f} % for each ten times more; the "
            f"best width goes from {widths[0]:.0f} to {widths[-1]:.0f} units (rank correlation "
            f"{grows[0]:.2f}, {grows[1]:.2f} to {grows[2]:.2f})."
        ),
        rows=tuple(_rows(found, looks)),
        panels=_panels(found, budgets, lowest, widths),
        conditions=f"{_conditions(budgets, lowest)} {ends}".strip(),
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
        f"The rows are fixed, and the slope is that of this range: the first ten times more computation "
        f"takes {early:.0f} % off the error, the last {late:.0f} %."
    )


def _rows(found: Mapping[int, Trained], looks: list[int]) -> list[Row]:
    return [
        {
            "units": width,
            "learning_rate": of.rate,
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
    found: Mapping[int, Trained], budgets: Array, lowest: Array, widths: Array
) -> tuple[Lines, Lines, Lines]:
    shown = list(found)[:: max(1, -(-len(found) // SHOWN))]
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
        Lines("Best width", "Operations", "Units", {"envelope": Curve(budgets, widths)}, True, True),
    )
