"""The page's tables as rows of text: verdicts with their evidence, families, forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.curves import Curve, Forecast, rows_to_reach
from harness.curves.calibration import LEVELS
from harness.report.findings import Findings
from harness.report.lever import best
from harness.report.typed import split_command
from harness.report.words import (
    DASH,
    TIMES,
    Shown,
    about,
    capital,
    probability,
    rows,
    seconds,
    share,
)
from harness.verdicts import Comparison, Verdict
from harness.verdicts.questions import SMALL_DATA

STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)  # between round errors, shares
TARGETS = 3  # round errors that the best family is asked for


@dataclass(frozen=True)
class Judged:
    """A verdict as the page shows it.

    Attributes:
        before, command, after: the remedy, with the command in it apart.
        columns, lines: its comparisons.
    """

    verdict: Verdict
    before: str
    command: str
    after: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def judged(of: Verdict, labels: dict[str, str], shown: Shown) -> Judged:
    """A verdict with its evidence in rows: p are one-sided, of the tests the claim is judged by."""
    small = of.claim == SMALL_DATA
    tests = ("p: within\nmargin", "p: beyond\nmargin") if small else ("p:\nbetter", "p: not\nbetter")
    head = ("Compared", "Rows", f"Difference\n({shown.difference})", "95 %\ninterval", "90 %\ninterval")
    columns = (*head, *tests, "Repeats")
    lines = tuple(_comparison(each, labels, small, shown) for each in of.comparisons)
    return Judged(of, *split_command(of.remedy), columns, lines)


def _comparison(of: Comparison, labels: dict[str, str], small: bool, shown: Shown) -> tuple[str, ...]:
    beyond = min(1.0, 2 * min(of.p_better_margin, of.p_worse_margin))
    tests = (of.p_equivalent, beyond) if small else (of.p_less, of.p_no_better)
    return (
        f"{labels.get(of.a, of.a)} minus {labels.get(of.b, of.b)}",
        rows(of.size),
        shown.points(of.interval.mean),
        shown.span(of.interval.low, of.interval.high),
        shown.span(of.low90, of.high90),
        *map(probability, tests),
        str(of.interval.repeats),
    )


def family_columns(shown: Shown) -> tuple[str, ...]:
    """The heads of `families`."""
    label = shown.metric.label
    return (
        *("Family", "Rows", f"Test {label}\n(95 % interval)", "Repeats", "Trials", "Search"),
        *(f"Validation {label},\ndefault to tuned", "Trials pruned,\nfailed", "Flags"),
    )


def families(findings: Findings, deciding: bool) -> list[tuple[str, ...]]:
    """A row for each family and size; only sizes that decide a claim, and the largest, where asked."""
    wanted = {size for verdict in findings.verdicts for size in verdict.sizes}
    wanted |= {max(size for curve in findings.curves for size in curve.sizes)}
    return [
        _family(findings, curve, k)
        for curve in findings.curves
        for k, size in enumerate(curve.sizes)
        if not deciding or size in wanted or size == curve.sizes[-1]
    ]


def _family(findings: Findings, curve: Curve, k: int) -> tuple[str, ...]:
    size, found, shown = curve.sizes[k], curve.intervals[k], findings.shown
    of = findings.summary(curve.family, size)
    head = (curve.label, rows(size), shown.within(found.mean, found.low, found.high), str(found.repeats))
    if of is None:
        return (*head, *[DASH] * (len(family_columns(shown)) - len(head)))
    flagged = dict.fromkeys(
        flag.kind for flag in findings.flags if flag.size == size and curve.family in flag.families
    )
    bounds = [f"at a bound: {', '.join(of.boundary)}"] if of.boundary else []
    flags = [*bounds, *(kind for kind in flagged if kind != "boundary")]
    return (
        *head,
        *(f"{of.trials:.0f}", seconds(of.seconds)),
        f"{shown.value(of.default_error)} to {shown.value(of.tuned_error)}",
        f"{share(of.pruned)}, {share(of.failed)}",
        ";\n".join(flags) or "none",
    )


def forecast_columns(shown: Shown) -> tuple[str, ...]:
    """The heads of `forecasts`."""
    return (
        *("Family", "Last size", f"{capital(shown.metric.label)} there"),
        *(f"{times}{TIMES}" for times in (2, 4, 8)),
    )


def forecasts(findings: Findings) -> list[tuple[str, ...]]:
    """A row for each family: its last error, and the forecasts with their 90 % intervals."""
    table, shown = [], findings.shown
    for of, curve in zip(findings.forecasts, findings.curves, strict=True):
        head = (of.label, rows(curve.sizes[-1]), shown.value(curve.mean[-1]))
        if isinstance(of, Forecast):
            cells = [shown.within(p.error, p.low, p.high, "\n") for p in of.points]
        else:
            cells = ["none", DASH, DASH]
        table.append((*head, *cells))
    return table


REACH_COLUMNS = ("Family", "To reach", "Rows needed", f"Chance that 8{TIMES} is not enough")


def reaches(findings: Findings) -> list[tuple[str, ...]]:
    """Rows needed: by the best family for round errors below its last, by the others for its last error."""
    chosen, shown = best(findings.curves), findings.shown
    table = []
    for of in findings.forecasts:
        if not isinstance(of, Forecast):
            continue
        if of.family == chosen.family:
            unit = 1.0 if shown.metric.is_share else shown.metric.baseline
            wanted = round_errors(unit * of.last_error, unit * of.points[-1].error, unit)
            targets = [(error / unit, shown.value(error / unit)) for error in wanted]
        elif of.last_error > chosen.mean[-1]:
            targets = [(chosen.mean[-1], f"{shown.value(chosen.mean[-1])}, as {chosen.label}")]
        else:
            targets = []
        table += [_reach(of, error, told) for error, told in targets]
    return table


def _reach(of: Forecast, error: float, told: str) -> tuple[str, ...]:
    found = rows_to_reach(of, error)
    low, high = (_needed(of, size) for size in (found.low, found.high))
    return of.label, told, low if found.low is None else f"{low} to {high}", _risk(found.not_by_8x)


def _needed(of: Forecast, size: int | None) -> str:
    """A size that is not rounded to below the last one measured."""
    if size is None:
        return f"> {rows(8 * of.last_size)}"
    return about(size) if size > 1.05 * of.last_size else rows(of.last_size)


def _risk(probability: float) -> str:
    """A probability within what is known; nothing is beyond the outermost calibrated levels."""
    if probability >= LEVELS[-1]:
        return f"> {share(LEVELS[-1])}"
    return f"< {share(LEVELS[0])}" if probability <= LEVELS[0] else share(probability)


def round_errors(last: float, forecast: float, unit: float = 1.0) -> list[float]:
    """At most three round errors below the last one measured, about as far down as the forecast goes.

    `unit` is the baseline, to whose power of ten the steps are taken.

    >>> round_errors(0.1154, 0.055), round_errors(0.2, 0.199)
    ([0.1, 0.08, 0.06], [0.199, 0.198, 0.197])
    >>> round_errors(57.1, 51.0, unit=77.0)
    [56.0, 54.0, 52.0]
    """
    steps = [step * 10 ** np.ceil(np.log10(unit)) for step in STEPS]
    reach = max(last - forecast, steps[0])
    step = max((step for step in steps if step <= reach / TARGETS), default=steps[0])
    first = int(np.ceil(round(last / step, 9))) - 1
    return [float(f"{k * step:.6g}") for k in range(first, first - TARGETS, -1) if k > 0]


def notes(findings: Findings) -> Iterator[str]:
    """What makes a forecast doubtful, or why there is none."""
    for of in findings.forecasts:
        if isinstance(of, Forecast):
            yield from (f"{capital(of.label)}: {warning}" for warning in of.warnings)
        else:
            yield capital(of.reason)
