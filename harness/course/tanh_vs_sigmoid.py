"""tanh usually beats sigmoid in hidden layers: test error, paired over draws of rows, on several data sets.

Networks with tanh and with sigmoid in one hidden layer or three learn the same rows from the same seed by
Adam over one cycle; each takes the learning rate of the grid with the lowest validation loss, and is judged
on test rows. The difference is sigmoid's error less tanh's, in points (hundredths of the test rows).

Rule. A case is a data set and a depth. tanh surely wins a case where the 95 % t interval of the difference
over repeats lies above 0; it does not win it where the upper limit is below 1 point (no difference worth
having, or sigmoid is better). "Usually" is more than half of the cases: supported where tanh surely wins more
than half, contradicted where it does not win at least half, else undetermined. The effect is the difference
in the mean over cases; its interval is over repeats, for these data sets.

The rates were 0.003 to 0.1 in a first run, in which sigmoid often took the largest; the rule is unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.course.arms import Case, Outcomes, Setting, outcomes_of, told
from harness.course.finding import Array, Bars, Finding
from harness.course.intervals import mean_interval
from harness.records import Task
from harness.verdicts import Answer

WORTH_HAVING = 1.0  # points


def run(
    *,
    depths: list[int],
    units: int,
    rates: list[float],
    rows: int,
    batch: int,
    steps: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Train both activations on every data set and depth."""
    setting = Setting(units, rates, batch, steps, repeats, seed)
    found = outcomes_of(data, [rows], depths, ["tanh", "sigmoid"], setting)
    gaps = {case: 100 * (each["sigmoid"] - each["tanh"]) for case, each in found.errors.items()}
    return _judged(found, gaps, found.at_ends(rates))


def answer(gaps: Mapping[Case, Array]) -> tuple[Answer, list[Case], list[Case], list[Case]]:
    """The verdict; the cases that tanh surely wins, those it does not win, those that sigmoid surely wins."""
    held = {case: mean_interval(gap) for case, gap in gaps.items()}
    wins = [case for case, (_, low, _) in held.items() if low > 0]
    fails = [case for case, (_, low, high) in held.items() if high < WORTH_HAVING and low <= 0]
    losses = [case for case, (*_, high) in held.items() if high < 0]
    verdict = Answer.UNDETERMINED
    if 2 * len(wins) > len(gaps):
        verdict = Answer.SUPPORTED
    elif 2 * len(fails) >= len(gaps):
        verdict = Answer.CONTRADICTED
    return verdict, wins, fails, losses


def _judged(found: Outcomes, gaps: Mapping[Case, Array], ends: str) -> Finding:
    verdict, wins, fails, losses = answer(gaps)
    mean, low, high = mean_interval(np.mean(list(gaps.values()), axis=0))
    open_ones = [case for case in gaps if case not in wins and case not in fails]
    return Finding(
        verdict,
        *(mean, low, high),
        unit="points less test error with tanh than with sigmoid, mean of data sets and depths",
        sentence=(
            f"tanh surely has the lower error in {len(wins)} of {len(gaps)} cases (data set and depth), "
            f"sigmoid in {len(losses)}; in {len(fails)} it is at most {WORTH_HAVING:g} point better, if at "
            f"all. The mean difference is {mean:+.1f} points ({low:+.1f} to {high:+.1f})."
        ),
        rows=found.rows(),
        panels=(
            Bars(
                "tanh against sigmoid",
                "Points less test error with tanh (mean, 95 %)",
                {told(case): mean_interval(gap) for case, gap in gaps.items()},
            ),
        ),
        conditions=f"{_conditions(gaps, wins, fails, open_ones)} {ends}".strip(),
    )


def _conditions(
    gaps: Mapping[Case, Array], wins: list[Case], fails: list[Case], open_ones: list[Case]
) -> str:
    parts = []
    for name, cases in (
        ("tanh surely ahead", wins),
        (f"Not ahead, or by less than {WORTH_HAVING:g} point", fails),
        ("Open", open_ones),
    ):
        if cases:
            listed = "; ".join(f"{told(case)} ({gaps[case].mean():+.1f})" for case in cases)
            parts.append(f"{name}: {listed}.")
    by_depth = {depth: [gap.mean() for case, gap in gaps.items() if case[2] == depth] for *_, depth in gaps}
    deep = "; ".join(f"{depth} hidden: {np.mean(each):+.1f}" for depth, each in by_depth.items())
    return f"{' '.join(parts)} Mean difference by the number of layers: {deep} points."
