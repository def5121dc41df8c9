"""Some functions need exponentially more hidden units in one layer than in several: built, then learned.

Constructed. Parity of n bits: a tree of XORs in ReLU units, one hidden layer of ReLU units, one of threshold
units, and an OR of ANDs (the shallow circuit that the notes count); each is checked on all 2^n inputs. The
tent map applied k times: 2 ReLU units in each of k layers, against one hidden layer; its linear pieces are
counted exactly. One hidden layer of m ReLU units has at most m + 1 pieces on a line, so 2^k pieces need at
least 2^k - 1 units, whatever the weights.

Learned, apart from it: gradient descent (Adam) on every row of parity, and on which side of 1/2 the tent map
ends, with networks of the constructed shapes and with roomy ones, each with its own best rate of the grid.

Rule, of two parts. *There are such functions*: supported where every constructed network is exact, the tent
map in k layers has 2^k pieces for each k, and the fewest units of one layer over those of k layers grow with
every k, to more than 10; contradicted where a constructed network fails. *Parity is one*, and takes 2^(n-1)
units in one layer: contradicted where a single hidden layer of fewer neural units is exact on all 2^n inputs
for some n; no construction can support it. Contradicted where one part is, supported where both are, else
undetermined. The verdict is on what can be computed; what is learned has no part in it. The effect is the
ratio of the first part at the largest k, a count: low and high are the same.

Changed after a first run, whose rule was that of the first part alone, while its statement had both.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from harness.checks import mistake
from harness.course.constructed import (
    output,
    tent_in_layers,
    truth_table,
)
from harness.course.depth_built import constructed_parity, constructed_tent
from harness.course.depth_learned import Errors, learn, shapes
from harness.course.finding import Curve, Finding, Lines, Row
from harness.course.rates import at_ends
from harness.verdicts import Answer

CLEARLY = 10.0
POINTS = 257  # of [0, 1], to learn the tent map from


def check(settings: Mapping[str, Any], path: str) -> None:
    """A tree of XORs takes its inputs two by two."""
    for name in ("bits", "learned_bits"):
        if any(bits < 2 or bits & (bits - 1) for bits in settings[name]):
            raise mistake(f"{path}.{name}", "powers of two of at least 2", settings[name])


def run(
    *,
    bits: list[int],
    times: list[int],
    learned_bits: list[int],
    learned_times: list[int],
    rates: list[float],
    steps: int,
    starts: int,
    seed: int,
) -> Finding:
    """Build and check the constructions; then let networks learn the same functions. bits: powers of two."""
    parity = [constructed_parity(count) for count in bits]
    tent = [constructed_tent(count) for count in times]
    learned: Errors = {}
    for count in learned_bits:
        for name, hidden in shapes("parity", count).items():
            learned["parity", count, name] = learn(*truth_table(count), hidden, rates, steps, starts, seed)
    x = np.linspace(0, 1, POINTS)[:, None]
    for count in learned_times:
        y = (output(tent_in_layers(count), x) >= 0.5).astype(int)
        for name, hidden in shapes("tent map", count).items():
            learned["tent map", count, name] = learn(x, y, hidden, rates, steps, starts, seed)
    return _judged(parity, tent, learned, rates)


def _ratios(tent: list[Row]) -> list[float]:
    """The fewest units of one layer over those of the deep network."""
    return [float(row["one_layer_at_least"]) / float(row["deep_units"]) for row in tent]


def answers(parity: list[Row], tent: list[Row]) -> tuple[Answer, Answer]:
    """Whether there are functions that need depth; and whether parity is one."""
    ratios = _ratios(tent)
    depth = fewer = Answer.UNDETERMINED
    if not all(row["exact"] for row in (*parity, *tent)):
        depth = Answer.CONTRADICTED
    elif all(a < b for a, b in pairwise(ratios)) and ratios[-1] > CLEARLY:
        depth = Answer.SUPPORTED
    if any(row["exact"] and float(row["one_layer_units"]) < 2 ** (int(row["size"]) - 1) for row in parity):
        fewer = Answer.CONTRADICTED
    return depth, fewer


def _judged(parity: list[Row], tent: list[Row], learned: Errors, rates: list[float]) -> Finding:
    ratio = _ratios(tent)[-1]
    parts = answers(parity, tent)
    verdict = Answer.UNDETERMINED
    if Answer.CONTRADICTED in parts:
        verdict = Answer.CONTRADICTED
    elif set(parts) == {Answer.SUPPORTED}:
        verdict = Answer.SUPPORTED
    last, most = tent[-1], parity[-1]
    return Finding(
        verdict,
        *(ratio,) * 3,
        unit=f"times as many units at least in one layer as in {last['size']}, tent map",
        sentence=(
            f"That there are such functions: {parts[0]}. That parity is one: {parts[1]}. "
            f"The tent map applied {last['size']} times has {last['pieces']:,} pieces: {last['deep_units']} "
            f"ReLU units in {last['size']} layers make them, one hidden layer needs at least "
            f"{last['one_layer_at_least']:,}. Parity of {most['size']} bits, the notes' example, takes "
            f"{most['deep_units']} units as a tree of XORs in {most['deep_layers']} layers, and an OR of "
            f"ANDs takes {most['and_terms']:,} terms, but one hidden layer of ReLU or threshold units takes "
            f"{most['one_layer_units']}."
        ),
        rows=(*parity, *tent, *_rows(learned)),
        panels=_panels(parity, tent, learned),
        conditions=f"{_conditions(learned)} {_ends(learned, rates)}".strip(),
    )


def _ends(learned: Errors, rates: list[float]) -> str:
    chosen: dict[str, list[float]] = {}
    for (_, _, name), (rate, _) in learned.items():
        chosen.setdefault(name, []).append(rate)
    return at_ends(chosen, rates)


def _conditions(learned: Errors) -> str:
    told = []
    for function in dict.fromkeys(key[0] for key in learned):
        size = max(key[1] for key in learned if key[0] == function)
        each = "; ".join(
            f"{name} {100 * np.mean(errors):.0f} %"
            for (kind, count, name), (_, errors) in learned.items()
            if (kind, count) == (function, size)
        )
        what = f"parity of {size} bits" if function == "parity" else f"the tent map applied {size} times"
        told.append(f"rows wrong after training on all rows of {what}: {each}")
    return (
        "The 2^(n-1) of the notes is right for circuits of AND and OR, and wrong for neural units: a unit "
        "adds up its inputs, so n units in one layer compute parity of n bits, fewer than the tree has. "
        f"That a function can be computed is not that it is learned: {'; and '.join(told)}."
    )


def _rows(learned: Errors) -> list[Row]:
    return [
        {
            "function": function,
            "size": size,
            "network": name,
            "start": start,
            "learning_rate": rate,
            "learned_error": error,
        }
        for (function, size, name), (rate, errors) in learned.items()
        for start, error in enumerate(errors)
    ]


def _panels(parity: list[Row], tent: list[Row], learned: Errors) -> tuple[Lines, ...]:
    def units(rows: list[Row], labels: Mapping[str, str]) -> dict[str, Curve]:
        sizes = [float(row["size"]) for row in rows]
        return {label: Curve(sizes, [float(row[key]) for row in rows]) for label, key in labels.items()}

    times = sorted({count for function, count, _ in learned if function == "tent map"})
    errors = {
        f"learned: {name}": Curve(
            times, [100 * float(np.mean(learned["tent map", count, name][1])) for count in times]
        )
        for name in shapes("tent map", 1)
    }
    built = {"deep": "deep_units", "one layer": "one_layer_units"}
    return (
        Lines(
            "Tent map: units", "Times applied", "Hidden units, constructed", units(tent, built), log_y=True
        ),
        Lines(
            "Parity: units",
            "Bits",
            "Hidden units (or terms), constructed",
            units(parity, {**built, "OR of ANDs": "and_terms"}),
            log_y=True,
        ),
        Lines("Tent map: learned", "Times applied", "Rows wrong (%)", errors),
    )
