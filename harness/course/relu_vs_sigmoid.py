"""ReLU against sigmoid: steps to a target loss at each depth, and the size of the gradient in each layer.

Networks of equal layers learn digits in mini-batches. Each activation takes its own learning rate at each
depth: of the grid, the one that reaches the target in the fewest steps on a draw of rows and a start used for
nothing else (where none does, the one of the lowest held-out loss). A training that does not reach the target
counts as the last step. Starts are the usual ones (He for ReLU, Xavier for sigmoid). The gradient at the
start is that of the loss with respect to each W[l], its Frobenius norm.

Rule, of two parts, with t intervals over repeats (a draw of rows and a start); the first optimiser decides.
*Faster*: the mean over depths of log(steps with sigmoid / steps with ReLU) lies above 0 (95 %). *Because of
vanishing gradients*: the gradient shrinks more per layer with sigmoid (95 %), and either that logarithm grows
with depth, by its slope over the depths at which every training arrives, or it is larger than by the second
optimiser, whose steps do not shrink with the gradient, over the depths at which every training of the second
arrives and every one of ReLU by the first (97.5 % each, as either will do). Supported where both parts hold.
Contradicted where ReLU is surely not faster, or surely not because of it: the gradient shrinks less, or each
of the two signs that can be had lies below 0. Else undetermined.

The rule was changed twice after numbers were seen: it asked for a ratio that grows over all depths; then, as
the ratios of deep networks are bounds, only for a gradient that shrinks. This one is judged on another seed,
with higher rates and closer looks at the first steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from harness.checks import mistake
from harness.course.finding import Array, Finding, Lines, Row
from harness.course.gradients import gradient_norms, shrinks
from harness.course.intervals import band, ratio_interval
from harness.course.rates import at_ends, best, of_optimizer
from harness.course.rows import draw
from harness.course.steps import ACTIVATIONS, Case, Evidence, Setting, evidence, log_ratios, told_ratio
from harness.records import Task
from harness.seeds import seed_for


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
    task, setting, depths = data["digits"], Setting(units, batch, steps), sorted(depths)
    draws = [draw(task, rows, len(task.y) // 3, seed=seed, repeat=k) for k in range(repeats + 1)]
    starts = [seed_for("start", seed=seed, repeat=k) for k in range(repeats + 1)]
    found: dict[Case, Array] = {}
    chosen: dict[Case, float] = {}
    for case in product(optimizers, ACTIVATIONS, depths):

        def tried(rate: float, case: Case = case) -> tuple[tuple[float, float], None]:
            seen = setting.train(case, rate, draws[-1], starts[-1])
            return (seen.steps_to(target), float(seen.loss.min())), None

        chosen[case], _ = best(rates, tried)
        found[case] = np.array(
            [setting.train(case, chosen[case], draws[k], starts[k]).steps_to(target) for k in range(repeats)]
        )
    norms = {
        name: np.array([gradient_norms(draws[k], name, depths[-1], units, starts[k]) for k in range(repeats)])
        for name in ACTIVATIONS
    }
    ends = " ".join(_ends(chosen, optimizer, rates) for optimizer in optimizers).strip()
    return _judged(found, chosen, norms, steps, target, ends)


def _ends(chosen: Mapping[Case, float], optimizer: str, rates: list[float]) -> str:
    grid = [of_optimizer(rate, optimizer) for rate in rates]
    taken = {
        f"{name} by {_words(optimizer)}": [
            of_optimizer(rate, optimizer) for case, rate in chosen.items() if case[:2] == (optimizer, name)
        ]
        for name in ACTIVATIONS
    }
    return at_ends(taken, grid)


def _judged(
    found: Mapping[Case, Array],
    chosen: Mapping[Case, float],
    norms: Mapping[str, Array],
    steps: int,
    target: float,
    ends: str,
) -> Finding:
    held = evidence(found, norms, steps)
    first = next(iter(found))[0]
    depths = sorted({case[2] for case in found})
    told = " and ".join(told_ratio(found, first, depth, steps) for depth in (depths[0], depths[-1]))
    divided = {name: float(np.exp(shrinks(norms[name])).mean()) for name in ACTIVATIONS}
    faster, because = held.parts()
    effect, low, high = np.exp(held.faster)
    return Finding(
        held.verdict,
        *(float(effect), float(low), float(high)),
        unit=f"times as many steps with sigmoid to a loss of {target:g}, mean over depths",
        sentence=(
            f"That ReLU is faster is {faster}, that it is because of vanishing gradients {because}. With "
            f"{_words(first)}, sigmoid takes {told}, in at most {steps:,} steps. From a layer to the one "
            f"below, the gradient at the start is divided by {divided['sigmoid']:.2g} with sigmoid and by "
            f"{divided['relu']:.2g} with ReLU."
        ),
        rows=tuple(_rows(found, chosen)),
        panels=_panels(found, norms, steps),
        conditions=" ".join(filter(None, [*_conditions(found, held, steps), ends])),
    )


def _words(optimizer: str) -> str:
    return optimizer.replace("_", " ").replace("adam", "Adam")


def _conditions(found: Mapping[Case, Array], held: Evidence, steps: int) -> list[str]:
    told = []
    if held.grows is not None:
        grown, low, high = np.exp(held.grows)
        told.append(
            f"Over the depths at which all arrive, the ratio is multiplied by {grown:.2f} for each layer "
            f"more ({low:.2f} to {high:.2f})."
        )
    if held.over_second is not None:
        over, low, high = np.exp(held.over_second)
        told.append(
            f"By the first optimiser it is {over:.2f} times that by the second, whose steps do not shrink "
            f"with the gradient ({low:.2f} to {high:.2f})."
        )
    depths = sorted({case[2] for case in found})
    for optimizer in list(dict.fromkeys(case[0] for case in found))[1:]:
        mean, low, high = ratio_interval(np.exp(log_ratios(found, optimizer, depths, steps).mean(axis=1)))
        ends = " and ".join(told_ratio(found, optimizer, depth, steps) for depth in (depths[0], depths[-1]))
        told.append(
            f"With {_words(optimizer)}, sigmoid takes {mean:.1f} times the steps ({low:.1f} to {high:.1f}): "
            f"{ends}."
        )
    return told


def _rows(found: Mapping[Case, Array], chosen: Mapping[Case, float]) -> list[Row]:
    return [
        {
            "optimizer": case[0],
            "activation": case[1],
            "hidden_layers": case[2],
            "learning_rate": of_optimizer(chosen[case], case[0]),
            "repeat": repeat,
            "steps_to_target": float(steps) if np.isfinite(steps) else "not reached",
        }
        for case, taken in found.items()
        for repeat, steps in enumerate(taken)
    ]


def _panels(found: Mapping[Case, Array], norms: Mapping[str, Array], steps: int) -> tuple[Lines, ...]:
    panels = []
    depths = sorted({case[2] for case in found})
    for optimizer in list(dict.fromkeys(case[0] for case in found))[:2]:
        curves = {
            name: band(
                depths,
                [np.minimum(found[optimizer, name, depth], steps) for depth in depths],
                ratio_interval,
            )
            for name in ACTIVATIONS
        }
        title = f"{_words(optimizer).capitalize()}: steps to the target"
        panels.append(Lines(title, "Hidden layers", f"Steps (at most {steps:,})", curves, log_y=True))
    layers = list(range(1, norms["relu"].shape[1] + 1))
    gradients = {name: band(layers, norms[name].T, ratio_interval) for name in ACTIVATIONS}
    panels.append(
        Lines("Gradient at the start", "Layer, from the input", "Norm of dW", gradients, log_y=True)
    )
    return tuple(panels)
