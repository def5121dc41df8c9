"""Advice: what a person can do, ranked by what each is expected to bring, and the answer in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.metrics import ERROR
from harness.records import ClaimSettings, SearchSettings
from harness.report.findings import Findings
from harness.report.lever import Lever, best
from harness.report.levers import bigger_model, more_tuning
from harness.report.rows_lever import more_data
from harness.report.words import rows


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
        opening += f"; {first.name} is the likeliest to." if first.hopeful else "."
    shown, after = findings.shown, f"after learning from {rows(chosen.sizes[-1])} rows"
    if shown.metric == ERROR:
        scored = f"gives {shown.value(chosen.mean[-1])} wrong answers {after}"
    else:
        scored = f"reaches a test {shown.metric.label} of {shown.value(chosen.mean[-1])} {after}"
    guess, guessed = _guess(findings)
    if guess:
        scored += f" ({guess} would {'give' if shown.metric == ERROR else 'score'} {shown.value(guessed)})"
    stand = f"The best model so far, {chosen.label}, {scored}."
    high = chosen.intervals[-1].high
    if guess and (chosen.mean[-1] if high is None else high) >= guessed:
        stand += f" So no model here is shown to be better than {guess}."
        stand += " metric=balanced_error gives rare classes their weight." * (shown.metric == ERROR)
    return " ".join([opening, stand, *(of.brief for of in ranked)])


def _guess(findings: Findings) -> tuple[str, float]:
    """A guess that looks at no feature, and its test score; no words where it is known by itself."""
    task, metric = findings.plan.task, findings.shown.metric
    if metric != ERROR:
        return metric.guess or "", 1.0
    commonest = int(np.bincount(task.y).argmax())
    return f"always answering {task.classes[commonest]!r}", float(np.mean(task.y_test != commonest))


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
