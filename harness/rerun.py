"""A cell is run again from its record, each trial from the recorded ones before it, and compared bit for bit.

So one deviation does not cascade: the trial that deviates is named, and those after it are still compared.
An end that a clock, the memory or a dead process decided is taken from the record, not computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.cell import run_cell
from harness.records import Cell, CellEnded, CellResult, Event, Outcome, Task, Trial, TrialEnded

FROM_OUTSIDE = (Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY)
OWN_FAILURES = ("no trial of ", "refit of trial ")  # how a cell tells its own; any other came from outside
OF_TRIALS = ("params", "outcome", "value", "error", "step", "points", "scores")
OF_CELLS = ("outcome", "best", "val_error", "test_error", "test_log_loss", "correct", "scores", "losses")


@dataclass(frozen=True)
class Difference:
    """A number that is not what was recorded."""

    where: str
    name: str
    recorded: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.name} {self.recorded!r} recorded, {self.now!r} now"


@dataclass(frozen=True)
class Comparison:
    """How a rerun compares with its record.

    Attributes:
        trials: those run again.
        replayed: trials and ends of cells that were taken from the record.
        metrics: numbers compared.
    """

    trials: int = 0
    replayed: int = 0
    metrics: int = 0
    differences: tuple[Difference, ...] = ()

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(
            self.trials + other.trials,
            self.replayed + other.replayed,
            self.metrics + other.metrics,
            self.differences + other.differences,
        )


class _Enough(Exception):  # noqa: N818  no error
    """What was asked for has been computed."""


def compare_trial(cell: Cell, task: Task, recorded: Sequence[Trial], number: int, where: str) -> Comparison:
    """Run one trial again, from the recorded trials before it; `where` is the cell, for a person."""
    then = recorded[number]
    where = f"{where}, trial {number}"
    if _is_from_outside(then):
        return Comparison(replayed=1)
    event = _run(_untimed(cell, number + 1), task, recorded[:number], TrialEnded)
    if not isinstance(event, TrialEnded):
        return Comparison(1, differences=(Difference(where, "outcome", then.outcome.value, "not run"),))
    return Comparison(1) + _compared(where, OF_TRIALS, then, event.trial)


def compare_cell(
    cell: Cell, task: Task, recorded: Sequence[Trial], then: CellResult, where: str
) -> Comparison:
    """Run every trial of a cell again, then its refit and its test from the recorded trials."""
    found = Comparison()
    for number in range(len(recorded)):
        found += compare_trial(cell, task, recorded, number, where)
    if then.outcome in FROM_OUTSIDE or (
        then.outcome is Outcome.FAILED and not then.message.startswith(OWN_FAILURES)
    ):
        return found + Comparison(replayed=1)
    wanted = cell.search.trials_in_all or len(recorded)
    if len(recorded) != wanted:
        missing = Difference(where, "trials", len(recorded), wanted)
        return found + Comparison(metrics=1, differences=(missing,))
    event = _run(_untimed(cell, len(recorded)), task, recorded, CellEnded)
    assert isinstance(event, CellEnded), "no budget is left for another trial"
    return found + _compared(where, OF_CELLS, then, event.result)


def _is_from_outside(trial: Trial) -> bool:
    """True where nothing in the trial decided how it ended; an error of its own begins with its type."""
    if trial.outcome is Outcome.FAILED:
        return re.match(r"[^\W\d]\w*:", trial.message) is None
    return trial.outcome in FROM_OUTSIDE


def _untimed(cell: Cell, trials: int) -> Cell:
    """The cell with budgets that no clock decides."""
    search = replace(cell.search, trial_seconds=None)
    if search.seconds is not None:
        search = replace(search, seconds=None, trials=trials)
    return replace(cell, search=search)


def _run(cell: Cell, task: Task, recorded: Sequence[Trial], wanted: type[Event]) -> Event:
    """The first event of a kind, or the end of the cell where none comes."""
    seen: list[Event] = []

    def emit(event: Event) -> None:
        seen.append(event)
        if isinstance(event, (wanted, CellEnded)):
            raise _Enough

    with contextlib.suppress(_Enough):
        run_cell(cell, task, recorded, emit)
    return seen[-1]


def _compared(where: str, names: Sequence[str], then: Any, now: Any) -> Comparison:
    pairs = [pair for name in names for pair in _pairs(name, getattr(then, name), getattr(now, name))]
    different = tuple(Difference(where, *pair) for pair in pairs if pair[1] != pair[2])
    return Comparison(metrics=len(pairs), differences=different)


def _pairs(name: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """The numbers of one field as (name, recorded, now): points one by one, correctness as all its bits."""
    if name == "points":
        for at, (old, new) in enumerate(_padded(then, now)):
            yield f"point {at + 1}", old, new
    elif name == "params":
        for key in {**then, **now}:
            yield f"params.{key}", then.get(key), now.get(key)
    elif name == "scores":
        for key, score in then.items():  # those that the version which recorded it knew
            yield key, score, now.get(key)
    elif name == "correct":
        if then or now:
            yield "correct test rows", _Bits(then), _Bits(now)
    elif name == "losses":
        if then or now:
            yield "losses of test rows", _Losses(then), _Losses(now)
    elif then is not None or now is not None:
        yield name, getattr(then, "value", then), getattr(now, "value", now)


def _padded(then: Sequence[Any], now: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for at in range(max(len(then), len(now))):
        yield (then[at] if at < len(then) else None), (now[at] if at < len(now) else None)


class _Losses(bytes):
    """Float32 numbers that a person sees as their count and a hash."""

    def __repr__(self) -> str:
        return f"{len(self) // 4} ({hashlib.sha256(self).hexdigest()[:8]})"


class _Bits(bytes):
    """Packed bits that a person sees as their count and a hash."""

    def __repr__(self) -> str:
        return f"{int.from_bytes(self).bit_count()} ({hashlib.sha256(self).hexdigest()[:8]})"
