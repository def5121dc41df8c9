"""Zero weights keep the hidden units of a layer identical; logistic regression may start at zero.

Networks with every weight at zero take full-batch steps of gradient descent on digits, beside the same
networks started at random. Two units are the same where all their weights, in and out, and their biases are
equal, to the last bit but for rounding (1e-9: a product sums its columns in blocks). Logistic regression,
with a penalty that gives it one minimum, starts at zero and at random.

Rule. Supported where, after every step looked at, each hidden layer that started at zero has one distinct
unit, and logistic regression from zero ends within 1 % of its loss from random starts (its cost is convex).
Contradicted where a layer that started at zero has two distinct units. Else undetermined. The effect is the
largest number of distinct units in a layer; nothing in it is left to chance, so its interval is its range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.course.finding import Bars, Curve, Finding, Lines, Row
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier
from models.activations import Array

ROUNDING = 1e-9
CLOSE = 0.01  # of the loss
LONGER = 5  # logistic regression is cheap, and its end is what is compared
L2 = 0.01  # of logistic regression: the classes can be told apart, so without it there is no minimum
LOOKS = 20  # at the units, over the steps


@dataclass(frozen=True)
class Trained:
    """A network's losses before each step, and the most and fewest distinct units of a layer at any look."""

    losses: Array
    most: int
    fewest: int


def run(
    *,
    layers: list[int],
    units: int,
    activations: list[str],
    steps: int,
    learning_rate: float,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train from zero and from random starts."""
    task = data["digits"]

    def trained(depth: int, activation: str, initializer: str, repeat: int = 0) -> Trained:
        taken = steps if depth else LONGER * steps
        network = NeuralNetworkClassifier(
            (units,) * depth,
            activation=activation,
            initializer=initializer,
            optimizer="gradient_descent",
            schedule="constant",
            learning_rate=learning_rate,
            l2=0.0 if depth else L2,
            batch_size=None,
            steps=taken,
            dtype="float64",
            random_state=seed_for("start", seed=seed, repeat=repeat),
        )
        return _watched(network, task, taken)

    cases = [(activation, depth) for activation in activations for depth in layers]
    zero = {case: trained(case[1], case[0], "zeros") for case in cases}
    random = {case: [trained(case[1], case[0], "auto", k) for k in range(repeats)] for case in cases}
    logistic = [trained(0, "identity", "zeros")]
    logistic += [trained(0, "identity", "xavier", k) for k in range(repeats)]
    return _judged(zero, random, logistic, units)


def _watched(network: NeuralNetworkClassifier, task: Task, steps: int) -> Trained:
    """Losses at every step; the distinct units of the hidden layers at some of them."""
    losses, distinct = [], []
    every = max(1, steps // LOOKS)
    for progress in network.iter_fit(task.X, task.y):
        losses.append(progress.loss)
        if progress.step % every == 0 or progress.step == steps:
            distinct += distinct_units(network.coefs_, network.intercepts_)
    return Trained(np.array(losses), max(distinct, default=0), min(distinct, default=0))


def distinct_units(weights: list[Array], biases: list[Array]) -> list[int]:
    """How many units of each hidden layer differ, by their weights in and out and their biases.

    >>> distinct_units([np.array([[1.0, 1.0, 2.0]]), np.zeros((3, 1))], [np.zeros(3), np.zeros(1)])
    [2]
    """
    counts = []
    for into, bias, out in zip(weights, biases, weights[1:], strict=False):
        described = np.hstack([into.T, bias[:, None], out])
        kept: list[Array] = []
        for unit in described:
            if all(np.abs(unit - other).max() > ROUNDING for other in kept):
                kept.append(unit)
        counts.append(len(kept))
    return counts


def _judged(
    zero: Mapping[tuple[str, int], Trained],
    random: Mapping[tuple[str, int], list[Trained]],
    logistic: list[Trained],
    units: int,
) -> Finding:
    most = max(one.most for one in zero.values())
    fewest = min(one.fewest for some in random.values() for one in some)
    ends = [float(one.losses[-1]) for one in logistic]
    apart = max(abs(end / ends[0] - 1) for end in ends)
    verdict = Answer.UNDETERMINED
    if most > 1:
        verdict = Answer.CONTRADICTED
    elif apart <= CLOSE:
        verdict = Answer.SUPPORTED
    sentence = (
        f"Of {units} hidden units in each layer, {most} {'is' if most == 1 else 'are'} distinct at every "
        f"step when weights start at zero, and {'all' if fewest == units else f'at least {fewest}'} are when "
        "they start at random. "
        f"{_learned(zero, random)}Logistic regression ends at the same loss from zero and from random "
        f"starts, within {100 * apart:.2g} %."
    )
    return Finding(
        verdict,
        *(float(most), float(min(one.fewest for one in zero.values())), float(most)),
        unit=f"distinct unit{'s' * (most != 1)} in a hidden layer of {units} that started at zero",
        sentence=sentence,
        rows=tuple(_rows(zero, random, logistic)),
        panels=_panels(zero, random, logistic),
        conditions=(
            "The activation matters: ReLU and tanh are 0 at 0, so no weight gets a gradient at all; sigmoid "
            "is 1/2, so its weights do learn, all units of a layer alike, as one unit would."
        ),
    )


def _learned(zero: Mapping[tuple[str, int], Trained], random: Mapping[tuple[str, int], list[Trained]]) -> str:
    stuck = [float(one.losses[-1]) for (name, _), one in zero.items() if name != "sigmoid"]
    free = [
        float(np.mean([one.losses[-1] for one in some]))
        for (name, _), some in random.items()
        if name != "sigmoid"
    ]
    if not stuck:
        return ""
    return (
        f"With the activations other than sigmoid, the loss ends at {_span(stuck)} from zero, and at "
        f"{_span(free)} from random starts. "
    )


def _span(losses: list[float]) -> str:
    """The least and the largest of losses; one number where they are alike.

    >>> _span([2.301, 2.3026]), _span([0.01, 0.06])
    ('2.30', '0.01 to 0.06')
    """
    least, most = f"{min(losses):.2f}", f"{max(losses):.2f}"
    return least if least == most else f"{least} to {most}"


def _rows(
    zero: Mapping[tuple[str, int], Trained],
    random: Mapping[tuple[str, int], list[Trained]],
    logistic: list[Trained],
) -> list[Row]:
    starts = [("zero", *case, 0, one) for case, one in zero.items()]
    starts += [("random", *case, k, one) for case, some in random.items() for k, one in enumerate(some)]
    starts += [("random" if k else "zero", "none", 0, k, one) for k, one in enumerate(logistic)]
    return [
        {
            "start": start,
            "activation": name,
            "hidden_layers": depth,
            "repeat": repeat,
            "distinct_units": one.most,
            "loss_first": float(one.losses[0]),
            "loss_last": float(one.losses[-1]),
        }
        for start, name, depth, repeat, one in starts
    ]


def _panels(
    zero: Mapping[tuple[str, int], Trained],
    random: Mapping[tuple[str, int], list[Trained]],
    logistic: list[Trained],
) -> tuple[Lines, Bars]:
    depth = max(depth for _, depth in zero)
    curves = {"logistic regression from zero": logistic[0].losses}
    bars: dict[str, tuple[float, float, float]] = {}
    for name in dict.fromkeys(name for name, _ in zero):
        from_random = random[name, depth]
        curves[f"{name} from zero"] = zero[name, depth].losses
        curves[f"{name} at random"] = from_random[0].losses
        most = zero[name, depth].most
        bars[f"{name} from zero"] = (most, most, most)
        counts = [one.fewest for one in from_random]
        bars[f"{name} at random"] = (float(np.mean(counts)), min(counts), max(counts))
    told = f"{depth} hidden layers" if depth > 1 else "one hidden layer"
    lines = {label: Curve(range(1, len(losses) + 1), losses.tolist()) for label, losses in curves.items()}
    return (
        Lines(f"Training loss, {told}", "Steps of gradient descent", "Cross-entropy", lines, log_x=True),
        Bars("Distinct units of a layer", "Units (fewest to most over starts)", bars),
    )
