"""A grid of learning rates, of which every arm of a comparison takes its own best.

The grid is wide: gradient descent's reaches from 0.03 to 10 and Adam's from 0.001 to 0.3 wherever activations
or starts are compared, because what suits one is of another size than what suits the other. A choice at an
edge of the grid may not be the best, and is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from models import Diverged

ADAMS = 30.0  # a learning rate of gradient descent over one of Adam's
Tried = TypeVar("Tried")


def best(rates: Sequence[float], tried: Callable[[float], tuple[Any, Tried]]) -> tuple[float, Tried]:
    """The rate of the least cost, and what came of it; the first of equals.

    `tried` gives the cost of a rate (a number or a tuple of them) and what is kept of it.

    Raises:
        Diverged: where training diverges at every rate.

    >>> best([0.1, 1.0, 10.0], lambda rate: (abs(rate - 2), f"at {rate:g}"))
    (1.0, 'at 1')
    """
    found: list[tuple[float, Any, Tried]] = []
    last: Diverged | None = None
    for rate in rates:
        try:
            found.append((rate, *tried(rate)))
        except Diverged as diverged:
            last = diverged
    if last is not None and not found:
        raise last
    rate, _, kept = min(found, key=lambda each: each[1])
    return rate, kept


def of_optimizer(rate: float, optimizer: str) -> float:
    """A rate of gradient descent as it is; for the others, whose steps are of another size, a thirtieth.

    >>> of_optimizer(0.3, "gradient_descent"), of_optimizer(0.3, "adam")
    (0.3, 0.01)
    """
    return rate if optimizer == "gradient_descent" else rate / ADAMS


def at_ends(chosen: Mapping[str, Iterable[float]], rates: Sequence[float]) -> str:
    """A sentence on the arms that chose the first or the last rate of the grid; empty where none did.

    >>> at_ends({"relu": [0.1, 0.1], "tanh": [0.1, 1.0]}, [0.01, 0.1, 1.0])
    'Chose a learning rate at the edge of the grid, so may not be fully tuned: tanh (1 of 2 at 1).'
    >>> at_ends({"relu": [0.1]}, [0.01, 0.1, 1.0])
    ''
    """
    told = []
    for name, some in chosen.items():
        held = list(some)
        told += [
            f"{name} ({held.count(end)} of {len(held)} at {end:g})"
            for end in dict.fromkeys((min(rates), max(rates)))
            if end in held
        ]
    if not told:
        return ""
    return f"Chose a learning rate at the edge of the grid, so may not be fully tuned: {', '.join(told)}."
