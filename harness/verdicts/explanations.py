"""Why a claim is answered as it is, and what to know beside it, for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.verdicts.comparisons import Comparison
from harness.verdicts.evidence import Evidence
from harness.verdicts.questions import SMALL_DATA
from harness.verdicts.rules import RULES, contradicting, supporting, worse
from harness.verdicts.verdict import Answer
from harness.verdicts.words import described, label, rows, sentence

TOLD = 3  # of several differences that say the same, this many are told

Labels = Mapping[str, str]


def because(of: Evidence, answer: Answer, labels: Labels, margin: float) -> str:
    """The reason of an answer."""
    if of.obstacle:
        return of.obstacle
    if of.flags:
        return _doubtful(list(dict.fromkeys(flag.sentence for flag in of.flags)))
    reasons = {
        Answer.SUPPORTED: _supported,
        Answer.CONTRADICTED: _contradicted,
        Answer.UNDETERMINED: _undetermined,
    }
    return reasons[answer](of, labels, margin)


def _apart(of: Evidence, difference: float) -> str:
    return of.question.metric.apart(difference)


def _doubtful(sentences: list[str]) -> str:
    more = len(sentences) - TOLD
    return " ".join([*sentences[:TOLD], *([f"And {more} more doubts like these."] if more > 0 else [])])


def _supported(of: Evidence, labels: Labels, margin: float) -> str:
    told = [
        described(each, labels, RULES[of.question.claim].shown, of.question.metric) for each in of.comparisons
    ]
    if of.question.claim != SMALL_DATA:
        return sentence(f"{'; '.join(told)}.")
    largest = max(range(len(told)), key=lambda k: abs(of.comparisons[k].interval.mean))
    every = "The difference" if len(told) == 1 else f"Each of the {len(told)} differences"
    return f"{every} is shown to be within {_apart(of, margin)}. The largest measured: {told[largest]}."


def _contradicted(of: Evidence, labels: Labels, margin: float) -> str:
    claim = of.question.claim
    against = contradicting(claim, of.comparisons)
    told = [described(each, labels, RULES[claim].shown, of.question.metric) for each in against[:TOLD]]
    more = f"; and {len(against) - TOLD} more like it" if len(against) > TOLD else ""
    if claim == SMALL_DATA:
        return sentence(f"{'; '.join(told)}{more}: more than {_apart(of, margin)} apart.")
    sure = worse(of.comparisons)
    better, less = supporting(claim, of.comparisons), f"by less than {_apart(of, margin / 2)}"

    def kind(each: Comparison) -> str:
        if each in sure:
            return "so it is worse"
        return f"so it is better, but {less}" if each in better else f"so if it is better at all, then {less}"

    kinds = [f"{words}, {kind(each)}" for each, words in zip(against, told, strict=False)]
    return sentence(f"{'; '.join(kinds)}{more}.")


def _undetermined(of: Evidence, labels: Labels, margin: float) -> str:
    """What keeps it open: the comparison furthest from being shown, or the number of claims."""
    rule = RULES[of.question.claim]
    if any(p is not None and p <= rule.level for p in (of.p_for, of.p_against)):
        return (
            "Judged alone it would be settled; with every claim of the sweep judged at once, chance is not "
            "ruled out."
        )
    least = max(of.comparisons, key=rule.supports)
    told = sentence(described(least, labels, rule.shown, of.question.metric))
    if of.question.claim == SMALL_DATA:
        return f"{told}: it is not shown to be within {_apart(of, margin)}, nor to be beyond."
    return f"{told}: it is not shown to be better, nor to have no lead of {_apart(of, margin / 2)}."


def notes(of: Evidence, answer: Answer, labels: Labels, margin: float) -> tuple[str, ...]:
    """What a reader must know beside the reason."""
    if of.obstacle:
        return of.notes
    if of.question.claim == SMALL_DATA:
        return (_within(of, answer, margin), *of.notes)
    if answer == Answer.SUPPORTED:
        return (*_slight(of, labels, margin), *of.notes)
    claim = of.question.claim
    said = contradicting(claim, of.comparisons)[:TOLD] if answer == Answer.CONTRADICTED else []
    shown = [each for each in supporting(claim, of.comparisons) if each not in said]
    told = (described(each, labels, RULES[claim].shown, of.question.metric) for each in shown)
    return (*(f"Shown all the same: {each}." for each in told), *of.notes)


def _within(of: Evidence, answer: Answer, margin: float) -> str:
    """How many of the differences are shown to be small, at the margin and at half of it."""
    level, K, half = RULES[SMALL_DATA].level, len(of.comparisons), _apart(of, margin / 2)
    close = sum(each.p_equivalent_half <= level for each in of.comparisons)
    if answer == Answer.SUPPORTED:
        return f"Within {half}: {'shown too' if close == K else f'shown for {close} of {K} differences'}."
    near = sum(each.p_equivalent <= level for each in of.comparisons)
    return (
        f"Of {K} differences, {near} {'is' if near == 1 else 'are each'} shown to be within "
        f"{_apart(of, margin)}, and {close} within {half}."
    )


def _slight(of: Evidence, labels: Labels, margin: float) -> Iterator[str]:
    """Each lead that is sure and small, with the sizes at which it is."""
    level, sizes = RULES[of.question.claim].level, dict[tuple[str, str], list[int]]()
    for each in of.comparisons:
        if each.p_no_better <= level:
            sizes.setdefault((each.a, each.b), []).append(each.size)
    for (a, b), small in sizes.items():
        lead = f"The lead of {label(a, labels)} over {label(b, labels)} at {rows(small)}"
        yield f"{lead} is shown to be less than {_apart(of, margin / 2)}."
