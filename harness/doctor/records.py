"""The records of a local store, read through as a sweep reads its own. It takes MLflow, seconds to import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.doctor.check import Check
from harness.wording import counted

if TYPE_CHECKING:
    from harness.tracking.damage import Damaged, Examined

REMADE = "harness doctor fix=true removes them, and the same sweep command makes them again"
EARLY = f"{REMADE}; to keep them, use the version that recorded them"
OUT_OF_REACH = "move the records back to where they were made, or make them readable"


def sound(root: Path) -> Iterator[Check]:
    """Whether every cell, trial and sweep is as it was recorded, for each data set.

    Raises:
        StoreError: where the store cannot be read.
    """
    from harness.tracking import damage
    from harness.tracking.store import open_store

    for examined in damage.examine(open_store(root)):
        checks = list(_bad(examined))
        words = (counted(examined.cells, "cell"), counted(examined.trials, "trial"))
        yield from checks or [
            Check("records", "ok", f"{examined.data}: {', '.join(words)}, each as it was recorded")
        ]


def _bad(examined: Examined) -> Iterator[Check]:
    """What is damaged, what is of an early version, what is out of reach: each has another remedy."""
    found = examined.damaged
    early = [each for each in found if each.is_early and each.is_removable]
    damaged = [each for each in found if each.is_removable and not each.is_early]
    away = [each for each in found if not each.is_removable]
    groups = (
        (damaged, "damaged", REMADE),
        (early, "of a version that made no digests", EARLY),
        (away, "out of reach", OUT_OF_REACH),
    )
    for each, what, remedy in groups:
        if each:
            yield Check("records", "bad", f"{examined.data}: {_named(examined, each, what)}", remedy)


def _named(examined: Examined, found: Sequence[Damaged], what: str) -> str:
    """How many of how many, and the first with its reason."""
    totals = {"cell": examined.cells, "sweep": examined.sweeps}
    numbers = {kind: sum(each.kind == kind for each in found) for kind in totals}
    words = [f"{numbers[kind]:,} of {counted(totals[kind], kind)}" for kind in totals if numbers[kind]]
    return f"{' and '.join(words)} {what}, the first {found[0].name} ({found[0].reason})"


def remove(root: Path) -> Iterator[str]:
    """Remove what is damaged or of an early version, where no live sweep holds it; what was, as it happens.

    Raises:
        StoreError: where the store cannot be read or written.
    """
    from harness.tracking import damage
    from harness.tracking.store import open_store

    yield from damage.remove(open_store(root))
