"""From which size on the one family beats the other: a set of sizes with the confidence of its intervals.

A curve fitted through the differences and bootstrapped covers the true crossing in 0 to 74 % of cases; the
pointwise intervals, read where they leave 0, cover it as often as they cover the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import log2

from harness.verdicts.comparisons import Comparison
from harness.verdicts.words import label, sentence


@dataclass(frozen=True)
class Crossing:
    """Between which sizes a overtakes b; None is an open end.

    With both ends None no set is located, and the sentence says why.
    """

    low: float | None
    high: float | None
    sentence: str


def crossing(comparisons: Sequence[Comparison], labels: Mapping[str, str]) -> Crossing | None:
    """The set of sizes at which a may overtake b, from the 95 % intervals of error_a - error_b.

    It runs from the last size at which a is clearly worse to the first later one at which a is clearly
    better, each limit interpolated linearly in log2(size) to where it leaves 0. A clear lead that changes
    more than once is "not unique"; no clear lead at any size is "not located".

    Args:
        comparisons: of one pair, ascending by size; those without an interval are left out.
        labels: family -> label.

    Returns:
        None where no comparison has an interval.
    """
    known = [c for c in comparisons if c.interval.low is not None and c.interval.high is not None]
    if not known:
        return None
    a, b = label(known[0].a, labels), label(known[0].b, labels)
    leads = [lead for lead, _ in groupby(filter(None, map(_lead, known)))]
    match leads:
        case []:
            return Crossing(None, None, "Not located: at no size is either clearly ahead.")
        case ["b"]:
            return _not_yet(known, a, b)
        case ["a"]:
            return _already(known, a, b)
        case ["b", "a"]:
            low, high = _leaves_worse(known), _becomes_better(known)
            words = f"{_rounded(low)} and {_rounded(high)} rows"
            return Crossing(low, high, sentence(f"{a} overtakes {b} somewhere between {words}."))
        case ["a", "b"]:
            return Crossing(None, None, f"Not located: {a} is ahead at first and falls behind {b} later.")
    return Crossing(None, None, "Not unique: the lead changes more than once.")


def _lead(of: Comparison) -> str | None:
    """Who is clearly ahead, if anyone."""
    if _high(of) < 0:
        return "a"
    return "b" if _low(of) > 0 else None


def _low(of: Comparison) -> float:
    return -float("inf") if of.interval.low is None else of.interval.low


def _high(of: Comparison) -> float:
    return float("inf") if of.interval.high is None else of.interval.high


def _not_yet(known: Sequence[Comparison], a: str, b: str) -> Crossing:
    """Where b was ahead, and a never clearly is."""
    low, top = _leaves_worse(known), known[-1].size
    if low == top:
        return Crossing(low, None, f"> {top:,} rows: {b} is still ahead at the largest size that both ran.")
    return Crossing(low, None, f"> {_rounded(low)} rows: {a} is nowhere clearly ahead of {b}.")


def _already(known: Sequence[Comparison], a: str, b: str) -> Crossing:
    """Where a is ahead, and b never clearly was."""
    high, bottom = _becomes_better(known), known[0].size
    if high == bottom:
        return Crossing(None, high, f"< {bottom:,} rows: {a} is ahead from the smallest size that both ran.")
    return Crossing(None, high, f"< {_rounded(high)} rows: {b} is nowhere clearly ahead of {a}.")


def _leaves_worse(known: Sequence[Comparison]) -> float:
    """Where the lower limit falls to 0 after the last size at which a is clearly worse."""
    last = max(k for k, each in enumerate(known) if _low(each) > 0)
    return _zero(known[last : last + 2], _low)


def _becomes_better(known: Sequence[Comparison]) -> float:
    """Where the upper limit falls to 0 before the first size at which a is clearly better."""
    first = min(k for k, each in enumerate(known) if _high(each) < 0)
    return _zero(known[max(first - 1, 0) : first + 1], _high)


def _zero(around: Sequence[Comparison], limit: Callable[[Comparison], float]) -> float:
    """The size at which a limit is 0, linear in log2(size) between two sizes; the size itself if alone."""
    for left, right in pairwise(around):
        share = limit(left) / (limit(left) - limit(right))
        return float(2 ** (log2(left.size) + share * (log2(right.size) - log2(left.size))))
    return float(around[0].size)


def _rounded(size: float) -> str:
    """Two significant digits: more would pretend.

    >>> _rounded(1437.2), _rounded(96.0)
    ('1,400', '96')
    """
    return f"{float(f'{size:.2g}'):,.0f}"
