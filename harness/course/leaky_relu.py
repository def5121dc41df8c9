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
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.course.arms import Case, Setting, errors_of, limits, told
from harness.course.finding import Array, Bars, Finding, Row
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
    found = errors_of(data, [rows], depths, ["relu", "leaky_relu"], setting)
    gaps = {case: 100 * (each["leaky_relu"] - each["relu"]) for case, each in found.items()}
    by_data = {name: np.mean([gap for case, gap in gaps.items() if case[0] == name], axis=0) for name in data}
    return _judged(found, gaps, by_data)


def answer(gaps: Mapping[str, Array]) -> tuple[Answer, list[str], list[str]]:
    """The verdict, the data sets on which both are equivalent, and those on which they surely are not."""
    within, outside = [], []
    for name, gap in gaps.items():
        _, low, high = limits(gap, 0.90)
        if low > -MARGIN and high < MARGIN:
            within.append(name)
        _, low, high = limits(gap, 1 - 0.05 / len(gaps))
        if low > MARGIN or high < -MARGIN:
            outside.append(name)
    verdict = Answer.UNDETERMINED
    if outside:
        verdict = Answer.CONTRADICTED
    elif len(within) == len(gaps):
        verdict = Answer.SUPPORTED
    return verdict, within, outside


def _judged(
    found: Mapping[Case, Mapping[str, Array]], gaps: Mapping[Case, Array], by_data: Mapping[str, Array]
) -> Finding:
    verdict, within, _ = answer(by_data)
    mean, low, high = limits(np.mean(list(by_data.values()), axis=0), 0.95)
    return Finding(
        verdict,
        *(mean, low, high),
        unit="points more test error with leaky ReLU than with ReLU, mean of data sets",
        sentence=(
            f"Leaky ReLU's error is within {MARGIN:g} points of ReLU's, by two one-sided tests, on "
            f"{len(within)} of {len(by_data)} data sets ({', '.join(within) or 'none'}); the mean difference "
            f"is {mean:+.2f} points ({low:+.2f} to {high:+.2f})."
        ),
        rows=tuple(_rows(found)),
        panels=(
            Bars(
                "Leaky ReLU against ReLU",
                f"Points more test error with leaky ReLU (mean, 90 %; the margin is {MARGIN:g})",
                {told(case): limits(gap, 0.90) for case, gap in gaps.items()},
            ),
        ),
        conditions=_conditions(by_data, within),
    )


def _conditions(by_data: Mapping[str, Array], within: list[str]) -> str:
    left = [name for name in by_data if name not in within]
    if not left:
        return (
            "This holds for a slope of 0.01, networks of few layers and the usual start; deep networks whose "
            "ReLU units die, for which the leak is meant, were not tried."
        )
    each = "; ".join(
        f"{name} {mean:+.1f} ({low:+.1f} to {high:+.1f})"
        for name, (mean, low, high) in ((name, limits(by_data[name], 0.90)) for name in left)
    )
    return (
        f"Open, because the error varies more between draws and starts than the margin: {each}. On these the "
        "data, and not the slope, decide how well a small network is trained."
    )


def _rows(found: Mapping[Case, Mapping[str, Array]]) -> list[Row]:
    return [
        {"data": case[0], "hidden_layers": case[2], "activation": name, "repeat": k, "test_error": float(e)}
        for case, each in found.items()
        for name, errors in each.items()
        for k, e in enumerate(errors)
    ]
