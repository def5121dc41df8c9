"""ReLU against sigmoid: steps to a target loss at each depth, and the size of the gradient in each layer.

Networks of equal layers learn digits in mini-batches. Each activation takes its own learning rate at each
depth: of the grid, the one that reaches the target in the fewest steps on a draw of rows and a start used for
nothing else (where none does, the one of the lowest held-out loss). A training that does not reach the
target counts as the last step, which favours the slower. Starts are the usual ones (He for ReLU, Xavier for
sigmoid). The gradient at the start is that of the loss with respect to each W[l], its Frobenius norm.

Rule. For each repeat (a draw of rows and a start) the mean over depths of log(steps with sigmoid / steps with
ReLU), and the logarithm of how much more the gradient shrinks per layer with sigmoid; 95 % t intervals over
repeats. Supported where both lie above 0: ReLU is faster, and the gradient vanishes faster with sigmoid.
Contradicted where either lies below 0. Else undetermined. The first optimiser decides. Depth by depth the
ratio is a lower bound once sigmoid no longer arrives, so its growth over depth decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from harness.checks import mistake
from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.intervals import mean_interval, ratio_interval
from harness.course.rows import Rows, draw
from harness.course.watching import Watched, watched
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import NeuralNetworkClassifier
from models.activations import activation
from models.initializers import initializer
from models.losses import cross_entropy
from models.network import allocate, backward, forward, initialize, workspace

ACTIVATIONS = ("relu", "sigmoid")
LOOK = 10  # steps between two looks at the loss
OTHERS = 30.0  # a learning rate of gradient descent over one of the others'
Case = tuple[str, str, int]  # optimiser, activation, hidden layers


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
            learning_rate=rate if optimizer == "gradient_descent" else rate / OTHERS,
            batch_size=self.batch,
            steps=self.steps,
            random_state=start,
        )
        looks = range(LOOK, self.steps + 1, LOOK)
        return watched(network, rows.X, rows.y, rows.X_held, rows.y_held, looks)


def check(settings: Mapping[str, Any], path: str) -> None:
    """A gradient can shrink from a hidden layer to the one below only where there are two."""
    depths = settings["depths"]
    if min(depths) < 1 or max(depths) < 2:
        raise mistake(f"{path}.depths", "numbers of at least 1, one of them at least 2", depths)


def run(
    *,
    depths: list[int],
    units: int,
    optimizers: list[str],
    rates: list[float],
    rows: int,
    batch: int,
    steps: int,
    target: float,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Choose learning rates, train every case, and measure gradients."""
    task, setting = data["digits"], Setting(units, batch, steps)
    draws = [draw(task, rows, len(task.y) // 3, seed=seed, repeat=k) for k in range(repeats + 1)]
    starts = [seed_for("start", seed=seed, repeat=k) for k in range(repeats + 1)]
    found: dict[Case, Array] = {}
    chosen: dict[Case, float] = {}
    for case in product(optimizers, ACTIVATIONS, depths):
        tried = {rate: setting.train(case, rate, draws[-1], starts[-1]) for rate in rates}
        chosen[case] = min(rates, key=lambda rate: (tried[rate].steps_to(target), tried[rate].loss.min()))
        taken = [
            setting.train(case, chosen[case], draws[k], starts[k]).steps_to(target) for k in range(repeats)
        ]
        found[case] = np.array(taken)
    norms = {
        name: np.array(
            [gradient_norms(draws[k], name, max(depths), units, starts[k]) for k in range(repeats)]
        )
        for name in ACTIVATIONS
    }
    return _judged(found, chosen, norms, depths, steps, target)


def gradient_norms(rows: Rows, name: str, depth: int, units: int, start: int) -> list[float]:
    """The norm of the loss's gradient with respect to each W[l] of a network at its start, l = 1, 2, ..."""
    scaled = (rows.X - rows.X.mean(axis=0)) / np.where(rows.X.std(axis=0) > 0, rows.X.std(axis=0), 1.0)
    x = np.ascontiguousarray(scaled, dtype=np.float64)
    y = np.eye(int(rows.y.max()) + 1)[rows.y]
    sizes = (x.shape[1], *(units,) * depth, y.shape[1])
    parameters, gradients = allocate(sizes, "float64"), allocate(sizes, "float64")
    initialize(parameters, initializer("auto", name), np.random.default_rng(start))
    work = workspace(sizes, len(x), "float64")
    cross_entropy(forward(parameters, activation(name), x, work), y)
    backward(parameters, gradients, x, work)
    return [float(np.linalg.norm(weight)) for weight in gradients.weights]


def ratios(found: Mapping[Case, Array], optimizer: str, depths: list[int], steps: int) -> Array:
    """log(steps with sigmoid / steps with ReLU), (repeats, depths)."""
    counted = {
        name: np.array([np.minimum(found[optimizer, name, depth], steps) for depth in depths])
        for name in ACTIVATIONS
    }
    logs: Array = np.log(counted["sigmoid"] / counted["relu"]).T
    return logs


def _judged(
    found: Mapping[Case, Array],
    chosen: Mapping[Case, float],
    norms: Mapping[str, Array],
    depths: list[int],
    steps: int,
    target: float,
) -> Finding:
    optimizers = list(dict.fromkeys(case[0] for case in found))
    logs = ratios(found, optimizers[0], depths, steps)
    mean, low, high = ratio_interval(np.exp(logs.mean(axis=1)))
    shrinks = {name: np.exp(-_per_layer(norms[name])) for name in ACTIVATIONS}
    more = mean_interval(np.log(shrinks["sigmoid"] / shrinks["relu"]))
    verdict = Answer.UNDETERMINED
    if low > 1 and more[1] > 0:
        verdict = Answer.SUPPORTED
    elif high < 1 or more[2] < 0:
        verdict = Answer.CONTRADICTED
    factors = np.exp(logs.mean(axis=0))
    reached = {name: _reached(found[optimizers[0], name, depths[-1]]) for name in ACTIVATIONS}
    return Finding(
        verdict,
        *(mean, low, high),
        unit=f"times as many steps with sigmoid to a loss of {target:g}, mean over depths",
        sentence=(
            f"With {_words(optimizers[0])}, sigmoid takes {factors[0]:.1f} times the steps of ReLU with "
            f"{depths[0]} hidden layer and at least {factors[-1]:.1f} times with {depths[-1]}, where "
            f"{reached['relu']} trainings with ReLU and {reached['sigmoid']} with sigmoid reach the loss in "
            f"{steps:,} steps. From a layer to the one below, the gradient at the start is divided by "
            f"{shrinks['sigmoid'].mean():.2g} with sigmoid and by {shrinks['relu'].mean():.2g} with ReLU."
        ),
        rows=tuple(_rows(found, chosen)),
        panels=_panels(found, norms, depths, optimizers, steps),
        conditions=_conditions(found, optimizers, depths, steps),
    )


def _per_layer(norms: Array) -> Array:
    """How the logarithm of the gradient changes from a hidden layer to the one below it, a value a repeat.

    The first and the last layer have other shapes, and are left out where enough others are there.
    """
    inner = norms[:, 1:-1] if norms.shape[1] > 3 else norms[:, :-1]
    slopes: Array = -np.polyfit(range(inner.shape[1]), np.log(inner).T, 1)[0]
    return slopes


def _words(optimizer: str) -> str:
    return optimizer.replace("_", " ").replace("adam", "Adam")


def _reached(steps: Array) -> str:
    return f"{int(np.isfinite(steps).sum())} of {len(steps)}"


def _conditions(found: Mapping[Case, Array], optimizers: list[str], depths: list[int], steps: int) -> str:
    first = np.exp(ratios(found, optimizers[0], depths, steps)[:, 0].mean())
    told = [
        f"The vanishing gradient is not all of it: with {depths[0]} hidden layer, where little can vanish, "
        f"sigmoid takes {first:.1f} times the steps already."
    ]
    for optimizer in optimizers[1:]:
        logs = ratios(found, optimizer, depths, steps)
        mean, low, high = ratio_interval(np.exp(logs.mean(axis=1)))
        ends = np.exp(logs.mean(axis=0))
        told.append(
            f"With {_words(optimizer)}, whose steps do not shrink with the gradient, sigmoid takes "
            f"{mean:.1f} times the steps ({low:.1f} to {high:.1f}): {ends[0]:.1f} times with {depths[0]} "
            f"hidden layer, {ends[-1]:.1f} times with {depths[-1]}."
        )
    return " ".join([*told, "Steps beyond the last are not counted, so factors of deep networks are bounds."])


def _rows(found: Mapping[Case, Array], chosen: Mapping[Case, float]) -> list[Row]:
    return [
        {
            "optimizer": case[0],
            "activation": case[1],
            "hidden_layers": case[2],
            "learning_rate": chosen[case] / (1.0 if case[0] == "gradient_descent" else OTHERS),
            "repeat": repeat,
            "steps_to_target": float(steps) if np.isfinite(steps) else "not reached",
        }
        for case, taken in found.items()
        for repeat, steps in enumerate(taken)
    ]


def _panels(
    found: Mapping[Case, Array],
    norms: Mapping[str, Array],
    depths: list[int],
    optimizers: list[str],
    steps: int,
) -> tuple[Lines, ...]:
    panels = []
    for optimizer in optimizers[:2]:
        curves = {}
        for name in ACTIVATIONS:
            counted = [np.minimum(found[optimizer, name, depth], steps) for depth in depths]
            mean, low, high = zip(*(ratio_interval(each) for each in counted), strict=True)
            curves[name] = Curve(depths, mean, low, np.minimum(high, 3 * steps))
        title = f"{_words(optimizer).capitalize()}: steps to the target"
        panels.append(Lines(title, "Hidden layers", f"Steps (at most {steps:,})", curves, log_y=True))
    layers = list(range(1, norms["relu"].shape[1] + 1))
    gradients = {}
    for name in ACTIVATIONS:
        mean, low, high = zip(*(ratio_interval(norms[name][:, k]) for k in range(len(layers))), strict=True)
        gradients[name] = Curve(layers, mean, low, high)
    panels.append(
        Lines("Gradient at the start", "Layer, from the input", "Norm of dW", gradients, log_y=True)
    )
    return tuple(panels)
