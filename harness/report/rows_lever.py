"""What more data would bring: twice the rows, and all those at hand, whose labels cost nothing.

Gains are as `levers` has them.
"""

from __future__ import annotations

from harness.curves import Curve, Forecast, ForecastPoint, NoForecast, chance
from harness.curves.calibration import FARTHEST
from harness.metrics import ERROR
from harness.report.findings import Findings
from harness.report.lever import LIKELY, Lever, best
from harness.report.words import DASH, TIMES, Shown, capital, rows


def more_data(findings: Findings) -> Lever:
    """What twice the rows would bring the best family, by its forecast."""
    chosen = best(findings.curves)
    by_family = {of.family: of for of in findings.forecasts}
    top, size = by_family[chosen.family], chosen.sizes[-1]
    present, shown = len(findings.plan.task.y), findings.shown
    name, cost = "more data", _cost(2 * size, present)
    label = shown.metric.label
    columns = ("Family", "Rows", f"Forecast {label}", "90 % interval", f"Gain ({shown.difference})")
    lines = tuple(line for curve in findings.curves for line in _lines(by_family[curve.family], shown))
    if isinstance(top, NoForecast):
        told = _last_step(chosen, shown)
        told += f"What still more rows would bring is not known: {top.reason.rstrip('.')}."
        return Lever(name, told, told, cost, columns=columns, lines=lines)
    point = top.points[0]
    gain, low, high = (top.last_error - error for error in (point.error, point.high, point.low))
    sure = chance(top, point.size, top.last_error)
    return Lever(
        name,
        _brief(top, point, sure, shown, point.size <= present),
        f"{_finding(chosen, top, point, shown)}{_beyond(top, present, shown)}",
        cost,
        *(gain, low, high, "90 %", columns, lines),
        note=f"Gains are against the {label} measured at the last size.",
        chance=sure,
        shown=shown,
    )


def _finding(of: Curve, top: Forecast, point: ForecastPoint, shown: Shown) -> str:
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


def _cost(size: int, present: int) -> str:
    """What it takes to learn from so many rows, where so many are present in the pool."""
    if size <= present:
        return f"nothing to label: {rows(present)} rows are at hand to learn from"
    return f"{rows(size - present)} more labelled rows"


def _beyond(of: Forecast, present: int, shown: Shown) -> str:
    """The forecast with all rows at hand, and with as many again to be labelled, as far as it reaches."""
    if present <= of.last_size:
        return ""
    told = [
        f"with {words}, {shown.within(point.error, point.low, point.high)}"
        for size, words in ((present, "all"), (2 * present, f"{rows(present)} more, to be labelled"))
        if size <= FARTHEST * of.last_size
        for point in (of.at(size),)
    ]
    used = f" Of {rows(present)} rows at hand {rows(of.last_size)} were used"
    return f"{used}; {'; '.join(told)}." if told else ""


def _last_step(of: Curve, shown: Shown) -> str:
    """What the last step up in rows brought, as measured."""
    if len(of.sizes) < 2:
        return ""
    before, after = (f"{shown.value(of.mean[k])} at {rows(of.sizes[k])} rows" for k in (-2, -1))
    return f"The {shown.metric.label} of {of.label} went from {before} to {after}. "


def _brief(of: Forecast, point: ForecastPoint, sure: float, shown: Shown, at_hand: bool) -> str:
    twice = "twice the rows, which are at hand," if at_hand else "twice the rows"
    told = f"the forecast is {shown.value(point.error)}, nine times in ten from "
    told += shown.span(point.low, point.high)
    if point.high < of.last_error:
        return f"With {twice.rstrip(',')}, {told}."
    if sure >= LIKELY:
        return f"{capital(twice)} will likely help ({100 * sure:.0f} in 100): {told}."
    return f"{capital(twice)} may help, but that is not sure: {told}."


def _lines(of: Forecast | NoForecast, shown: Shown) -> list[tuple[str, ...]]:
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
