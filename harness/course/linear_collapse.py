"""A network of linear units is logistic regression, however deep: one optimum, to numerical precision.

Rows of two and of three overlapping classes are learned by networks whose hidden units have the identity for
activation, 0 to several layers deep, by gradient descent with momentum on all rows at once until nothing
changes. The reference is the optimum of logistic (softmax) regression by Newton's method. Two measures: by
how much the network's probabilities differ from the optimum's, at most over fresh rows; and by how much its
loss exceeds the least. As a control, the same networks with ReLU, and both kinds on XOR, which no line
separates.

Rule. Supported where at every depth, for every data set and start, the probabilities of linear networks end
within 1e-6 of the optimum's and the ReLU networks' do not; contradicted where a linear network has a loss
lower than the optimum's by more than 1e-9, which would be something depth bought. Else undetermined. The
effect is the largest difference of a probability; low and high are its range over all trainings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from harness.checks import mistake
from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.logistic import optimum, probabilities
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier
from models.losses import cross_entropy

SAME, GAIN = 1e-6, 1e-9
FLOOR = 1e-16  # a difference of nothing is drawn here
FRESH = 500  # rows to compare probabilities on
WRONG = 0.05  # of XOR's labels
Case = tuple[str, str, int]  # data set, activation, hidden layers


@dataclass(frozen=True)
class Classes:
    """Rows to learn from and fresh ones."""

    X: Array
    y: Array
    X_fresh: Array
    y_fresh: Array


@dataclass(frozen=True)
class Ended:
    """Where a training ended: against the optimum (fresh rows' probabilities, and training loss)."""

    apart: float
    excess: float
    error: float


def check(settings: Mapping[str, Any], path: str) -> None:
    """Depth is compared with none, by networks that have some."""
    if max(settings["depths"]) < 1:
        raise mistake(
            f"{path}.depths", "numbers of hidden layers, one of them at least 1", settings["depths"]
        )


def run(*, depths: list[int], units: int, rows: int, steps: int, starts: int, seed: int) -> Finding:
    """Train linear and ReLU networks of each depth on each data set."""
    tasks = {name: classes(name, rows, seed) for name in ("two classes", "three classes", "XOR")}
    optima = {name: optimum(task.X, task.y) for name, task in tasks.items()}
    found: dict[Case, list[Ended]] = {}
    for name, activation, depth in product(tasks, ("identity", "relu"), depths):
        if activation == "identity" or depth:
            hidden = (units,) * depth
            seeds = [seed_for("start", seed=seed, repeat=k) for k in range(starts)]
            found[name, activation, depth] = [
                ended(tasks[name], optima[name], hidden, activation, steps, start) for start in seeds
            ]
    narrow = ended(tasks["three classes"], optima["three classes"], (1,), "identity", steps, seed)
    return _judged(found, narrow, depths)


def classes(name: str, rows: int, seed: int) -> Classes:
    """Classes of overlapping Gaussian rows, so that an optimum exists; or XOR with a few labels wrong."""
    rng = np.random.default_rng(seed_for("rows", seed=seed, data=name))
    every = rows + FRESH
    X = rng.standard_normal((every, 2))
    if name == "XOR":
        y = np.where((X[:, 0] * X[:, 1] < 0) ^ (rng.random(every) < WRONG), 1, 0)
    else:
        count = 2 if name == "two classes" else 3
        y = rng.integers(0, count, every)
        angle = 2 * np.pi * y / count
        X += np.column_stack([np.cos(angle), np.sin(angle)])
    return Classes(X[:rows], y[:rows], X[rows:], y[rows:])


def ended(
    task: Classes, best: Array, hidden: tuple[int, ...], activation: str, steps: int, start: int
) -> Ended:
    """Train a network to its end and compare it with the optimum."""
    network = NeuralNetworkClassifier(
        hidden,
        activation=activation,
        initializer="xavier",
        optimizer="momentum",
        schedule="constant",
        learning_rate=0.2,
        batch_size=None,
        steps=steps,
        dtype="float64",
        random_state=start,
    ).fit(task.X, task.y)
    p = network.predict_proba(task.X_fresh)
    losses = [_loss(given, task.y) for given in (network.predict_proba(task.X), probabilities(best, task.X))]
    return Ended(
        apart=float(np.abs(p - probabilities(best, task.X_fresh)).max()),
        excess=losses[0] - losses[1],
        error=float(np.mean(p.argmax(axis=1) != task.y_fresh)),
    )


def _loss(p: Array, y: Array) -> float:
    return cross_entropy(np.log(np.maximum(p, 1e-300)), np.eye(p.shape[1])[y])


def _judged(found: Mapping[Case, list[Ended]], narrow: Ended, depths: list[int]) -> Finding:
    linear = [one for (_, name, _), some in found.items() for one in some if name == "identity"]
    bent = [one for (_, name, _), some in found.items() for one in some if name == "relu"]
    apart = [one.apart for one in linear]
    verdict = Answer.UNDETERMINED
    if min(one.excess for one in linear) < -GAIN:
        verdict = Answer.CONTRADICTED
    elif max(apart) <= SAME and min(one.apart for one in bent) > SAME:
        verdict = Answer.SUPPORTED
    errors = {
        name: np.mean([one.error for (data, kind, _), some in found.items() for one in some
                       if (data, kind) == ("XOR", name)])
        for name in ("identity", "relu")
    }  # fmt: skip
    return Finding(
        verdict,
        *(max(apart), min(apart), max(apart)),
        unit="largest difference of a probability between linear networks and logistic regression's optimum",
        sentence=(
            f"Linear networks of {min(depths)} to {max(depths)} hidden layers end where no probability "
            f"differs from that of logistic regression's optimum by more than {max(apart):.1g}, and "
            f"{_below(min(one.excess for one in linear))}. On XOR with {100 * WRONG:g} % of labels wrong "
            f"they err on {100 * errors['identity']:.0f} % of rows in the mean over depths, networks with "
            f"ReLU on {100 * errors['relu']:.0f} %."
        ),
        rows=tuple(_rows(found)),
        panels=_panels(found, depths),
        conditions=(
            f"With a layer of 1 unit, which cannot pass on what three classes need, the loss ends "
            f"{narrow.excess:.2g} above the least. A penalty on the weights, with which a deep linear "
            "network has another objective than logistic regression, was not tried."
        ),
        is_range=True,
    )


def _below(least: float) -> str:
    """Whether a network's loss, less the optimum's, is below 0.

    >>> _below(3e-17), _below(-2e-16)
    ('none has a lower loss', 'none has a loss lower by more than 2e-16')
    """
    return "none has a lower loss" if least >= 0 else f"none has a loss lower by more than {-least:.1g}"


def _rows(found: Mapping[Case, list[Ended]]) -> list[Row]:
    return [
        {
            "data": name,
            "activation": activation,
            "hidden_layers": depth,
            "start": start,
            "probability_apart": one.apart,
            "excess_loss": one.excess,
            "test_error": one.error,
        }
        for (name, activation, depth), some in found.items()
        for start, one in enumerate(some)
    ]


def _panels(found: Mapping[Case, list[Ended]], depths: list[int]) -> tuple[Lines, Lines]:
    worded = {"identity": "linear", "relu": "ReLU"}
    apart, errors = {}, {}
    for name, activation in product(dict.fromkeys(case[0] for case in found), worded):
        at = [depth for depth in depths if (name, activation, depth) in found]
        some = [found[name, activation, depth] for depth in at]
        label = f"{worded[activation]}, {name}"
        apart[label] = Curve(at, [max(FLOOR, *(one.apart for one in each)) for each in some])
        errors[label] = Curve(at, [100 * float(np.mean([one.error for one in each])) for each in some])
    return (
        Lines(
            "Distance to the optimum",
            "Hidden layers",
            "Largest difference of a probability",
            apart,
            log_y=True,
        ),
        Lines("Error on fresh rows", "Hidden layers", "Rows wrong (%)", errors),
    )
