"""The work of a sweep: the cells that are left, and the ledger that says which of them may start.

Shared by every launcher, so that cells are claimed, continued and recorded the same way wherever they run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from harness.records import (
    Cell,
    CellEnded,
    CellResult,
    Event,
    Outcome,
    RefitStarted,
    Trial,
    TrialEnded,
    TrialStarted,
)

POLL_SECONDS = 0.2


class Ledger(Protocol):
    """What a launcher needs of the record: claims, what is recorded, and a place for what happens."""

    def claim(self, cell: Cell) -> bool:
        """Claim a cell; False where another live driver has it."""

    def release(self, cell: Cell) -> None:
        """Give a cell back."""

    def begin(self, cell: Cell) -> tuple[Trial, ...] | None:
        """The recorded trials of a claimed cell, or None where it is done already."""

    def started(self, cell: Cell, number: int) -> None:
        """A trial is under way."""

    def trial(self, cell: Cell, trial: Trial) -> None:
        """Record an ended trial."""

    def result(self, cell: Cell, result: CellResult) -> None:
        """Record an ended cell."""

    def elsewhere(self, cell: Cell) -> None:
        """Another driver finished the cell meanwhile."""


class Work:
    """The cells left to run, in order; a cell that another driver runs is awaited, not run twice."""

    def __init__(self, cells: Iterable[Cell], ledger: Ledger) -> None:
        self._left = list(cells)
        self._ledger = ledger

    def __bool__(self) -> bool:
        return bool(self._left)

    def take(self) -> tuple[Cell, tuple[Trial, ...]] | None:
        """The next cell that can start now and its recorded trials; None where none can."""
        for cell in tuple(self._left):
            if not self._ledger.claim(cell):
                continue
            self._left.remove(cell)
            recorded = self._ledger.begin(cell)
            if recorded is not None:
                return cell, recorded
            self._ledger.release(cell)
            self._ledger.elsewhere(cell)
        return None


def failed(message: str, trials: int, outcome: Outcome = Outcome.FAILED) -> CellEnded:
    """The end of a cell that cannot go on, after so many trials."""
    return CellEnded(CellResult(outcome, trials, message=message))


def accept(ledger: Ledger, cell: Cell, event: Event) -> None:
    """Write down what happened to a cell."""
    match event:
        case TrialStarted(number=number):
            ledger.started(cell, number)
        case TrialEnded(trial=trial):
            ledger.trial(cell, trial)
        case RefitStarted():
            pass  # nothing of it is kept
        case CellEnded(result=result):
            ledger.result(cell, result)
            ledger.release(cell)
