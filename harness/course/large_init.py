"""Large weights at the start saturate sigmoid and tanh: their slopes vanish, and training is slow.

Networks of one hidden layer and of three learn digits by gradient descent in mini-batches. The hidden layers'
weights start at a multiple (the scale) of Xavier's; the output's are Xavier's at any scale, so that the first
loss is no larger. A unit is saturated for a row where its slope g'(z) is below 5 % of the largest that its
activation has. ReLU, which has no flat end above 0, is the control: what large weights cost it is not
saturation. Each (activation, depth, scale) takes its own learning rate of the grid, the one that reaches the
target on a draw of rows used for nothing else in the fewest steps. A training that does not reach it counts
as the last step.

Rule. For each repeat, the mean over depths of log(steps at the large scale / steps at scale 1), and the share
saturated at the large scale less that at 1; 95 % t intervals over repeats. Supported where, for sigmoid and
for tanh, both lie above 0; contradicted where, for either, one of the two lies below 0. Else undetermined.
The effect is the ratio of steps, of sigmoid and tanh together.
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
from harness.course.scaled import hidden_values, standardized, started, watched_from
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models.initializers import xavier
from models.network import Parameters
from models.training import Plan

STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
SATURATING = ("sigmoid", "tanh")
FLAT = 0.05  # of the steepest slope
LOOK = 5  # steps between two looks
Case = tuple[str, int, float]  # activation, hidden layers, scale


@dataclass(frozen=True)
class Setting:
    """What every training has in common."""

    units: int
    outputs: int
    batch: int
    steps: int
    target: float

    def start(self, case: Case, rows: Rows, start: int) -> Parameters:
        """Parameters at their start."""
        _, depth, scale = case
        sizes = (rows.X.shape[1], *(self.units,) * depth, self.outputs)
        return started(sizes, lambda into, out, rng: scale * xavier(into, out, rng), xavier, start)

    def steps_to_target(self, case: Case, rate: float, rows: Rows, start: int) -> tuple[float, float]:
        """Steps to the target, infinite where it is not reached; and the least loss."""
        plan = Plan(self.batch, self.steps, "gradient_descent", "constant", rate)
        looks = range(LOOK, self.steps + 1, LOOK)
        seen = watched_from(self.start(case, rows, start), case[0], rows, plan, looks, start)
        return seen.steps_to(self.target), float(seen.loss.min())

    def saturated(self, case: Case, rows: Rows, start: int) -> float:
        """The share of (row, hidden unit) whose slope is below 5 % of the steepest."""
        slopes = hidden_values(self.start(case, rows, start), case[0], rows.X)[1]
        return float(np.mean([np.mean(each < FLAT * STEEPEST[case[0]]) for each in slopes]))


def check(settings: Mapping[str, Any], path: str) -> None:
    """The verdict compares the large scale with 1, so both must be among the scales."""
    for scale in (1.0, settings["large"]):
        if scale not in settings["scales"]:
            rule = f"a list that holds 1 and {path}.large ({settings['large']:g})"
            raise mistake(f"{path}.scales", rule, settings["scales"])


def run(
    *,
    scales: list[float],
    large: float,
    depths: list[int],
    units: int,
    rates: list[float],
    rows: int,
    batch: int,
    steps: int,
    target: float,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Choose learning rates, train every case, and count saturated units; scales must hold 1 and `large`."""
    task = data["digits"]
    setting = Setting(units, len(task.classes), batch, steps, target)
    draws = [
        standardized(draw(task, rows, len(task.y) // 3, seed=seed, repeat=k)) for k in range(repeats + 1)
    ]
    starts = [seed_for("start", seed=seed, repeat=k) for k in range(repeats + 1)]
    taken: dict[Case, Array] = {}
    flat: dict[Case, Array] = {}
    for case in product(STEEPEST, depths, scales):
        tried = {rate: setting.steps_to_target(case, rate, draws[-1], starts[-1]) for rate in rates}
        rate = min(rates, key=lambda one: tried[one])
        reached = [setting.steps_to_target(case, rate, draws[k], starts[k])[0] for k in range(repeats)]
        taken[case] = np.minimum(reached, steps)
        flat[case] = np.array([setting.saturated(case, draws[k], starts[k]) for k in range(repeats)])
    return _judged(taken, flat, depths, scales, large, setting)


def _judged(
    taken: Mapping[Case, Array],
    flat: Mapping[Case, Array],
    depths: list[int],
    scales: list[float],
    large: float,
    setting: Setting,
) -> Finding:
    def slower(name: str) -> Array:
        """log(steps at the large scale / at 1), a value for each repeat."""
        logs: Array = np.mean(
            [np.log(taken[name, depth, large] / taken[name, depth, 1.0]) for depth in depths], axis=0
        )
        return logs

    def more(name: str, scale: float) -> Array:
        shares: Array = np.mean([flat[name, depth, scale] for depth in depths], axis=0)
        return shares

    logs = {name: slower(name) for name in STEEPEST}
    rises = {name: more(name, large) - more(name, 1.0) for name in SATURATING}
    held = [mean_interval(each) for name in SATURATING for each in (logs[name], rises[name])]
    verdict = Answer.UNDETERMINED
    if all(low > 0 for _, low, _ in held):
        verdict = Answer.SUPPORTED
    elif any(high < 0 for *_, high in held):
        verdict = Answer.CONTRADICTED
    ratio = {name: ratio_interval(np.exp(each)) for name, each in logs.items()}
    shares = {name: (more(name, 1.0).mean(), more(name, large).mean()) for name in SATURATING}
    told = "; ".join(
        f"{name}: {100 * shares[name][0]:.0f} % saturated at scale 1 and {100 * shares[name][1]:.0f} % at "
        f"{large:g}, {ratio[name][0]:.1f} times the steps ({ratio[name][1]:.1f} to {ratio[name][2]:.1f})"
        for name in SATURATING
    )
    return Finding(
        verdict,
        *ratio_interval(np.exp(np.mean([logs[name] for name in SATURATING], axis=0))),
        unit=f"times as many steps to a loss of {setting.target:g} at {large:g} times Xavier's weights",
        sentence=f"Of hidden units at the start, and steps to the target: {told}.",
        rows=tuple(_rows(taken, flat)),
        panels=_panels(taken, flat, depths, scales, setting.steps),
        conditions=_conditions(taken, ratio["relu"], depths, scales, large),
    )


def _conditions(
    taken: Mapping[Case, Array],
    relu: tuple[float, float, float],
    depths: list[int],
    scales: list[float],
    large: float,
) -> str:
    def steps(name: str, scale: float) -> float:
        return float(np.exp(np.mean([np.log(taken[name, depth, scale]) for depth in depths])))

    best = {name: min(scales, key=lambda scale: steps(name, scale)) for name in STEEPEST}
    return (
        f"Saturation is not all of it: ReLU, which does not saturate, takes {relu[0]:.1f} times the steps at "
        f"scale {large:g} ({relu[1]:.1f} to {relu[2]:.1f}). Nor is smaller always better: the fewest steps "
        f"are at scale {', '.join(f'{scale:g} for {name}' for name, scale in best.items())}. Each scale has "
        "its own best learning rate; steps beyond the last are not counted, so ratios are lower bounds."
    )


def _rows(taken: Mapping[Case, Array], flat: Mapping[Case, Array]) -> list[Row]:
    return [
        {
            "activation": name,
            "hidden_layers": depth,
            "scale": scale,
            "repeat": repeat,
            "saturated": float(flat[name, depth, scale][repeat]),
            "steps": float(steps),
        }
        for (name, depth, scale), all_steps in taken.items()
        for repeat, steps in enumerate(all_steps)
    ]


def _panels(
    taken: Mapping[Case, Array],
    flat: Mapping[Case, Array],
    depths: list[int],
    scales: list[float],
    steps: int,
) -> tuple[Lines, Lines]:
    shares, counts = {}, {}
    for name in STEEPEST:
        mean, low, high = zip(
            *(
                mean_interval(100 * np.mean([flat[name, depth, scale] for depth in depths], axis=0))
                for scale in scales
            ),
            strict=True,
        )
        if name in SATURATING:
            shares[name] = Curve(scales, mean, low, high)
        mean, low, high = zip(
            *(
                ratio_interval(
                    np.exp(np.mean([np.log(taken[name, depth, scale]) for depth in depths], axis=0))
                )
                for scale in scales
            ),
            strict=True,
        )
        counts[name] = Curve(scales, mean, low, high)
    x_label = "Scale of the first weights (1 is Xavier)"
    return (
        Lines("Saturated at the start", x_label, "Hidden units, over rows (%)", shares, log_x=True),
        Lines("Steps to the target", x_label, f"Steps (at most {steps:,})", counts, log_x=True, log_y=True),
    )
