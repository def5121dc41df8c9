"""Standard networks for structured data, convolutional ones for images, recurrent ones for sequences.

Three families learn the same rows of three data sets: a table (flights, columns standardised), images
(Fashion-MNIST) and sequences (MNIST-1D). The standard network has one hidden layer; the CNN convolves in one
dimension where a row is no image; the RNN reads an image row by row, and a sequence or a table's columns in
their order. All take as many epochs of batches of the same size. Each takes, of the same learning rates, the
one of the lowest log-loss on validation rows, in every repeat anew.

Rule. On each data set, over repeats (draws of rows, starts), the test error of each other family less that of
the family that the statement names, paired. Supported where on every data set the named family is surely the
best (the 95 % t interval of each difference lies above 0); contradicted where on every data set another
family surely beats it. Else undetermined: then it depends on the data, which is said. The effect is by how
many points the named family is ahead of the best other one, the mean over data sets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.course.finding import Array, Bars, Finding, NotHere, Row
from harness.course.intervals import Interval, mean_interval
from harness.course.rates import at_ends, best
from harness.course.rows import Rows, draw
from harness.course.scaled import standardized
from harness.course.watching import loss_and_error
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier, pytorch

TESTED = 2000  # test rows
STANDARD, CNN, RNN = "standard network", "CNN", "RNN"
NAMED = {"flights": STANDARD, "fashion_mnist": CNN, "mnist1d": RNN}  # by the statement
KINDS = {"flights": "structured", "fashion_mnist": "images", "mnist1d": "sequences"}
Make = Callable[[float, int], Any]  # a learning rate and a seed -> a learner


@dataclass(frozen=True)
class Outcomes:
    """Of one family on one data set: test error in %, rate chosen, seconds of all rates, each (repeats,)."""

    error: Array
    rates: Array
    seconds: Array
    parameters: int


Found = Mapping[str, Mapping[str, Outcomes]]  # data set -> family


def run(
    *,
    rows: int,
    units: int,
    channels: int,
    cells: int,
    rates: list[float],
    epochs: int,
    batch: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train every family on every data set.

    Raises:
        NotHere: without PyTorch and skorch.
    """
    try:
        pytorch.require()
    except ImportError:
        raise NotHere("PyTorch or skorch is not on this machine", pytorch.COMMAND) from None
    makers = _makers(units, channels, cells, epochs, batch, rows)
    found: dict[str, dict[str, Outcomes]] = {}
    for name, task in data.items():
        drawn = [_drawn(task, name, rows, seed, repeat) for repeat in range(repeats)]
        starts = [seed_for("start", seed=seed, repeat=repeat, data=name) for repeat in range(repeats)]
        found[name] = {}
        for family, make in makers.items():
            each = [_outcome(make, *one, start, rates) for one, start in zip(drawn, starts, strict=True)]
            errors, chosen, seconds, parameters = zip(*each, strict=True)
            arrays = np.array(errors), np.array(chosen), np.array(seconds)
            found[name][family] = Outcomes(*arrays, parameters[0])
    return _judged(found, rates, rows)


def _makers(units: int, channels: int, cells: int, epochs: int, batch: int, rows: int) -> dict[str, Make]:
    """Each family, of these widths, trained for as many epochs of batches of the same size."""
    alike: dict[str, Any] = {"batch_size": batch, "epochs": epochs}
    steps = epochs * -(-rows // batch)

    def standard(rate: float, start: int) -> Any:
        return NeuralNetworkClassifier(
            (units,), learning_rate=rate, batch_size=batch, steps=steps, random_state=start
        )

    def convolutional(rate: float, start: int) -> Any:
        return pytorch.ConvolutionalClassifier(
            channels=channels, learning_rate=rate, random_state=start, **alike
        )

    def recurrent(rate: float, start: int) -> Any:
        return pytorch.RecurrentClassifier(units=cells, learning_rate=rate, random_state=start, **alike)

    return {STANDARD: standard, CNN: convolutional, RNN: recurrent}


def _drawn(task: Task, name: str, rows: int, seed: int, repeat: int) -> tuple[Rows, Array, Array]:
    """Training and validation rows, and the test rows on their scale; a table's columns standardised."""
    drawn = draw(task, rows, rows // 2, seed=seed, repeat=repeat, data=name).known()
    X_test, y_test = np.asarray(task.X_test[:TESTED]), np.asarray(task.y_test[:TESTED])
    if KINDS[name] != "structured":
        return drawn, X_test, y_test
    tested = standardized(Rows(drawn.X, drawn.y, X_test, y_test))
    return standardized(drawn), tested.X_held, y_test


def _outcome(
    make: Make, rows: Rows, X_test: Array, y_test: Array, start: int, rates: list[float]
) -> tuple[float, float, float, int]:
    """The test error in %, the rate chosen, the seconds of all rates and the parameters of one repeat."""
    own = np.searchsorted(np.unique(rows.y), rows.y_held)

    def tried(rate: float) -> tuple[float, Any]:
        learner = make(rate, start).fit(rows.X, rows.y)
        return loss_and_error(learner.predict_proba(rows.X_held), own)[0], learner

    began = time.perf_counter()
    rate, learner = best(rates, tried)
    seconds = time.perf_counter() - began
    wrong = learner.predict(X_test) != y_test
    return 100 * float(np.mean(wrong)), rate, seconds, int(learner.n_parameters_)


def ahead(of: Mapping[str, Outcomes], named: str) -> dict[str, Interval]:
    """By how many points the named family's error is below that of each other."""
    return {other: mean_interval(of[other].error - of[named].error) for other in of if other != named}


def _judged(found: Found, rates: list[float], rows: int) -> Finding:
    leads = {name: ahead(of, NAMED[name]) for name, of in found.items()}
    wins = [name for name, each in leads.items() if all(low > 0 for _, low, _ in each.values())]
    losses = [name for name, each in leads.items() if any(high < 0 for *_, high in each.values())]
    verdict = Answer.UNDETERMINED
    if len(wins) == len(found):
        verdict = Answer.SUPPORTED
    elif len(losses) == len(found):
        verdict = Answer.CONTRADICTED
    told = "; ".join(
        f"{name} ({KINDS[name]}) "
        + ", ".join(f"{family} {one.error.mean():.1f}" for family, one in of.items())
        for name, of in found.items()
    )
    nearest = {name: min(each, key=lambda other: each[other][0]) for name, each in leads.items()}
    gaps = [of[nearest[name]].error - of[NAMED[name]].error for name, of in found.items()]
    chosen = {
        family: [rate for of in found.values() for rate in of[family].rates]
        for family in (STANDARD, CNN, RNN)
    }
    return Finding(
        verdict,
        *mean_interval(np.mean(gaps, axis=0)),
        unit="points of test error by which the named family is ahead of the best other (mean of data sets)",
        sentence=f"Test error in % after learning {rows:,} rows: {told}.",
        rows=tuple(_rows(found)),
        panels=tuple(_panel(name, of) for name, of in found.items()),
        conditions=f"{_conditions(leads, wins, losses, found)} {at_ends(chosen, rates)}".strip(),
    )


def _conditions(
    leads: Mapping[str, Mapping[str, Interval]], wins: list[str], losses: list[str], found: Found
) -> str:
    told = [f"On {name} ({KINDS[name]}) the {NAMED[name]} is surely the best." for name in wins]
    for name in leads:
        if name in losses:
            better = [other for other, (*_, high) in leads[name].items() if high < 0]
            told.append(f"On {name} ({KINDS[name]}) the {NAMED[name]} is surely beaten by {_and(better)}.")
        elif name not in wins:
            near = [other for other, (_, low, _) in leads[name].items() if low <= 0]
            told.append(f"On {name} ({KINDS[name]}) the {NAMED[name]} is not surely ahead of {_and(near)}.")
    slower = {
        family: np.mean([np.median(of[family].seconds / of[STANDARD].seconds) for of in found.values()])
        for family in (CNN, RNN)
    }
    times = _and([f"the {family} takes {ratio:.0f} times" for family, ratio in slower.items()])
    told.append(f"The standard network is cheap: on one core {times} as long (mean of data sets).")
    told.append("All three are small networks on few rows, without augmentation.")
    return " ".join(told)


def _and(names: list[str]) -> str:
    return " and ".join(names)


def _rows(found: Found) -> list[Row]:
    return [
        {
            "data": name,
            "family": family,
            "repeat": repeat,
            "parameters": one.parameters,
            "learning_rate": float(one.rates[repeat]),
            "test_error": float(one.error[repeat]),
            "seconds": float(one.seconds[repeat]),
        }
        for name, of in found.items()
        for family, one in of.items()
        for repeat in range(len(one.error))
    ]


def _panel(name: str, of: Mapping[str, Outcomes]) -> Bars:
    values = {family: mean_interval(one.error) for family, one in of.items()}
    return Bars(f"{name}: {KINDS[name]}", "Test error, % (95 % interval)", values)
