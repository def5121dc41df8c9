"""Large weights at the start saturate sigmoid and tanh: their slopes vanish, and training is slow.

Networks of one hidden layer and of three learn digits by gradient descent in mini-batches. The hidden layers'
weights start at a multiple (the scale) of Xavier's; the output's are Xavier's at any scale, so that the first
loss is no larger. A unit is saturated for a row where its slope g'(z) is below 5 % of the largest that its
activation has. ReLU, which has no flat end above 0, is the control: what large weights cost it is not
saturation. Each (activation, depth, scale) takes its own learning rate of the grid, the one that reaches the
target on a draw of rows used for nothing else in the fewest steps. A training that does not reach it counts
as the last step.

Rule, of three parts, for sigmoid and for tanh, by 95 % t intervals over repeats. *Saturates*: the share
saturated at the large scale less that at 1. *Slower*: the mean over depths of log(steps at the large scale /
steps at scale 1). *Because of it*: that, less ReLU's, where every ReLU network arrives at the large scale
(else its slowdown is a lower bound). Supported where all of these lie above 0. Contradicted where one of the
first two lies below 0, for either. Else undetermined: so where ReLU slows down as much, for then large
weights saturate, and that learning is slow because of it is not shown. The effect is the ratio of steps over
that of ReLU, of sigmoid and tanh together.

Changed after a first run, in which the rule had no third part, and ReLU slowed down more than either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import numpy as np

from harness.checks import mistake
from harness.course.finding import Array, Finding, Lines, Row
from harness.course.intervals import band, mean_interval, ratio_interval
from harness.course.rates import at_ends, best
from harness.course.rows import draw
from harness.course.saturation import STEEPEST, Case, Setting
from harness.course.scaled import standardized
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer

SATURATING = ("sigmoid", "tanh")


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
    chosen: dict[Case, float] = {}
    for case in product(STEEPEST, depths, scales):

        def tried(rate: float, case: Case = case) -> tuple[tuple[float, float], None]:
            return setting.steps_to_target(case, rate, draws[-1], starts[-1]), None

        chosen[case], _ = best(rates, tried)
        reached = [
            setting.steps_to_target(case, chosen[case], draws[k], starts[k])[0] for k in range(repeats)
        ]
        taken[case] = np.minimum(reached, steps)
        flat[case] = np.array([setting.saturated(case, draws[k], starts[k]) for k in range(repeats)])
    taken_rates = {name: [chosen[case] for case in chosen if case[0] == name] for name in STEEPEST}
    return _judged(taken, flat, chosen, depths, scales, large, setting, at_ends(taken_rates, rates))


def _log_steps(taken: Mapping[Case, Array], name: str, depths: list[int], scale: float) -> Array:
    """The mean over depths of the logarithm of the steps, of each repeat."""
    logs: Array = np.mean([np.log(taken[name, depth, scale]) for depth in depths], axis=0)
    return logs


def _slower(taken: Mapping[Case, Array], name: str, depths: list[int], large: float) -> Array:
    """The logarithm of the steps at the large scale over those at 1, of each repeat."""
    return _log_steps(taken, name, depths, large) - _log_steps(taken, name, depths, 1.0)


def _judged(
    taken: Mapping[Case, Array],
    flat: Mapping[Case, Array],
    chosen: Mapping[Case, float],
    depths: list[int],
    scales: list[float],
    large: float,
    setting: Setting,
    ends: str,
) -> Finding:
    def more(name: str, scale: float) -> Array:
        shares: Array = np.mean([flat[name, depth, scale] for depth in depths], axis=0)
        return shares

    logs = {name: _slower(taken, name, depths, large) for name in STEEPEST}
    rises = {name: more(name, large) - more(name, 1.0) for name in SATURATING}
    arrives = all((taken["relu", depth, large] < setting.steps).all() for depth in depths)
    verdict, parts = answer(rises, logs, arrives)
    ratio = {name: ratio_interval(np.exp(each)) for name, each in logs.items()}
    shares = {name: (more(name, 1.0).mean(), more(name, large).mean()) for name in SATURATING}
    told = "; ".join(
        f"{name}: {100 * shares[name][0]:.0f} % saturated at scale 1 and {100 * shares[name][1]:.0f} % at "
        f"{large:g}, {ratio[name][0]:.1f} times the steps ({ratio[name][1]:.1f} to {ratio[name][2]:.1f})"
        for name in SATURATING
    )
    return Finding(
        verdict,
        *ratio_interval(np.exp(np.mean([logs[name] - logs["relu"] for name in SATURATING], axis=0))),
        unit=f"times ReLU's slowdown (steps to a loss of {setting.target:g}, at {large:g} times Xavier's)",
        sentence=f"{parts} Of hidden units at the start, and steps to the target: {told}.",
        rows=tuple(_rows(taken, flat, chosen)),
        panels=_panels(taken, flat, depths, scales, setting.steps),
        conditions=f"{_conditions(taken, depths, scales, large, setting.steps)} {ends}".strip(),
    )


def answer(
    rises: Mapping[str, Array], logs: Mapping[str, Array], relu_arrives: bool = True
) -> tuple[Answer, str]:
    """The verdict, and how each part of it comes out: saturates, slower, because of it."""
    over = {name: logs[name] - logs["relu"] for name in SATURATING}
    because = relu_arrives and _sign([over[name] for name in SATURATING]) is Answer.SUPPORTED
    parts = {
        "saturates": _sign([rises[name] for name in SATURATING]),
        "is slower": _sign([logs[name] for name in SATURATING]),
        "is slower because of it": Answer.SUPPORTED if because else Answer.UNDETERMINED,
    }
    told = f"That a network {'; that it '.join(f'{part}: {word}' for part, word in parts.items())}."
    if Answer.CONTRADICTED in list(parts.values())[:2]:
        return Answer.CONTRADICTED, told
    if set(parts.values()) == {Answer.SUPPORTED}:
        return Answer.SUPPORTED, told
    return Answer.UNDETERMINED, told


def _sign(samples: Iterable[Array]) -> Answer:
    """Whether every mean surely lies above 0, or one surely below."""
    held = [mean_interval(each) for each in samples]
    if all(low > 0 for _, low, _ in held):
        return Answer.SUPPORTED
    return Answer.CONTRADICTED if any(high < 0 for *_, high in held) else Answer.UNDETERMINED


def _conditions(
    taken: Mapping[Case, Array], depths: list[int], scales: list[float], large: float, most: int
) -> str:
    fewest = {
        name: min(scales, key=lambda scale: float(_log_steps(taken, name, depths, scale).mean()))
        for name in STEEPEST
    }
    ran_out = {
        (name, scale): 100 * np.mean([taken[name, depth, scale] >= most for depth in depths])
        for name, scale in product(STEEPEST, dict.fromkeys((1.0, large)))
    }
    capped = [
        f"{share:.0f} % of those with {name} at scale {scale:g}"
        for (name, scale), share in ran_out.items()
        if share
    ]
    relu = ratio_interval(np.exp(_slower(taken, "relu", depths, large)))
    told = (
        f"ReLU, which does not saturate, takes {relu[0]:.1f} times the steps at scale {large:g} "
        f"({relu[1]:.1f} to {relu[2]:.1f}). The fewest steps are at scale "
        f"{', '.join(f'{scale:g} for {name}' for name, scale in fewest.items())}. Each scale has its own "
        "best learning rate."
    )
    return told + (f" Trainings that ran out of steps: {', '.join(capped)}." if capped else "")


def _rows(taken: Mapping[Case, Array], flat: Mapping[Case, Array], chosen: Mapping[Case, float]) -> list[Row]:
    return [
        {
            "activation": name,
            "hidden_layers": depth,
            "scale": scale,
            "learning_rate": chosen[name, depth, scale],
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
        if name in SATURATING:
            share = [
                100 * np.mean([flat[name, depth, scale] for depth in depths], axis=0) for scale in scales
            ]
            shares[name] = band(scales, share)
        logs = [_log_steps(taken, name, depths, scale) for scale in scales]
        counts[name] = band(scales, np.exp(logs), ratio_interval)
    x_label = "Scale of the first weights (1 is Xavier)"
    return (
        Lines("Saturated at the start", x_label, "Hidden units, over rows (%)", shares, log_x=True),
        Lines("Steps to the target", x_label, f"Steps (at most {steps:,})", counts, log_x=True, log_y=True),
    )
