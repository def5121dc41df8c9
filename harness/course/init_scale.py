"""Weights of 0.01 times a normal number are fine for one hidden layer, and not for a deep network.

Networks of 1 to 10 hidden layers, with ReLU and with tanh, learn digits by gradient descent in mini-batches
from three starts: weights of standard deviation 0.01, Xavier's (variance 1 / inputs of the layer) and He's (2
/ inputs). Each (activation, depth, start) takes its own learning rate of the grid, the one with the least
mean held-out loss at the end on draws of rows used for nothing else. Measured are the held-out log-loss after
the last step, and the mean square of the activations in each layer at the start, on the training rows.

Rule. The start that suits the activation (He for ReLU, Xavier for tanh) is the reference. For each repeat,
the loss from 0.01 less that of the reference. With one hidden layer "fine" is at most 0.05 more (upper limit
of the 90 % t interval over repeats), with the most layers "not fine" is at least 0.05 more (lower limit of
the 95 % interval). Supported where both hold for both activations; contradicted where for either activation
one of them surely fails: the lower limit with one layer above 0.05, or the upper with the most layers below.
Else undetermined. The effect is the loss more with the most layers, both activations together.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.intervals import band, mean_interval
from harness.course.rates import at_ends, best, of_optimizer
from harness.course.rows import draw
from harness.course.scaled import standardized
from harness.course.starts import STARTS, SUITED, Case, loss, variances
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models.training import Plan

MARGIN = 0.05  # of log-loss


def run(
    *,
    depths: list[int],
    units: int,
    rates: list[float],
    optimizers: list[str],
    rows: int,
    batch: int,
    steps: int,
    tuned: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Choose learning rates on `tuned` draws and train every case, by each optimiser; the first decides."""
    task, depths = data["digits"], sorted(depths)
    draws = [
        standardized(draw(task, rows, len(task.y) // 3, seed=seed, repeat=k)) for k in range(repeats + tuned)
    ]
    starts = [seed_for("start", seed=seed, repeat=k) for k in range(repeats + tuned)]
    widths = (draws[0].X.shape[1], units, len(task.classes))
    losses: dict[str, dict[Case, Array]] = {}
    chosen: dict[tuple[str, Case], float] = {}
    for optimizer in optimizers:
        seen = depths if optimizer == optimizers[0] else [depths[-1]]
        losses[optimizer] = {}
        for case in product(SUITED, STARTS, seen):

            def tried(rate: float, case: Case = case, by: str = optimizer) -> tuple[float, Plan]:
                plan = Plan(batch, steps, by, "constant", of_optimizer(rate, by))
                lost = (loss(case, widths, draws[-k], plan, starts[-k]) for k in range(1, tuned + 1))
                return sum(lost), plan

            chosen[optimizer, case], plan = best(rates, tried)
            losses[optimizer][case] = np.array(
                [loss(case, widths, draws[k], plan, starts[k]) for k in range(repeats)]
            )
    spread = {
        (name, start): np.array(
            [variances(draws[k], (name, start, depths[-1]), widths, starts[k]) for k in range(repeats)]
        )
        for name, start in product(SUITED, STARTS)
    }
    taken = {
        STARTS[start]: [rate for (_, case), rate in chosen.items() if case[1] == start] for start in STARTS
    }
    return _judged(losses, chosen, spread, depths, steps, at_ends(taken, rates))


def _judged(
    losses: Mapping[str, Mapping[Case, Array]],
    chosen: Mapping[tuple[str, Case], float],
    spread: Mapping[tuple[str, str], Array],
    depths: list[int],
    steps: int,
    ends: str,
) -> Finding:
    first, *others = losses
    more = {
        (name, depth): losses[first][name, "small_normal", depth] - losses[first][name, SUITED[name], depth]
        for name, depth in product(SUITED, depths)
    }
    fine = [mean_interval(more[name, depths[0]], 0.90)[1:] for name in SUITED]
    not_fine = [mean_interval(more[name, depths[-1]])[1:] for name in SUITED]
    verdict = Answer.UNDETERMINED
    if all(high < MARGIN for _, high in fine) and all(low > MARGIN for low, _ in not_fine):
        verdict = Answer.SUPPORTED
    elif any(low > MARGIN for low, _ in fine) or any(high < MARGIN for _, high in not_fine):
        verdict = Answer.CONTRADICTED
    together = np.mean([more[name, depths[-1]] for name in SUITED], axis=0)
    told = "; ".join(
        f"{name} {more[name, depths[0]].mean():+.2f} with {depths[0]} hidden layer, "
        f"{more[name, depths[-1]].mean():+.2f} with {depths[-1]}"
        for name in SUITED
    )
    shrinks = (spread["relu", "small_normal"][:, -1] / spread["relu", "small_normal"][:, 0]).mean()
    kept = (spread["relu", "he"][:, -1] / spread["relu", "he"][:, 0]).mean()
    return Finding(
        verdict,
        *mean_interval(together),
        unit=f"more held-out log-loss from 0.01 than from He or Xavier, {depths[-1]} hidden layers",
        sentence=(
            f"The loss after {steps:,} steps from 0.01, less that from the start that suits the activation: "
            f"{told}. Through {depths[-1]} layers of ReLU the mean square of the activations is multiplied "
            f"by {shrinks:.1g} from 0.01, by {kept:.2g} from He."
        ),
        rows=tuple(_rows(losses, chosen, spread)),
        panels=_panels(losses[first], spread, depths),
        conditions=f"{_conditions(losses, more, others, depths)} {ends}".strip(),
    )


def _conditions(
    losses: Mapping[str, Mapping[Case, Array]],
    more: Mapping[tuple[str, int], Array],
    others: list[str],
    depths: list[int],
) -> str:
    told = [_from_where(more, depths)]
    for optimizer in others:
        gaps = [
            losses[optimizer][name, "small_normal", depths[-1]]
            - losses[optimizer][name, SUITED[name], depths[-1]]
            for name in SUITED
        ]
        each = ", ".join(
            f"{mean:+.2f} ({low:+.2f} to {high:+.2f}) with {name}"
            for name, (mean, low, high) in zip(SUITED, map(mean_interval, gaps), strict=True)
        )
        held = [mean_interval(gap) for gap in gaps]
        word = "may mend it or not"
        if all(high < MARGIN for *_, high in held):
            word = "mends it"
        elif any(low > MARGIN for _, low, _ in held):
            word = "does not mend it"
        told.append(
            f"{optimizer.capitalize()}, whose steps do not shrink with the gradient, "
            f"{word}: with {depths[-1]} layers its loss from 0.01, "
            f"less that from the suited start, is {each}."
        )
    told.append("Depth is not all that matters: for a layer of 10,000 inputs Xavier's start is 0.01 too.")
    return " ".join(told)


def _from_where(more: Mapping[tuple[str, int], Array], depths: list[int]) -> str:
    """The first depth at which 0.01 is surely worse by more than the margin, with each activation.

    >>> apart, level = np.array([0.9, 1.0]), np.zeros(2)
    >>> _from_where({("relu", 1): level, ("tanh", 1): level, ("relu", 3): apart, ("tanh", 3): apart}, [1, 3])
    'From 3 hidden layers on, 0.01 is surely worse with both relu and tanh.'
    >>> _from_where({("relu", 1): apart, ("tanh", 1): level}, [1])
    '0.01 is surely worse from 1 hidden layer on with relu; at no depth tried with tanh.'
    """
    first = {
        name: next((depth for depth in depths if mean_interval(more[name, depth])[1] > MARGIN), None)
        for name in SUITED
    }

    def layers(depth: int) -> str:
        return f"from {depth} hidden layer{'s' * (depth > 1)} on"

    if len(set(first.values())) == 1 and (same := next(iter(first.values()))):
        return f"{layers(same).capitalize()}, 0.01 is surely worse with both {' and '.join(first)}."
    told = (f"{layers(at) if at else 'at no depth tried'} with {name}" for name, at in first.items())
    return f"0.01 is surely worse {'; '.join(told)}."


def _rows(
    losses: Mapping[str, Mapping[Case, Array]],
    chosen: Mapping[tuple[str, Case], float],
    spread: Mapping[tuple[str, str], Array],
) -> list[Row]:
    found: list[Row] = [
        {
            "measured": f"loss by {optimizer}",
            "activation": name,
            "start": STARTS[start],
            "hidden_layers": depth,
            "learning_rate": of_optimizer(chosen[optimizer, (name, start, depth)], optimizer),
            "repeat": repeat,
            "value": float(value),
        }
        for optimizer, cases in losses.items()
        for (name, start, depth), values in cases.items()
        for repeat, value in enumerate(values)
    ]
    found += [
        {
            "measured": f"mean square in layer {layer}",
            "activation": name,
            "start": STARTS[start],
            "hidden_layers": values.shape[1] - 1,
            "repeat": repeat,
            "value": float(value),
        }
        for (name, start), values in spread.items()
        for repeat, layers in enumerate(values)
        for layer, value in enumerate(layers)
    ]
    return found


def _panels(
    losses: Mapping[Case, Array], spread: Mapping[tuple[str, str], Array], depths: list[int]
) -> tuple[Lines, ...]:
    panels = []
    for name in SUITED:
        curves = {
            label: band(depths, [losses[name, start, depth] for depth in depths])
            for start, label in STARTS.items()
        }
        panels.append(Lines(f"Loss reached, {name}", "Hidden layers", "Held-out log-loss", curves))
    curves = {}
    for start, label in STARTS.items():
        mean = np.exp(np.log(spread["relu", start]).mean(axis=0))
        curves[label] = Curve(range(len(mean)), mean)
    panels.append(
        Lines("At the start, relu", "Layer (0: inputs)", "Mean square of activations", curves, log_y=True)
    )
    return tuple(panels)
