"""No guideline says which activation is best, so try them all: how stable is their ranking?

Networks with sigmoid, tanh, ReLU and leaky ReLU learn each data set at each size, every one with its own best
learning rate (on validation rows). A case is a data set, a size and a depth; its ranking is by the mean test
error over repeats. Kendall's W of the rankings is 1 where all are the same and about 1/cases by chance; its
interval is the jackknife's over data sets, cut off at 0 and 1, beyond which W cannot lie.

Rule. Supported where an activation surely beats another in some case and surely loses to it in another:
paired t intervals over repeats at 95 %, divided among all pairs and cases, on both sides of 0. Then no order
of the activations is right everywhere. Contradicted where a guideline would do: in every case one activation
surely costs less than 1 point over each of the others (the upper limit of its paired 95 % interval; all must
hold, so no correction is due), and W's interval lies above 0.5. Else undetermined.

Changed after a first run, in which the rates were 0.003 to 0.03: a guideline was then what is in no case
surely worse, which few repeats make easy, and W's interval was the bootstrap's, whose doubled data sets agree
with themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from scipy.stats import rankdata

from harness.course.arms import Case, Outcomes, Setting, outcomes_of
from harness.course.finding import Array, Bars, Curve, Finding, Lines
from harness.course.intervals import Interval, jackknife, mean_interval
from harness.records import Task
from harness.verdicts import Answer

NAMES = ["relu", "leaky_relu", "tanh", "sigmoid"]
COST = 1.0  # points that a guideline may cost
Errors = Mapping[Case, Mapping[str, Array]]


def run(
    *,
    sizes: list[int],
    depths: list[int],
    units: int,
    rates: list[float],
    batch: int,
    steps: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train every activation on every data set, size and depth."""
    setting = Setting(units, rates, batch, steps, repeats, seed)
    found = outcomes_of(data, sizes, depths, NAMES, setting)
    names = list(data)

    def agreement(chosen: Array) -> float:
        kept = {names[at] for at in chosen}
        return kendalls_w([_ranks(each) for case, each in found.errors.items() if case[0] in kept])

    value, low, high = jackknife(len(names), agreement)
    return _judged(found, (value, max(low, 0.0), min(high, 1.0)), found.at_ends(rates))


def kendalls_w(ranks: list[Array]) -> float:
    """Kendall's W of rankings (cases) of the same things, ties sharing their mean rank.

    12 S / (cases^2 (things^3 - things)), S the sum of squared deviations of the rank sums; without the
    correction for ties, which are rare here.

    >>> one, other = np.array([1, 2]), np.array([2, 1])
    >>> kendalls_w([one, one]), kendalls_w([one, other])
    (1.0, 0.0)
    """
    table = np.array(ranks, float)
    cases, things = table.shape
    sums = table.sum(axis=0)
    return float(12 * np.sum((sums - sums.mean()) ** 2) / (cases**2 * (things**3 - things)))


def _ranks(errors: Mapping[str, Array]) -> Array:
    ranks: Array = rankdata([errors[name].mean() for name in NAMES])
    return ranks


def reversals(found: Errors) -> list[tuple[str, str, Case, Case]]:
    """(a, b, case, case): a surely beats b in the first case, b surely beats a in the second."""
    pairs = list(combinations(NAMES, 2))
    level = 1 - 0.05 / (len(pairs) * len(found))
    turned = []
    for a, b in pairs:
        held = {case: mean_interval(each[b] - each[a], level) for case, each in found.items()}
        ahead = [case for case, (_, low, _) in held.items() if low > 0]
        behind = [case for case, (*_, high) in held.items() if high < 0]
        if ahead and behind:
            turned.append((a, b, ahead[0], behind[0]))
    return turned


def guidelines(found: Errors) -> list[str]:
    """The activations that in every case surely cost less than `COST` points over each of the others."""
    safe = []
    for name in NAMES:
        highs = [
            100 * mean_interval(each[name] - each[other])[2]
            for each in found.values()
            for other in NAMES
            if other != name
        ]
        if max(highs) < COST:
            safe.append(name)
    return safe


def _judged(of: Outcomes, agreement: Interval, ends: str) -> Finding:
    found = of.errors
    turned, safe = reversals(found), guidelines(found)
    verdict = Answer.UNDETERMINED
    if turned:
        verdict = Answer.SUPPORTED
    elif safe and agreement[1] > 0.5:
        verdict = Answer.CONTRADICTED
    best = [min(NAMES, key=lambda name: each[name].mean()) for each in found.values()]
    counts = ", ".join(f"{name} {best.count(name)}" for name in NAMES)
    lost = {name: _lost(found, name) for name in NAMES}
    told = "; ".join(f"always {name}: {mean:+.1f}" for name, (mean, *_) in lost.items())
    return Finding(
        verdict,
        *agreement,
        unit="Kendall's W of the rankings over data sets, sizes and depths (1: always the same)",
        sentence=(
            f"Over {len(found)} cases the rankings agree with W = {agreement[0]:.2f} ({agreement[1]:.2f} to "
            f"{agreement[2]:.2f}). Cases in which each has the lowest mean error: {counts}. Points of error "
            f"lost to the case's best, on average: {told}."
        ),
        rows=of.rows(),
        panels=_panels(found, lost),
        conditions=f"{_conditions(turned, safe)} {ends}".strip(),
    )


def _conditions(turned: list[tuple[str, str, Case, Case]], safe: list[str]) -> str:
    parts = [
        f"{a} surely beats {b} on {_case(first)}, and surely loses to it on {_case(second)}."
        for a, b, first, second in turned
    ] or ["No pair of activations surely changes places, after correction for the number of comparisons."]
    if safe:
        parts.append(
            f"There is a safe choice: {' and '.join(safe)} surely costs less than {COST:g} point over each "
            "of the others in every case."
        )
    else:
        parts.append(f"No activation surely costs less than {COST:g} point in every case.")
    return " ".join(parts)


def _case(case: Case) -> str:
    return f"{case[0]} ({case[1]:,} rows, {case[2]} hidden)"


def _lost(found: Errors, name: str) -> Interval:
    """Points of error more than the best of each case, mean and 95 % t interval over cases."""
    lost = [
        100 * (each[name].mean() - min(errors.mean() for errors in each.values())) for each in found.values()
    ]
    return mean_interval(lost)


def _panels(found: Errors, lost: Mapping[str, Interval]) -> tuple[Lines, Bars]:
    names = list(dict.fromkeys(case[0] for case in found))
    ranks = np.array(
        [np.mean([_ranks(each) for case, each in found.items() if case[0] == name], axis=0) for name in names]
    )
    numbers = list(range(1, len(names) + 1))
    return (
        Lines(
            "Mean rank on each data set",
            f"Data set: {', '.join(f'{k} {name}' for k, name in zip(numbers, names, strict=True))}",
            "Rank by test error (1: lowest; mean of sizes, depths)",
            {name: Curve(numbers, ranks[:, k].tolist()) for k, name in enumerate(NAMES)},
        ),
        Bars("What one choice for all would cost", "Points of error above each case's best", lost),
    )
