"""A rule says which p supports a claim, which contradicts it, and at what level.

Supporting is an intersection-union test: every comparison must pass, so the claim's p is the largest and
needs no correction (Berger 1982, "Multiparameter hypothesis testing"). Contradicting is a union: one
comparison is enough, so Holm inside the claim, whose first step is the smallest p times their number.

What the two tests may wrongly say lies at different truths, so each may err in `level` of the cases:

- "networks do about as well" is supported where every difference is within the margin, and contradicted
  where one is beyond it;
- "a beats b" is supported where the difference is below 0, and contradicted where a's lead, if it has
  one, is shown to be less than half the margin. So a tie contradicts it too, once it is known well enough,
  and the reader is told which it is: a is worse, or no better by that much. A lead that is sure but
  smaller than half the margin supports the claim, and a note says how small it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.verdicts.comparisons import Comparison
from harness.verdicts.questions import BIGGER_IS_BETTER, NETWORK_BEATS_SVM, SMALL_DATA

ALPHA = 0.05  # of wrong support over the claims together, and of wrong contradiction over the claims together
ONE_DIRECTION = 0.025  # where both directions of one difference are looked at


@dataclass(frozen=True)
class Rule:
    """How one claim is judged.

    Attributes:
        level: of each of its two tests, before Holm over the claims.
        shown: the level of the interval a person is shown, whose limits are those of the tests.
        supports, contradicts: the one-sided p of one comparison.
        room_for, room_against: (comparison, margin) -> how far the measured difference is on the right side
            of the bound that is tested, a share.
    """

    level: float
    shown: float
    supports: Callable[[Comparison], float]
    contradicts: Callable[[Comparison], float]
    room_for: Callable[[Comparison, float], float]
    room_against: Callable[[Comparison, float], float]


def _beats(level: float, shown: float) -> Rule:
    return Rule(
        level,
        shown,
        supports=lambda of: of.p_less,
        contradicts=lambda of: of.p_no_better,
        room_for=lambda of, margin: -of.interval.mean,
        room_against=lambda of, margin: of.interval.mean + margin / 2,
    )


RULES = {
    SMALL_DATA: Rule(
        ALPHA,
        shown=0.9,
        supports=lambda of: of.p_equivalent,
        contradicts=lambda of: min(1.0, 2 * min(of.p_better_margin, of.p_worse_margin)),
        room_for=lambda of, margin: margin - abs(of.interval.mean),
        room_against=lambda of, margin: abs(of.interval.mean) - margin,
    ),
    NETWORK_BEATS_SVM: _beats(ONE_DIRECTION, shown=0.95),
    BIGGER_IS_BETTER: _beats(ALPHA, shown=0.9),
}


def p_for(claim: str, comparisons: Sequence[Comparison]) -> float:
    """The p of the test that supports a claim: the largest over its comparisons."""
    return max(RULES[claim].supports(of) for of in comparisons)


def p_against(claim: str, comparisons: Sequence[Comparison]) -> float:
    """The p of the test that contradicts a claim: the smallest over its comparisons times their number."""
    return min(1.0, len(comparisons) * min(RULES[claim].contradicts(of) for of in comparisons))


def supporting(claim: str, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons that are each as the claim says, at its level, Holm inside it."""
    return _passing(comparisons, RULES[claim].supports, RULES[claim].level)


def contradicting(claim: str, comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons that each contradict a claim, at its level, Holm inside it; the clearest first."""
    contradicts = RULES[claim].contradicts
    return sorted(_passing(comparisons, contradicts, RULES[claim].level), key=contradicts)


def worse(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons in which a is not only no better but worse: one of two directions, Holm inside."""
    return _passing(comparisons, lambda of: of.p_greater, ONE_DIRECTION)


def _passing(
    comparisons: Sequence[Comparison], p: Callable[[Comparison], float], level: float
) -> list[Comparison]:
    adjusted = holm([p(of) for of in comparisons])
    return [of for of, each in zip(comparisons, adjusted, strict=True) if each <= level]


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p in the order given: with m hypotheses, max over the k smallest of (m - k + 1) p_(k).

    Rejecting those at most alpha errs anywhere with probability alpha at most, whatever their dependence
    (Holm 1979, "A simple sequentially rejective multiple test procedure").

    >>> [round(each, 3) for each in holm([0.04, 0.01, 0.03])]
    [0.06, 0.03, 0.06]
    """
    adjusted, largest = [1.0] * len(p), 0.0
    for k, at in enumerate(sorted(range(len(p)), key=lambda at: p[at])):
        largest = max(largest, min(1.0, (len(p) - k) * p[at]))
        adjusted[at] = largest
    return adjusted
