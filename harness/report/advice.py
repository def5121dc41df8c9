"""Advice: what a person can do, ranked by what each is expected to bring, and the answer in words."""

from __future__ import annotations

from collections.abc import Sequence

from harness.metrics import ERROR
from harness.records import ClaimSettings, SearchSettings
from harness.report.findings import Findings
from harness.report.lever import Lever, best
from harness.report.levers import bigger_model, more_data, more_tuning
from harness.report.words import Shown, rows


def levers(findings: Findings, search: SearchSettings, claims: ClaimSettings) -> list[Lever]:
    """The three, those shown or likely to help first, each group by falling expected gain."""
    found = [more_data(findings), bigger_model(findings, claims), more_tuning(findings, search)]
    return sorted(found, key=lambda of: (not of.likely, -of.gain if of.gain is not None else float("inf")))


def answer(findings: Findings, ranked: Sequence[Lever]) -> str:
    """The whole report in a paragraph of plain words: what helps most, where one stands, and each lever."""
    data, first, chosen = findings.plan.task.name, ranked[0], best(findings.curves)
    opening = f"On {data}, {first.name} would {'' if first.helps else 'likely '}help most."
    if not first.likely:
        opening = f"On {data}, {_none_shown(ranked)}"
        opening += f"; {first.name} is the likeliest to." if first.gain and first.gain > 0 else "."
    shown, after = findings.shown, f"after learning from {rows(chosen.sizes[-1])} rows"
    scored = f"gives {shown.value(chosen.mean[-1])} wrong answers {after}"
    if shown.metric != ERROR:
        scored = (
            f"reaches a test {shown.metric.label} of {shown.value(chosen.mean[-1])} {after}{_beside(shown)}"
        )
    stand = f"The best model so far, {chosen.label}, {scored}."
    if shown.metric.guess and chosen.mean[-1] >= 1:
        stand += f" So no model here is better than guessing {shown.metric.guess}."
    return " ".join([opening, stand, *(of.brief for of in ranked)])


def _beside(shown: Shown) -> str:
    """What a score is to be held against; nothing for a share, whose worth is plain."""
    metric = shown.metric
    return f" ({metric.guess} would score {shown.value(1.0)})" if metric.guess else ""


def _none_shown(ranked: Sequence[Lever]) -> str:
    """What is not shown to help, and what is not known, told apart."""
    tried = [of.name for of in ranked if of.gain is not None]
    unknown = [of.name for of in ranked if of.gain is None and not of.word]
    shown = {
        0: "nothing is shown to help further",
        1: f"{' '.join(tried)} is not shown to help further",
        2: f"neither {' nor '.join(tried)} is shown to help further",
        3: "neither more data nor a bigger model nor more tuning is shown to help further",
    }[len(tried)]
    return f"{shown}, and whether {' or '.join(unknown)} would is not known" if unknown else shown
