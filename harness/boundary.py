"""A boundary is a bound of a range that the best settings crowd: better ones may lie beyond it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.checks import is_whole
from harness.space import searched

NEAR = 0.05  # of a range: nearer to a bound is at it
CLASS = "hidden."  # the parameters that define a class of networks


def crowded(space: Mapping[str, Any], winners: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The bounds that more than half of the winning settings lie at: nearer than 5 % of the range.

    Distances are taken on the scale that is searched. Left out are bounds that cannot move: those that are
    the parameter's own limit (`own_limit`), and `hidden.*`, which define the family's class and so need no
    `space.capped`. Choices have no bounds.

    Were winners uniform over the range, a bound would be flagged falsely with probability
    P(Bin(R, .05) > R / 2): .0025, .0073, .0012, .000003 for R = 2, 3, 5, 10 repeats; with one, .05. A whole
    number of k values lies at a bound with 1 / k in place of .05.

    >>> C = {"low": 0.1, "high": 300.0, "log": True}
    >>> crowded({"C": C}, [{"C": 290.0}, {"C": 250.0}, {"C": 1.0}])
    ('C.high',)
    """
    ranges = {
        path: entry
        for path, entry in searched(space).items()
        if "choices" not in entry and not path.startswith(CLASS)
    }
    return tuple(
        f"{path}.{side}"
        for path, entry in ranges.items()
        for side in ("low", "high")
        if entry[side] != own_limit(entry) and _most_at(entry, side, [each[path] for each in winners])
    )


def _most_at(entry: Mapping[str, Any], side: str, values: Sequence[float]) -> bool:
    scale = math.log if entry.get("log") else float
    low, high, bound = (scale(entry[key]) for key in ("low", "high", side))
    near = [abs(scale(value) - bound) < NEAR * (high - low) for value in values]
    return 2 * sum(near) > len(near)


def own_limit(entry: Mapping[str, Any]) -> int | None:
    """What the parameter of a range cannot be below: 0 for a range from 0, 1 for whole numbers from 1.

    >>> own_limit({"low": 0.0, "high": 0.5}), own_limit({"low": 1, "high": 50})
    (0, 1)
    >>> own_limit({"low": 0.1, "high": 2.0}) is None
    True
    """
    if entry["low"] == 0:
        return 0
    return 1 if entry["low"] == 1 and is_whole(entry) else None


def beyond(entry: Mapping[str, Any], side: str) -> float:
    """A bound further out: by a factor of ten on a log scale, else by half the range, in whole steps.

    >>> beyond({"low": 0.1, "high": 300.0, "log": True}, "high"), beyond({"low": 2, "high": 7}, "high")
    (3000.0, 10)
    """
    low, high = entry["low"], entry["high"]
    if entry.get("log"):
        further = high * 10 if side == "high" else low / 10
        return max(1, round(further)) if is_whole(entry) else float(further)
    step = entry.get("step") or (1 if is_whole(entry) else None)
    half = (high - low) / 2
    reach = half if step is None else step * math.ceil(half / step)
    further = high + reach if side == "high" else low - reach
    return int(further) if is_whole(entry) else float(further)
