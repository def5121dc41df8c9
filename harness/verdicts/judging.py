"""Judging: the questions of a plan, the evidence of its results, and an answer to each.

Pure: errors in, verdicts out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.curves import Errors
from harness.metrics import ERROR, Metric
from harness.records import ClaimSettings, Flag
from harness.verdicts.comparisons import compare
from harness.verdicts.crossing import Crossing, crossing
from harness.verdicts.evidence import Evidence, Table, gather
from harness.verdicts.explanations import because, notes
from harness.verdicts.questions import NETWORK_BEATS_SVM, Planned, Question, ask
from harness.verdicts.remedies import remedy
from harness.verdicts.rules import ALPHA, RULES, holm
from harness.verdicts.verdict import Answer, Verdict


def judge(
    errors: Mapping[str, Mapping[int, Errors]],
    labels: Mapping[str, str],
    claims: ClaimSettings,
    flags: Sequence[Flag],
    planned: Planned,
    metric: Metric = ERROR,
) -> tuple[Verdict, ...]:
    """The chart's three claims, judged: always three verdicts, in the chart's order.

    Args:
        errors: family -> size -> per-example errors (`harness.curves.errors_of`).
        labels: family -> label; a family without one goes by its name.
        claims: margin, sizes and families, fixed before the run.
        flags: what makes a family's search doubtful at a size.
        planned: family -> size -> repeats asked for; the sizes that decide are chosen from it alone.
        metric: what the errors are.

    Raises:
        DataError: two families were tested on different numbers of rows.

    >>> import numpy as np
    >>> wrong = np.random.default_rng(0).random((10, 4000)) < 0.2
    >>> errors = {name: {128: Errors(tuple(range(10)), wrong)} for name in ("lr", "svm", "nn")}
    >>> claims = ClaimSettings(linear="lr", kernel="svm", networks=("nn",))
    >>> planned = {name: {128: 10} for name in errors}
    >>> for verdict in judge(errors, {}, claims, [], planned):
    ...     print(verdict.claim, verdict.answer)
    small_data supported
    network_beats_svm contradicted
    bigger_is_better undetermined
    """
    questions = ask(claims, labels, planned, metric)
    pairs = dict.fromkeys(pair for question in questions for pair in question.pairs)
    table = {(a, b): compare(a, b, errors, claims.margin) for a, b in pairs}
    found = [gather(question, table, labels, flags, planned) for question in questions]
    return tuple(
        Verdict(
            claim=of.question.claim,
            statement=of.question.statement,
            answer=answer,
            because=because(of, answer, labels, claims.margin),
            p=of.p_for,
            p_adjusted=p_for,
            p_against=of.p_against,
            p_against_adjusted=p_against,
            sizes=of.question.sizes,
            comparisons=of.comparisons,
            crossing=_crossing(of.question, table, labels),
            remedy=remedy(of, answer, planned, claims.margin),
            notes=notes(of, answer, labels, claims.margin),
        )
        for of, (answer, p_for, p_against) in zip(found, answers(found), strict=True)
    )


def answers(found: Sequence[Evidence]) -> list[tuple[Answer, float | None, float | None]]:
    """Each claim's answer with its two p after Holm over the claims that could be tested.

    A test must pass at its own level, and at 5 % over the claims. What stands in the way of a test, or
    makes a search doubtful, leaves the claim undetermined.
    """
    adjusted = zip(
        found, _adjusted([of.p_for for of in found]), _adjusted([of.p_against for of in found]), strict=True
    )
    return [(_answer(of, p_for, p_against), p_for, p_against) for of, p_for, p_against in adjusted]


def _adjusted(p: Sequence[float | None]) -> list[float | None]:
    adjusted = iter(holm([each for each in p if each is not None]))
    return [None if each is None else next(adjusted) for each in p]


def _answer(of: Evidence, p_for: float | None, p_against: float | None) -> Answer:
    level = RULES[of.question.claim].level
    if of.obstacle or of.flags:
        return Answer.UNDETERMINED
    if _passes(of.p_for, p_for, level):
        return Answer.SUPPORTED
    return Answer.CONTRADICTED if _passes(of.p_against, p_against, level) else Answer.UNDETERMINED


def _passes(p: float | None, adjusted: float | None, level: float) -> bool:
    return p is not None and adjusted is not None and p <= level and adjusted <= ALPHA


def _crossing(question: Question, table: Table, labels: Mapping[str, str]) -> Crossing | None:
    if question.claim != NETWORK_BEATS_SVM:
        return None
    (pair,) = question.pairs
    by_size = table[pair]
    return crossing([by_size[size] for size in sorted(by_size)], labels)
