"""Gradient descent converges faster on normalised inputs: steps to a tolerance against the condition number.

Logistic regression (the network without a hidden layer) takes steps of gradient descent on all rows of two
overlapping classes, until its loss is within a thousandth of the way from the start's, ln 2, to the least
(Newton's method gives that; normalising changes no optimum). The columns are independent and their scales
run, in equal ratios, from 1 up to a spread; two other kinds make a condition number without it: a mean far
from 0, and a correlation, which standardising each column leaves as it is. Each arm (the columns as they are,
or standardised) takes its own best step: of 2/L times a grid of factors, L the arm's largest curvature at the
start, the one with the fewest steps that does not diverge.

Rule. For each repeat, the mean over spreads above 1 of log(steps as they are / steps standardised); 95 % t
interval over repeats. Supported above 0 (a ratio above 1), contradicted below, else undetermined. A training
that does not arrive counts as the last step, which favours the columns as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from harness.course.descent import Arrived, arrived, inputs
from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.intervals import band, ratio_interval
from harness.course.rates import at_ends
from harness.verdicts import Answer

ARMS = {"as they are": False, "standardised": True}
ARTICLES = {"offset": "an", "correlation": "a"}
Case = tuple[str, float, str]  # kind, its measure, arm


def run(
    *,
    spreads: list[float],
    offset: float,
    correlation: float,
    columns: int,
    rows: int,
    factors: list[float],
    steps: int,
    repeats: int,
    seed: int,
) -> Finding:
    """Train both arms on columns of each spread, with a mean of `offset`, and with a correlation."""
    kinds = [("scales", spread) for spread in spreads]
    kinds += [("offset", offset), ("correlation", correlation)]
    found: dict[Case, list[Arrived]] = {}
    for (kind, measure), (arm, standardize) in product(kinds, ARMS.items()):
        found[kind, measure, arm] = [
            arrived(*inputs(kind, measure, rows, columns, seed, k), standardize, factors, steps)
            for k in range(repeats)
        ]
    chosen = {
        arm: [one.factor for case, some in found.items() if case[2] == arm for one in some] for arm in ARMS
    }
    return _judged(found, spreads, steps, at_ends(chosen, factors))


def _judged(found: Mapping[Case, list[Arrived]], spreads: list[float], steps: int, ends: str) -> Finding:
    def logs(kind: str, measure: float) -> Array:
        raw, scaled = (np.array([one.steps for one in found[kind, measure, arm]]) for arm in ARMS)
        ratios: Array = np.log(raw / scaled)
        return ratios

    wide = [spread for spread in spreads if spread > 1]
    mean, low, high = ratio_interval(np.exp(np.mean([logs("scales", each) for each in wide], axis=0)))
    verdict = Answer.UNDETERMINED
    if low > 1:
        verdict = Answer.SUPPORTED
    elif high < 1:
        verdict = Answer.CONTRADICTED
    slope = _slope(found, spreads, steps)
    last = ratio_interval(np.exp(logs("scales", spreads[-1])))[0]
    return Finding(
        verdict,
        *(mean, low, high),
        unit="times as many steps as with standardised columns, mean over spreads of scales",
        sentence=(
            f"With columns whose scales differ by {wide[0]:g} to {wide[-1]:g} times, gradient descent takes "
            f"{mean:.1f} times the steps that it takes on standardised columns, {last:.0f} times at the "
            f"widest. {_grows(found, slope, spreads)}"
        ),
        rows=tuple(_rows(found)),
        panels=_panels(found, spreads),
        conditions=f"{_conditions(found, logs, steps)} {ends}".strip(),
    )


def _grows(found: Mapping[Case, list[Arrived]], slope: float | None, spreads: list[float]) -> str:
    """How the steps grow with the condition number as they are, and with the spread standardised."""
    if slope is None:
        return "Too few trainings arrive to say how the steps grow with the condition number."
    ends = [
        np.log([one.steps for one in found["scales", spread, "standardised"]])
        for spread in (min(spreads), max(spreads))
    ]
    grown, low, high = ratio_interval(np.exp(ends[1] - ends[0]))
    return (
        f"The steps grow as the condition number to the power {slope:.2f}; on standardised columns those at "
        f"the widest are {grown:.2f} times those at the narrowest ({low:.2f} to {high:.2f})."
    )


def _slope(found: Mapping[Case, list[Arrived]], spreads: list[float], steps: int) -> float | None:
    """D log(steps) / d log(condition number) as they are, of those that arrived; None where too few did."""
    seen = [one for spread in spreads for one in found["scales", spread, "as they are"] if one.steps < steps]
    if len({one.condition for one in seen}) < 2:
        return None
    condition, taken = np.log([(one.condition, one.steps) for one in seen]).T
    return float(np.polyfit(condition, taken, 1)[0])


def _conditions(found: Mapping[Case, list[Arrived]], logs: Callable[[str, float], Array], steps: int) -> str:
    told, gains, same = list[str](), list[str](), list[str]()
    for kind, measure, arm in found:
        if (kind == "scales" and measure > 1) or arm != "standardised":
            continue
        mean, low, high = ratio_interval(np.exp(logs(kind, measure)))
        named = "columns of one scale" if kind == "scales" else f"{ARTICLES[kind]} {kind} of {measure:g}"
        told.append(f"{_times(mean)} with {named} ({_times(low)} to {_times(high)})")
        (gains if low > 1 else same).append(named)
    parts = [f"Ratio of steps, without standardising over with it: {'; '.join(told)}."]
    if gains:
        parts.append(f"So standardising surely helps with {' and '.join(gains)}.")
    if same:
        parts.append(f"It is not shown to help with {' and '.join(same)}.")
    ran_out = [
        f"{kind} of {measure:g} {arm}"
        for (kind, measure, arm), some in found.items()
        if any(one.steps >= steps for one in some)
    ]
    if ran_out:
        parts.append(f"Steps ran out for {', '.join(ran_out)}, which count as the last step.")
    return " ".join(parts)


def _times(ratio: float) -> str:
    """A ratio in at least two digits, never as a power of ten.

    >>> _times(917.3), _times(1.0), _times(0.82)
    ('917', '1.0', '0.8')
    """
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _rows(found: Mapping[Case, list[Arrived]]) -> list[Row]:
    return [
        {
            "kind": kind,
            "measure": measure,
            "columns": arm,
            "repeat": repeat,
            "condition_number": one.condition,
            "factor": one.factor,
            "steps": one.steps,
        }
        for (kind, measure, arm), some in found.items()
        for repeat, one in enumerate(some)
    ]


def _panels(found: Mapping[Case, list[Arrived]], spreads: list[float]) -> tuple[Lines, Lines]:
    def curve(arm: str, x: list[float]) -> Curve:
        taken = [[one.steps for one in found["scales", spread, arm]] for spread in spreads]
        return band(x, taken, ratio_interval)

    def condition(kind: str, measure: float) -> float:
        some = found[kind, measure, "as they are"]
        return float(np.exp(np.mean([np.log(one.condition) for one in some])))

    others = {}
    for kind, measure, arm in found:
        if kind != "scales" and arm == "as they are":
            mean, low, high = ratio_interval([one.steps for one in found[kind, measure, arm]])
            label = f"as they are, {kind} of {measure:g}"
            others[label] = Curve([condition(kind, measure)], [mean], [low], [high])
    raw = [condition("scales", spread) for spread in spreads]
    return (
        Lines(
            "Steps by the spread of scales",
            "Largest scale over smallest",
            "Steps to the tolerance",
            {arm: curve(arm, list(spreads)) for arm in ARMS},
            log_x=True,
            log_y=True,
        ),
        Lines(
            "Steps by the condition number, as they are",
            "Condition number of the curvature at the start",
            "Steps to the tolerance",
            {"as they are": curve("as they are", raw), **others},
            log_x=True,
            log_y=True,
        ),
    )
