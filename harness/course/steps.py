"""Steps that two activations take to a target: sigmoid's over ReLU's, and what speaks for a cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.course.finding import Array
from harness.course.gradients import shrinks
from harness.course.intervals import Interval, mean_interval
from harness.course.rates import of_optimizer
from harness.course.rows import Rows
from harness.course.watching import Watched, watched
from harness.verdicts import Answer
from models import NeuralNetworkClassifier

ACTIVATIONS = ("relu", "sigmoid")
Case = tuple[str, str, int]  # optimiser, activation, hidden layers
CLOSE, EARLY, LOOK = 2, 50, 10  # steps between two looks, up to which step, and after it


@dataclass(frozen=True)
class Setting:
    """What every training has in common."""

    units: int
    batch: int
    steps: int

    def train(self, case: Case, rate: float, rows: Rows, start: int) -> Watched:
        """A training of one case, looked at every few steps."""
        optimizer, name, depth = case
        network = NeuralNetworkClassifier(
            (self.units,) * depth,
            activation=name,
            optimizer=optimizer,
            schedule="constant",
            learning_rate=of_optimizer(rate, optimizer),
            batch_size=self.batch,
            steps=self.steps,
            random_state=start,
        )
        early = range(CLOSE, min(EARLY, self.steps), CLOSE)
        looks = [*early, *range(EARLY, self.steps, LOOK), self.steps]
        return watched(network, rows.X, rows.y, rows.X_held, rows.y_held, looks)


def log_ratios(found: Mapping[Case, Array], optimizer: str, depths: list[int], steps: int) -> Array:
    """log(steps with sigmoid / steps with ReLU), (repeats, depths); without arrival `steps` counts."""
    relu, sigmoid = (
        np.array([np.minimum(found[optimizer, name, depth], steps) for depth in depths])
        for name in ACTIVATIONS
    )
    logs: Array = np.log(sigmoid / relu).T
    return logs


def arrive(found: Mapping[Case, Array], optimizer: str, name: str, depth: int) -> bool:
    """Whether every training of a case reaches the target."""
    return bool(np.isfinite(found[optimizer, name, depth]).all())


def told_ratio(found: Mapping[Case, Array], optimizer: str, depth: int, steps: int) -> str:
    """The ratio at a depth in words; a lower bound only where ReLU arrives and sigmoid does not always.

    >>> steps = {("adam", "relu", 2): np.array([10.0]), ("adam", "sigmoid", 2): np.array([np.inf])}
    >>> told_ratio(steps, "adam", 2, 50)
    'at least 5.0 times the steps of ReLU with 2 hidden layers'
    >>> told_ratio(steps | {("adam", "relu", 2): np.array([np.inf])}, "adam", 2, 50)
    'an unknown multiple of the steps of ReLU with 2 hidden layers (0 of 1 arrive with ReLU, 0 with sigmoid)'
    """
    ratio = float(np.exp(log_ratios(found, optimizer, [depth], steps).mean()))
    relu, sigmoid = (arrive(found, optimizer, name, depth) for name in ACTIVATIONS)
    where = f"the steps of ReLU with {depth} hidden layer{'s' * (depth > 1)}"
    if relu:
        return f"{'' if sigmoid else 'at least '}{ratio:.1f} times {where}"
    counts = [np.isfinite(found[optimizer, name, depth]) for name in ACTIVATIONS]
    told = f"{counts[0].sum()} of {len(counts[0])} arrive with ReLU, {counts[1].sum()} with sigmoid"
    return f"an unknown multiple of {where} ({told})"


@dataclass(frozen=True)
class Evidence:
    """What the rule is applied to, each a mean of logarithms with its interval; None where it cannot be had.

    Attributes:
        faster: sigmoid's steps over ReLU's, mean over depths.
        shrinks: what the gradient is divided by in each layer, sigmoid's over ReLU's.
        grows: the change of the first for each layer more.
        over_second: the first less the same by the second optimiser.
    """

    faster: Interval
    shrinks: Interval
    grows: Interval | None
    over_second: Interval | None

    def parts(self) -> tuple[Answer, Answer]:
        """Whether ReLU is faster, and whether because of vanishing gradients."""
        signs = [sign for sign in (self.grows, self.over_second) if sign is not None]
        because = Answer.UNDETERMINED
        if self.shrinks[1] > 0 and any(low > 0 for _, low, _ in signs):
            because = Answer.SUPPORTED
        elif self.shrinks[2] < 0 or (signs and all(high < 0 for *_, high in signs)):
            because = Answer.CONTRADICTED
        _, low, high = self.faster
        faster = Answer.SUPPORTED if low > 0 else Answer.CONTRADICTED if high < 0 else Answer.UNDETERMINED
        return faster, because

    @property
    def verdict(self) -> Answer:
        """Of both parts together."""
        parts = self.parts()
        if Answer.CONTRADICTED in parts:
            return Answer.CONTRADICTED
        return Answer.SUPPORTED if set(parts) == {Answer.SUPPORTED} else Answer.UNDETERMINED


def evidence(found: Mapping[Case, Array], norms: Mapping[str, Array], steps: int) -> Evidence:
    """The evidence of all trainings: steps of each repeat by case, and gradients by activation."""
    first, *others = dict.fromkeys(case[0] for case in found)
    depths = sorted({case[2] for case in found})
    logs = {optimizer: log_ratios(found, optimizer, depths, steps) for optimizer in (first, *others)}
    whole = [depth for depth in depths if all(arrive(found, first, name, depth) for name in ACTIVATIONS)]
    grows = None
    if len(whole) > 1:
        at = [depths.index(depth) for depth in whole]
        grows = mean_interval(np.polyfit(whole, logs[first][:, at].T, 1)[0], 0.975)
    over_second = None
    if others:
        at = [
            k
            for k, depth in enumerate(depths)
            if all(arrive(found, others[0], name, depth) for name in ACTIVATIONS)
            and arrive(found, first, "relu", depth)
        ]
        if at:
            over_second = mean_interval((logs[first] - logs[others[0]])[:, at].mean(axis=1), 0.975)
    shrunk = mean_interval(shrinks(norms["sigmoid"]) - shrinks(norms["relu"]))
    return Evidence(mean_interval(logs[first].mean(axis=1)), shrunk, grows, over_second)
