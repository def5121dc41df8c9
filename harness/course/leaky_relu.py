"""Leaky ReLU works about as well as ReLU: equivalence of test errors, paired over draws, on data sets.

Networks with ReLU and with leaky ReLU (slope 0.01) in one hidden layer or three learn the same rows from the
same seed; each takes the learning rate of the grid with the lowest validation loss, and is judged on test
rows. The difference is leaky ReLU's error less ReLU's, in points (hundredths of the test rows), in each
repeat the mean over the depths.

Rule. "About as well" is within 2 points either way, the margin of the harness's verdicts, by two one-sided
tests: the 90 % t interval over repeats lies inside. Supported where that is so on every data set (so no
correction is due), contradicted where on some data set the difference surely exceeds the margin (an interval
at 95 %, divided among the data sets, lies outside it), else undetermined. The effect is the mean difference
over data sets, its interval over repeats, for these data sets.

The rates were 0.003 to 0.03 in a first run; the rule is unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.course.arms import Case, Outcomes, Setting, outcomes_of, told
from harness.course.finding import Array, Bars, Finding
from harness.course.intervals import Interval, mean_interval
from harness.records import Task
from harness.verdicts import Answer

MARGIN = 2.0  # points


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
    found = outcomes_of(data, [rows], depths, ["relu", "leaky_relu"], setting)
    gaps = {case: 100 * (each["leaky_relu"] - each["relu"]) for case, each in found.errors.items()}
    by_data = {name: np.mean([gap for case, gap in gaps.items() if case[0] == name], axis=0) for name in data}
    return _judged(found, gaps, by_data, found.at_ends(rates))


def answer(gaps: Mapping[str, Array]) -> tuple[Answer, list[str], list[str]]:
    """The verdict, the data sets on which both are equivalent, and those on which they surely are not."""
    within, outside = [], []
    for name, gap in gaps.items():
        _, low, high = mean_interval(gap, 0.90)
        if low > -MARGIN and high < MARGIN:
            within.append(name)
        _, low, high = mean_interval(gap, 1 - 0.05 / len(gaps))
        if low > MARGIN or high < -MARGIN:
            outside.append(name)
    verdict = Answer.UNDETERMINED
    if outside:
        verdict = Answer.CONTRADICTED
    elif len(within) == len(gaps):
        verdict = Answer.SUPPORTED
    return verdict, within, outside


def _judged(found: Outcomes, gaps: Mapping[Case, Array], by_data: Mapping[str, Array], ends: str) -> Finding:
    verdict, within, outside = answer(by_data)
    mean, low, high = mean_interval(np.mean(list(by_data.values()), axis=0))
    return Finding(
        verdict,
        *(mean, low, high),
        unit="points more test error with leaky ReLU than with ReLU, mean of data sets",
        sentence=(
            f"Leaky ReLU's error is within {MARGIN:g} points of ReLU's, by two one-sided tests, on "
            f"{len(within)} of {len(by_data)} data sets ({', '.join(within) or 'none'}); the mean difference "
            f"is {mean:+.2f} points ({low:+.2f} to {high:+.2f})."
        ),
        rows=found.rows(),
        panels=(
            Bars(
                "Leaky ReLU against ReLU",
                f"Points more test error with leaky ReLU (mean, 90 %; the margin is {MARGIN:g})",
                {told(case): mean_interval(gap, 0.90) for case, gap in gaps.items()},
            ),
        ),
        conditions=f"{_conditions(by_data, within, outside)} {ends}".strip(),
    )


def _conditions(by_data: Mapping[str, Array], within: list[str], outside: list[str]) -> str:
    held = {name: mean_interval(gap, 0.90) for name, gap in by_data.items()}
    needed = max(max(-low, high) for _, low, high in held.values())
    told = [
        f"The margin is a choice, and decides: every data set is within {needed:.2g} points, the smallest "
        "margin at which this rule would call all of them equivalent."
    ]
    for words, names in (
        ("Surely outside it", outside),
        ("Open, because the error varies more between draws and starts than the margin",
         [name for name in by_data if name not in within and name not in outside]),
    ):  # fmt: skip
        each = "; ".join(f"{name} {_words(held[name])}" for name in names)
        told += [f"{words}: {each}."] if names else []
    return " ".join(
        [
            *told,
            "This is of a slope of 0.01, networks of few layers and the usual start; deep networks whose "
            "ReLU units die, for which the leak is meant, were not tried.",
        ]
    )


def _words(interval: Interval) -> str:
    mean, low, high = interval
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
