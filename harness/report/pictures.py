"""The page's pictures: each drawn for a page and for a phone, with words for who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness import plots
from harness.curves import Forecast
from harness.report.findings import Findings, cell_seconds
from harness.report.words import listed, rows, seconds
from harness.verdicts import Comparison, compare
from harness.verdicts.questions import BIGGER_IS_BETTER


@dataclass(frozen=True)
class Picture:
    """An image in two widths, as `data:` addresses, with the size in points that its place is kept by.

    Attributes:
        alt: what it shows, in words.
    """

    wide: str
    narrow: str
    width: int
    height: int
    alt: str


def draw(drawn: Callable[[float], plots.Chart], alt: str) -> Picture:
    """Both renderings of a picture."""
    wide, narrow = (plots.as_svg(drawn(width)) for width in (plots.WIDE, plots.NARROW))
    width, height = (round(float(text)) for text in re.findall(r'="([\d.]+)pt"', wide)[:2])
    return Picture(plots.data_uri(wide), plots.data_uri(narrow), width, height, alt)


def chart(findings: Findings) -> Picture:
    """The chart: test error, or what else is charted, against size."""
    shown = findings.shown
    ends = [
        f"{c.label} from {shown.value(c.mean[0])} at {rows(c.sizes[0])} "
        f"to {shown.value(c.mean[-1])} at {rows(c.sizes[-1])}"
        for c in findings.curves
    ]
    alt = f"Chart of test {shown.metric.label} against training rows, "
    alt += f"a line with a band for each family: {listed(ends)}."
    return draw(lambda width: plots.curves_picture(findings.curves, width), alt)


def forecasts(findings: Findings) -> Picture:
    """The learning curves with what more rows may bring."""
    shown = findings.shown
    told = [
        f"{of.label} {shown.value(of.points[1].error)} ({shown.span(of.points[1].low, of.points[1].high)}) "
        f"at {rows(of.points[1].size)} rows"
        for of in findings.forecasts
        if isinstance(of, Forecast)
    ]
    said = f"forecast with 90 % interval: {listed(told)}" if told else "no forecast for any"
    alt = f"A panel for each family: its learning curve over the others in grey, continued dashed; {said}."
    return draw(lambda width: plots.forecasts_picture(findings.curves, findings.forecasts, width), alt)


def differences(findings: Findings, margin: float) -> Picture | None:
    """The paired differences behind the verdicts; None where no two families can be compared."""
    panels = _panels(findings, margin)
    if not panels:
        return None
    ends = [_difference(findings, line[-1]) for panel in panels for line in panel.lines]
    alt = (
        f"Paired differences in test {findings.shown.metric.label} over training rows, with 95 % intervals. "
        f"At the largest sizes: {listed(dict.fromkeys(ends))}."
    )
    return draw(
        lambda width: plots.differences_picture(panels, findings.labels, width, findings.plan.metric), alt
    )


def _difference(findings: Findings, of: Comparison) -> str:
    a, b = findings.labels[of.a], findings.labels[of.b]
    found, shown = of.interval, findings.shown
    return f"{a} minus {b} {shown.apart(found.mean)} ({shown.span(found.low, found.high)}) at {rows(of.size)}"


def _panels(findings: Findings, margin: float) -> list[plots.Panel]:
    """A panel for each family that others are compared with, and one for the networks among themselves."""
    groups: dict[str, dict[tuple[str, str], None]] = {}
    deciding = set()
    for verdict in findings.verdicts:
        for of in verdict.comparisons:
            chain = verdict.claim == BIGGER_IS_BETTER
            title = (
                "Each network against the next smaller one" if chain else f"Against {findings.labels[of.b]}"
            )
            groups.setdefault(title, {})[of.a, of.b] = None
            deciding.add((of.a, of.b, of.size))
    return [
        plots.Panel(
            title,
            tuple(tuple(compare(a, b, findings.errors, margin).values()) for a, b in pairs),
            frozenset(deciding),
            margin,
        )
        for title, pairs in groups.items()
    ]


def searches(findings: Findings) -> Picture | None:
    """What searching bought; None where no search got anywhere."""
    told = [of for of in findings.summaries if any(v is not None for v in of.best_so_far)]
    if not told:
        return None
    tops, shown = {c.family: c.sizes[-1] for c in findings.curves}, findings.shown
    ends = [
        f"{of.label} from {shown.value(_first(of.best_so_far))} to {shown.value(of.best_so_far[-1])}"
        for of in told
        if tops.get(of.family) == of.size
    ]
    alt = (
        f"A panel for each size: mean validation {shown.metric.label} of the best setting so far against "
        "the trials made. "
        f"At each family's largest size: {listed(ends)}."
    )
    return draw(lambda width: plots.searches_picture(told, findings.labels, width, shown.metric), alt)


def _first(values: Iterable[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)


def importances(findings: Findings) -> Picture | None:
    """What each parameter mattered; None where no search says so."""
    known = {name: found for name, found in findings.importances.items() if name in findings.labels}
    if not known:
        return None
    told = [
        f"{findings.labels[name]}: "
        + ", ".join(
            f"{path} {100 * share:.0f} %" for path, share in sorted(shares.items(), key=lambda i: -i[1])
        )
        for name, shares in known.items()
    ]
    alt = f"Bars of parameter importance for each family. {'; '.join(told)}."
    return draw(lambda width: plots.importances_picture(known, findings.labels, width), alt)


def costs(findings: Findings) -> Picture:
    """What an error costs in seconds."""
    found = [
        plots.Cost(c.family, size, cell_seconds(findings, c.family, size), error)
        for c in findings.curves
        for size, error in zip(c.sizes, c.mean, strict=True)
    ]
    shown = findings.shown
    ends = [
        f"{c.label} {shown.value(c.mean[-1])} in {seconds(cell_seconds(findings, c.family, c.sizes[-1]))}"
        for c in findings.curves
    ]
    alt = (
        f"Test {shown.metric.label} against the mean seconds of a cell, a point for each size. "
        f"At each family's largest size: {listed(ends)}."
    )
    return draw(lambda width: plots.seconds_picture(found, findings.labels, width, findings.plan.metric), alt)
