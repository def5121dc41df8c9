"""Levers: what more data, a bigger model and more tuning would bring, each as far as the evidence goes.

Gains are shares of the test rows (of the validation rows, for tuning), positive where errors become fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import stdtrit

from harness.convergence import luck
from harness.curves import Curve, Forecast, ForecastPoint, NoForecast, chance
from harness.records import ClaimSettings, SearchSettings
from harness.report.findings import Findings, cell_seconds
from harness.report.words import DASH, TIMES, number, percent, points, rows, seconds, span
from harness.verdicts import Comparison, compare

LIKELY = 0.8

Gain = tuple[float | None, float | None, float | None]  # expected, low, high


@dataclass(frozen=True)
class Lever:
    """One of the three things a person can do, and what it would bring.

    Attributes:
        name: "more data", "a bigger model" or "more tuning".
        brief: what was found, in plain words.
        finding: the same with its figures.
        cost: what it takes.
        gain, low, high: the expected gain and its interval, shares; None where not known.
        level: of the interval, such as "90 %".
        word: the lever's worth in a few words, where its gain alone does not say it.
        chance: that there is a gain at all, where a forecast tells it.
        columns, lines: the evidence as a table.
        note: what the table does not say by itself.
    """

    name: str
    brief: str
    finding: str
    cost: str
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    level: str = "95 %"
    columns: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    word: str = ""
    chance: float | None = None

    @property
    def likely(self) -> bool:
        """True where a gain is likelier than four in five."""
        return self.helps or (self.chance is not None and self.chance >= LIKELY)

    @property
    def helps(self) -> bool:
        """True where the whole interval is a gain."""
        return self.low is not None and self.low > 0

    @property
    def harms(self) -> bool:
        """True where the whole interval is a loss."""
        return self.high is not None and self.high < 0

    @property
    def answer(self) -> str:
        """The lever's worth in a few words."""
        if self.word:
            return self.word
        if self.gain is None:
            return "not known"
        if self.harms:
            return "it did harm"
        if self.helps:
            return f"{points(self.gain)} points fewer errors"
        return "likely to help" if self.likely else "no evidence that it would help"


def best(curves: Sequence[Curve]) -> Curve:
    """The curve with the least error at the largest size that any reaches."""
    largest = max(curve.sizes[-1] for curve in curves)
    return min((curve for curve in curves if curve.sizes[-1] == largest), key=lambda curve: curve.mean[-1])


def more_data(findings: Findings) -> Lever:
    """What twice the rows would bring the best family, by its forecast."""
    chosen = best(findings.curves)
    by_family = {of.family: of for of in findings.forecasts}
    top, size = by_family[chosen.family], chosen.sizes[-1]
    name, cost = "more data", f"{rows(size)} more labelled rows"
    columns = ("Family", "Rows", "Forecast error", "90 % interval", "Gain (points)")
    lines = tuple(line for curve in findings.curves for line in _forecast_lines(by_family[curve.family]))
    if isinstance(top, NoForecast):
        told = f"{_last_step(chosen)}What still more rows would bring is not known: {top.reason.rstrip('.')}."
        return Lever(name, told, told, cost, columns=columns, lines=lines)
    point = top.points[0]
    gain, low, high = (top.last_error - error for error in (point.error, point.high, point.low))
    sure = chance(top, point.size, top.last_error)
    return Lever(
        name,
        _data_brief(top, point, sure),
        f"At {rows(point.size)} training rows {chosen.label} is forecast to err on {percent(point.error)} of "
        f"new rows (90 % interval {span(point.low, point.high)}); at {rows(size)} it errs on "
        f"{percent(top.last_error)}, at {rows(chosen.sizes[-2])} on {percent(chosen.mean[-2])}.",
        cost,
        *(gain, low, high, "90 %", columns, lines),
        note="Gains are against the error measured at the last size.",
        chance=sure,
    )


def _last_step(of: Curve) -> str:
    """What the last step up in rows brought, as measured."""
    if len(of.sizes) < 2:
        return ""
    before, after = (f"{percent(of.mean[k])} at {rows(of.sizes[k])} rows" for k in (-2, -1))
    return f"The error of {of.label} went from {before} to {after}. "


def _data_brief(of: Forecast, point: ForecastPoint, sure: float) -> str:
    told = f"the forecast is {percent(point.error)}, nine times in ten from {span(point.low, point.high)}"
    if point.high < of.last_error:
        return f"With twice the rows, {told}."
    if sure >= LIKELY:
        return f"Twice the rows will likely help ({100 * sure:.0f} in 100): {told}."
    return f"Twice the rows may help, but that is not sure: {told}."


def _forecast_lines(of: Forecast | NoForecast) -> list[tuple[str, ...]]:
    if isinstance(of, NoForecast):
        return [(of.label, DASH, "no forecast", DASH, DASH)]
    return [
        (
            of.label,
            f"{rows(point.size)} ({point.size / of.last_size:.0f}{TIMES})",
            percent(point.error),
            span(point.low, point.high),
            points(of.last_error - point.error),
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
    last, labels = steps[-1], findings.labels
    gain, low, high = _gain(last)
    chosen = best(findings.curves)
    columns = ("Step up", "Rows", "Gain (points)", "95 % interval", "Seconds")
    lines = tuple(_step_line(findings, of) for of in steps)
    if chosen.family not in networks:
        told = (
            f"A bigger network is not the question yet: {chosen.label} is better than every network so far."
        )
        cost = f"{_times(findings, last)} times the seconds of {labels[last.b]}"
        return Lever(name, told, told, cost, columns=columns, lines=lines, word="another family leads")
    return Lever(
        name,
        _model_brief(last, labels),
        f"At {rows(last.size)} rows {labels[last.a]} errs on {number(100 * abs(gain or 0))} points "
        f"{'fewer' if (gain or 0) > 0 else 'more'} of the test rows than {labels[last.b]}.",
        f"{_times(findings, last)} times the seconds of {labels[last.b]}",
        *(gain, low, high, "95 %"),
        columns,
        lines,
        f"Nothing larger than {labels[last.a]} was tried: the last step up stands for the next.",
    )


def _gain(of: Comparison) -> Gain:
    low, high = (None if limit is None else -limit for limit in (of.interval.high, of.interval.low))
    return -of.interval.mean, low, high


def _model_brief(of: Comparison, labels: dict[str, str]) -> str:
    gain, low, high = _gain(of)
    at, apart = f"at {rows(of.size)} rows", f"{number(100 * abs(gain or 0.0))} points"
    if low is not None and low > 0:
        return f"A bigger model helps: {at} {labels[of.a]} errs {apart} less often than {labels[of.b]}."
    if high is not None and high < 0:
        return f"A bigger model does harm: {at} {labels[of.a]} errs {apart} more often than {labels[of.b]}."
    return (
        f"A bigger model is not shown to help: {at} {labels[of.a]} and {labels[of.b]} are {apart} apart, "
        "which may be chance."
    )


def _step_line(findings: Findings, of: Comparison) -> tuple[str, ...]:
    gain, low, high = _gain(of)
    step = f"{findings.labels[of.b]} to {findings.labels[of.a]}"
    return step, rows(of.size), points(gain), span(low, high), f"{_times(findings, of)}{TIMES}"


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
    columns = (
        *("Family", "Rows", "Whole search, over the\ndefault setting (points)", "95 % interval"),
        *("Second half\n(points)", "95 % interval"),
    )
    lines = tuple(_tuning_line(findings, curve) for curve in findings.curves)
    gain, low, _ = half
    if gain is not None and summary and gain <= luck(summary):
        half, low = (gain, None, None), None  # what choosing among noisy errors brings by itself
    if gain is None:
        told = f"What more tuning would bring is not known: the search of {chosen.label} has no second half."
        return Lever(name, told, told, cost, columns=columns, lines=lines)
    bought = f"the second half of the search lowered the error on validation rows by {points(gain)} points"
    if not any(findings.halves[chosen.family]):
        bought = "the second half of the search found nothing better"
    helps = low is not None and low > 0
    return Lever(
        name,
        f"More tuning {'may still help' if helps else 'is not shown to help'}: {bought}.",
        f"For {chosen.label} at {rows(size)} rows, {bought}; "
        f"{_whole(findings.tunings[chosen.family], search)}.",
        cost,
        *half,
        columns=columns,
        lines=lines,
        word=f"{points(gain)} points fewer errors on validation rows" if helps else "",
        note="Measured on validation rows, whose error a search makes look a little better than it is. What "
        "the second half of the budget bought is a high guess of what as much again would buy.",
    )


def _whole(gains: Sequence[float], search: SearchSettings) -> str:
    if not gains:
        return f"what all of it ({search.budget} a cell) bought is not known"
    if not any(gains):
        return f"nothing in all of it ({search.budget} a cell) beat the default setting"
    gain, low, high = mean_gain(gains)
    within = "" if low is None else f" (95 % interval {span(low, high)})"
    return f"all of it ({search.budget} a cell) by {points(gain)}{within}, against the default setting"


def _tuning_line(findings: Findings, curve: Curve) -> tuple[str, ...]:
    whole, half = (mean_gain(found.get(curve.family, ())) for found in (findings.tunings, findings.halves))
    told = (points(whole[0]), span(*whole[1:]), points(half[0]), span(*half[1:]))
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
