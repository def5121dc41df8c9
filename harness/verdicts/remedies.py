"""What would settle an undetermined claim: a command, or why no number of repeats does."""

from __future__ import annotations

from collections.abc import Mapping

from harness.verdicts.evidence import Evidence, command
from harness.verdicts.questions import CLAIMS, SMALL_DATA, Planned
from harness.verdicts.repeats import MOST_REPEATS, Way
from harness.verdicts.rules import ALPHA, RULES
from harness.verdicts.verdict import Answer
from harness.verdicts.words import listed, rows

MANY_REPEATS = 100
POWER = 0.8  # the chance of an answer that the repeats asked for give


def remedy(of: Evidence, answer: Answer, planned: Planned, margin: float) -> str:
    """What would settle an undetermined claim; empty for the others.

    Of several ways, the one with the fewest rows to learn from; where repeats alone are none, why.
    """
    if answer != Answer.UNDETERMINED:
        return ""
    if of.obstacle:
        return of.remedy
    if of.flags:
        return "sweep again with the settings named there, under a name of its own (name=...)"
    possible = ways(of, margin)
    counted = [needed for way in possible if (needed := way.repeats())]
    if not counted:
        return _no_way(possible, of) + _if_true(of, planned, margin)
    needed = min(counted, key=lambda each: sum(size * count for size, count in each.items()))
    many = " (so many because one is close to its limit)" if max(needed.values()) > MANY_REPEATS else ""
    return (
        f"about {_asked(needed)} would, if the differences are as measured{many}: {command(planned, needed)}"
    )


def ways(of: Evidence, margin: float) -> list[Way]:
    """Every way to an answer: all comparisons support the claim, or one of them contradicts it.

    The levels are those that hold even if no other claim is settled, the power is `POWER` for the claim.
    """
    rule, K = RULES[of.question.claim], len(of.comparisons)
    level = min(rule.level, ALPHA / len(CLAIMS))
    support = tuple((each, rule.room_for(each, margin)) for each in of.comparisons)
    against = [((each, rule.room_against(each, margin)),) for each in of.comparisons]
    return [Way(support, level, 1 - (1 - POWER) / K), *(Way(room, level / K, POWER) for room in against)]


def _asked(repeats: Mapping[int, int]) -> str:
    return listed(f"{count:,} repeats at {rows([size])}" for size, count in sorted(repeats.items()))


def _no_way(ways: list[Way], of: Evidence) -> str:
    present = min(each.interval.test_rows for each in of.comparisons)
    wanted = [test_rows for way in ways if (test_rows := way.test_rows()) and test_rows > present]
    if wanted:
        return (
            f"no number of repeats would with {present:,} test rows; about {min(wanted):,} test rows could, "
            "if the differences are as measured"
        )
    return (
        f"repeats alone hardly would: if the differences are as measured, more than {MOST_REPEATS:,} are "
        "needed, because they lie so close to the limits"
    )


def _if_true(of: Evidence, planned: Planned, margin: float) -> str:
    """What would show a claim that is plainly true: no difference at all, or a lead of the whole margin."""
    K, level = len(of.comparisons), min(RULES[of.question.claim].level, ALPHA / len(CLAIMS))
    needed = Way(tuple((each, margin) for each in of.comparisons), level, 1 - (1 - POWER) / K).repeats()
    if not needed:
        return ""
    truth = (
        "there is no difference"
        if of.question.claim == SMALL_DATA
        else f"each lead is {of.question.metric.apart(margin)}"
    )
    return f"; if in truth {truth}, about {_asked(needed)} would show it: {command(planned, needed)}"
