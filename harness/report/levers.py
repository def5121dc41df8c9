"""Levers: what a bigger model and more tuning would bring, as far as the evidence goes.

Gains are shares of the test rows (of the validation rows, for tuning), positive where errors become fewer; of
another metric than the error, baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import stdtrit

from harness.convergence import luck
from harness.curves import Curve
from harness.metrics import ERROR
from harness.records import ClaimSettings, SearchSettings
from harness.report.findings import Findings, cell_seconds
from harness.report.lever import Gain, Lever, best, fewer
from harness.report.words import DASH, TIMES, Shown, rows, seconds
from harness.verdicts import Comparison, compare
from harness.wording import counted

FEW_TRIALS = 4  # of a cell: the second half of fewer is one setting


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
        told = _another_leads(findings, chosen, networks, claims.margin)
        return Lever(name, told, told, "", columns=columns, lines=lines, word="another family leads")
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


def _another_leads(findings: Findings, leader: Curve, networks: Sequence[str], margin: float) -> str:
    """How far the best network is behind the best family, and whether that is shown."""
    size = leader.sizes[-1]
    ran = [curve for curve in findings.curves if curve.family in networks and curve.sizes[-1] == size]
    told = f"A bigger network is not the question yet: at {rows(size)} rows {leader.label}"
    if not ran:
        return f"{told} is the best so far, and no network was run there."
    second = min(ran, key=lambda curve: curve.mean[-1])
    found = compare(second.family, leader.family, findings.errors, margin).get(size)
    if found is None:
        return f"{told} has the lowest {findings.shown.metric.label}."
    apart = findings.shown.apart(found.interval.mean)
    if found.interval.low is not None and found.interval.low > 0:
        return f"{told} is better than every network, {second.label} by {apart}."
    return f"{told} is the best so far; {second.label} is {apart} behind, which may be chance."


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
    few = search.trials_in_all is not None and search.trials_in_all < FEW_TRIALS
    if gain is None or few:
        tried = "has no second half"
        if few:
            tried = f"tried only {counted(search.trials_in_all or 0, 'setting')} a cell"
        told = f"What more tuning would bring is not known: the search of {chosen.label} {tried}."
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
