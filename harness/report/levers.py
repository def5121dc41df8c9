"""Levers: what more data, a bigger model and more tuning would bring, each as far as the evidence goes.

Gains are shares of the test rows (of the validation rows, for tuning), positive where errors become fewer; of
another metric than the error, baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import stdtrit

from harness.convergence import luck
from harness.curves import Curve, Forecast, ForecastPoint, NoForecast, chance
from harness.metrics import ERROR
from harness.records import ClaimSettings, SearchSettings
from harness.report.findings import Findings, cell_seconds
from harness.report.lever import LIKELY, Gain, Lever, best, fewer
from harness.report.words import DASH, TIMES, Shown, rows, seconds
from harness.verdicts import Comparison, compare


def more_data(findings: Findings) -> Lever:
    """What twice the rows would bring the best family, by its forecast."""
    chosen = best(findings.curves)
    by_family = {of.family: of for of in findings.forecasts}
    top, size = by_family[chosen.family], chosen.sizes[-1]
    name, cost, shown = "more data", f"{rows(size)} more labelled rows", findings.shown
    label = shown.metric.label
    columns = ("Family", "Rows", f"Forecast {label}", "90 % interval", f"Gain ({shown.difference})")
    lines = tuple(
        line for curve in findings.curves for line in _forecast_lines(by_family[curve.family], shown)
    )
    if isinstance(top, NoForecast):
        told = _last_step(chosen, shown)
        told += f"What still more rows would bring is not known: {top.reason.rstrip('.')}."
        return Lever(name, told, told, cost, columns=columns, lines=lines)
    point = top.points[0]
    gain, low, high = (top.last_error - error for error in (point.error, point.high, point.low))
    sure = chance(top, point.size, top.last_error)
    return Lever(
        name,
        _data_brief(top, point, sure, shown),
        _data_finding(chosen, top, point, shown),
        cost,
        *(gain, low, high, "90 %", columns, lines),
        note=f"Gains are against the {label} measured at the last size.",
        chance=sure,
        shown=shown,
    )


def _data_finding(of: Curve, top: Forecast, point: ForecastPoint, shown: Shown) -> str:
    forecast, size = shown.value(point.error), rows(of.sizes[-1])
    last, before = shown.value(top.last_error), shown.value(of.mean[-2])
    within = f"(90 % interval {shown.span(point.low, point.high)})"
    if shown.metric == ERROR:
        return (
            f"At {rows(point.size)} training rows {of.label} is forecast to err on {forecast} of "
            f"new rows {within}; at {size} it errs on {last}, at {rows(of.sizes[-2])} on {before}."
        )
    return (
        f"At {rows(point.size)} training rows the {shown.metric.label} of {of.label} on new rows is "
        f"forecast to be {forecast} {within}; at {size} it is {last}, at {rows(of.sizes[-2])} {before}."
    )


def _last_step(of: Curve, shown: Shown) -> str:
    """What the last step up in rows brought, as measured."""
    if len(of.sizes) < 2:
        return ""
    before, after = (f"{shown.value(of.mean[k])} at {rows(of.sizes[k])} rows" for k in (-2, -1))
    return f"The {shown.metric.label} of {of.label} went from {before} to {after}. "


def _data_brief(of: Forecast, point: ForecastPoint, sure: float, shown: Shown) -> str:
    told = f"the forecast is {shown.value(point.error)}, nine times in ten from "
    told += shown.span(point.low, point.high)
    if point.high < of.last_error:
        return f"With twice the rows, {told}."
    if sure >= LIKELY:
        return f"Twice the rows will likely help ({100 * sure:.0f} in 100): {told}."
    return f"Twice the rows may help, but that is not sure: {told}."


def _forecast_lines(of: Forecast | NoForecast, shown: Shown) -> list[tuple[str, ...]]:
    if isinstance(of, NoForecast):
        return [(of.label, DASH, "no forecast", DASH, DASH)]
    return [
        (
            of.label,
            f"{rows(point.size)} ({point.size / of.last_size:.0f}{TIMES})",
            shown.value(point.error),
            shown.span(point.low, point.high),
            shown.points(of.last_error - point.error),
        )
        for point in of.points
    ]


def bigger_model(findings: Findings, claims: ClaimSettings) -> Lever:
    """What the last step up in size brought, at the largest size at which both networks ran."""
    networks = [name for name in claims.networks if name in findings.labels]
    found = (compare(large, small, findings.errors, claims.margin) for small, large in pairwise(networks))
    steps = [by_size[max(by_size)] for by_size in found if by_size]
    name = "a bigger model"
    if not steps:
        told = "What a bigger model would bring is not known: no two networks ran on the same rows."
        return Lever(name, told, told, "a further network in the sweep")
    last, labels, shown = steps[-1], findings.labels, findings.shown
    gain, low, high = _gain(last)
    chosen = best(findings.curves)
    columns = ("Step up", "Rows", f"Gain ({shown.difference})", "95 % interval", "Seconds")
    lines = tuple(_step_line(findings, of) for of in steps)
    if chosen.family not in networks:
        told = (
            f"A bigger network is not the question yet: {chosen.label} is better than every network so far."
        )
        cost = f"{_times(findings, last)} times the seconds of {labels[last.b]}"
        return Lever(name, told, told, cost, columns=columns, lines=lines, word="another family leads")
    return Lever(
        name,
        _model_brief(last, labels, shown),
        _model_finding(last, labels, shown),
        f"{_times(findings, last)} times the seconds of {labels[last.b]}",
        *(gain, low, high, "95 %"),
        columns,
        lines,
        f"Nothing larger than {labels[last.a]} was tried: the last step up stands for the next.",
        shown=shown,
    )


def _model_finding(of: Comparison, labels: dict[str, str], shown: Shown) -> str:
    gain = _gain(of)[0] or 0.0
    at, apart = f"At {rows(of.size)} rows {labels[of.a]}", shown.apart(abs(gain))
    if shown.metric == ERROR:
        fewer = "fewer" if gain > 0 else "more"
        return f"{at} errs on {apart} {fewer} of the test rows than {labels[of.b]}."
    return f"{at} has {apart} {'less' if gain > 0 else 'more'} {shown.metric.label} than {labels[of.b]}."


def _gain(of: Comparison) -> Gain:
    low, high = (None if limit is None else -limit for limit in (of.interval.high, of.interval.low))
    return -of.interval.mean, low, high


def _model_brief(of: Comparison, labels: dict[str, str], shown: Shown) -> str:
    gain, low, high = _gain(of)
    at, apart = f"at {rows(of.size)} rows", shown.apart(abs(gain or 0.0))
    verb, than = ("errs", "often") if shown.metric == ERROR else ("has", shown.metric.label)
    if low is not None and low > 0:
        return f"A bigger model helps: {at} {labels[of.a]} {verb} {apart} less {than} than {labels[of.b]}."
    if high is not None and high < 0:
        return (
            f"A bigger model does harm: {at} {labels[of.a]} {verb} {apart} more {than} than {labels[of.b]}."
        )
    return (
        f"A bigger model is not shown to help: {at} {labels[of.a]} and {labels[of.b]} are {apart} apart, "
        "which may be chance."
    )


def _step_line(findings: Findings, of: Comparison) -> tuple[str, ...]:
    gain, low, high = _gain(of)
    step, shown = f"{findings.labels[of.b]} to {findings.labels[of.a]}", findings.shown
    return step, rows(of.size), shown.points(gain), shown.span(low, high), f"{_times(findings, of)}{TIMES}"


def _times(findings: Findings, of: Comparison) -> str:
    large, small = (cell_seconds(findings, family, of.size) for family in (of.a, of.b))
    return f"{large / small:.1f}" if small else "an unknown number of"


def more_tuning(findings: Findings, search: SearchSettings) -> Lever:
    """What the second half of the search bought the best family: as much again would hardly buy more."""
    chosen = best(findings.curves)
    size, summary = chosen.sizes[-1], findings.summary(chosen.family, chosen.sizes[-1])
    half = mean_gain(findings.halves.get(chosen.family, ()))
    spent = seconds(summary.seconds) if summary else "the same time"
    name, cost = "more tuning", f"as much search again, {spent} a cell of {chosen.label}"
    shown = findings.shown
    columns = (
        *("Family", "Rows", f"Whole search, over the\ndefault setting ({shown.difference})", "95 % interval"),
        *(f"Second half\n({shown.difference})", "95 % interval"),
    )
    lines = tuple(_tuning_line(findings, curve) for curve in findings.curves)
    gain, low, _ = half
    if gain is not None and summary and gain <= luck(summary, shown.metric):
        half, low = (gain, None, None), None  # what choosing among noisy errors brings by itself
    if gain is None:
        told = f"What more tuning would bring is not known: the search of {chosen.label} has no second half."
        return Lever(name, told, told, cost, columns=columns, lines=lines)
    bought = _bought(findings.halves[chosen.family], gain, shown)
    helps = low is not None and low > 0
    return Lever(
        name,
        f"More tuning {'may still help' if helps else 'is not shown to help'}: {bought}.",
        f"For {chosen.label} at {rows(size)} rows, {bought}; "
        f"{_whole(findings.tunings[chosen.family], search, shown)}.",
        cost,
        *half,
        columns=columns,
        lines=lines,
        word=f"{fewer(shown, gain)} on validation rows" if helps else "",
        shown=shown,
        note=f"Measured on validation rows, whose {shown.metric.label} a search makes look a little "
        "better than it is. What the second half of the budget gained is an optimistic "
        "guess of what the same budget again would gain.",
    )


def _bought(gains: Sequence[float], gain: float, shown: Shown) -> str:
    """What the second half of a search bought; settings compared by log-loss can raise the error."""
    if not any(gains):
        return "the second half of the search found nothing better"
    went = "lowered" if gain >= 0 else "raised"
    return (
        f"the second half of the search {went} the {shown.metric.label} on validation rows by "
        f"{shown.apart(abs(gain))}"
    )


def _whole(gains: Sequence[float], search: SearchSettings, shown: Shown) -> str:
    if not gains:
        return f"what the whole search ({search.budget} per cell) gained over the default is not known"
    if not any(gains):
        return f"no setting in the whole search ({search.budget} per cell) beat the default"
    gain, low, high = mean_gain(gains)
    gained = DASH if gain is None else shown.apart(gain)
    within = "" if low is None else f" (95 % interval {shown.span(low, high)})"
    return f"the whole search ({search.budget} per cell) gained {gained}{within} over the default"


def _tuning_line(findings: Findings, curve: Curve) -> tuple[str, ...]:
    whole, half = (mean_gain(found.get(curve.family, ())) for found in (findings.tunings, findings.halves))
    shown = findings.shown
    told = (shown.points(whole[0]), shown.span(*whole[1:]), shown.points(half[0]), shown.span(*half[1:]))
    return curve.label, rows(curve.sizes[-1]), *told


def mean_gain(gains: Sequence[float]) -> Gain:
    """The mean over repeats with its 95 % t interval; none for one repeat, or for repeats that are all equal.

    >>> mean_gain([0.01, 0.03])[0], mean_gain([0.01]), mean_gain([])
    (0.02, (0.01, None, None), (None, None, None))
    """
    if not gains:
        return None, None, None
    mean, R = float(np.mean(gains)), len(gains)
    if R == 1 or not np.ptp(gains):
        return mean, None, None
    half = float(stdtrit(R - 1, 0.975) * np.std(gains, ddof=1) / R**0.5)
    return mean, mean - half, mean + half
