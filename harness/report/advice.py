"""Advice: what a person can do, ranked by what each is expected to bring, and the answer in words."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import ClaimSettings, SearchSettings
from harness.report.findings import Findings
from harness.report.levers import Lever, best, bigger_model, more_data, more_tuning
from harness.report.words import percent, rows


def levers(findings: Findings, search: SearchSettings, claims: ClaimSettings) -> list[Lever]:
    """The three, those shown or likely to help first, each group by falling expected gain."""
    found = [more_data(findings), bigger_model(findings, claims), more_tuning(findings, search)]
    return sorted(found, key=lambda of: (not of.likely, -of.gain if of.gain is not None else float("inf")))


def answer(findings: Findings, ranked: Sequence[Lever]) -> str:
    """The whole report in a paragraph of plain words: what helps most, where one stands, and each lever."""
    data, first, chosen = findings.plan.task.name, ranked[0], best(findings.curves)
    opening = f"On {data}, {first.name} would {'' if first.helps else 'likely '}help most."
    if not first.likely:
        opening = f"On {data}, neither more data nor a bigger model nor more tuning is shown to help further"
        opening += f"; {first.name} is the likeliest to." if first.gain and first.gain > 0 else "."
    stand = (
        f"The best model so far, {chosen.label}, gives {percent(chosen.mean[-1])} wrong answers after "
        f"learning from {rows(chosen.sizes[-1])} rows."
    )
    return " ".join([opening, stand, *(of.brief for of in ranked)])
