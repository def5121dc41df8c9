"""What a person sees while a sweep runs: one living line on a terminal, else a quiet one now and then."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterable
from typing import TextIO

from harness.records import Cell, CellResult, Outcome, Trial
from harness.secrets import hide

QUIET_SECONDS = 30.0
LIVE_SECONDS = 0.2


def say(line: str) -> None:
    """A line of its own, in place of the living one, which is drawn again below it."""
    wipe = "\r\x1b[2K" if sys.stderr.isatty() else ""
    print(f"{wipe}harness: {line}", file=sys.stderr, flush=True)


class Progress:
    """Counts cells and trials as they end, and says so.

    Args:
        costs: (cell key, estimated cost) of the cells to run; only their ratios matter.
    """

    def __init__(self, costs: Iterable[tuple[str, float]], stream: TextIO | None = None) -> None:
        self._costs = dict(costs)
        self._left, self._total = dict(self._costs), len(self._costs)
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._start = self._said = time.monotonic()
        self._trials, self._failed = 0, 0
        self._now: dict[str, str] = {}

    def started(self, cell: Cell, number: int) -> None:
        """A trial is under way."""
        where = f"{cell.family.name} n={cell.size:,} repeat {cell.repeat}"
        of = cell.search.trials_in_all
        self._now[cell.key] = f"{where} trial {number + 1}{f'/{of}' if of else ''}"
        self._say(LIVE_SECONDS if self._live else QUIET_SECONDS)

    def trial(self, cell: Cell, trial: Trial) -> None:
        """A trial ended."""
        self._trials += 1

    def done(self, cell: Cell, result: CellResult) -> None:
        """A cell ended; a failure is told at once, on a line of its own."""
        self._now.pop(cell.key, None)
        self._left.pop(cell.key, None)
        if result.outcome is not Outcome.COMPLETE:
            self._failed += 1
            where = f"{cell.family.name} n={cell.size:,} repeat {cell.repeat}"
            self._write(f"{where} {result.outcome.value}: {hide(result.message)}", end="\n")
        self._say(LIVE_SECONDS if self._live else QUIET_SECONDS)

    def elsewhere(self, cell: Cell) -> None:
        """Another driver finished a cell meanwhile."""
        self._left.pop(cell.key, None)

    def close(self, word: str = "") -> None:
        """Say where it ended, and why where it was not by itself."""
        if self._total:
            self._write(self._summary(), end="\n")
        if word:
            self._write(word, end="\n")

    def _say(self, every: float) -> None:
        if time.monotonic() - self._said >= every:
            self._write(self._summary(), end="" if self._live else "\n")
            self._said = time.monotonic()

    def _write(self, text: str, end: str) -> None:
        with contextlib.suppress(OSError):  # the terminal was closed, and the sweep may go on
            shown = text if end else text[: _width()]  # the living line must not wrap
            self._stream.write(f"\r\x1b[2K{shown}{end}" if self._live else text + end)
            self._stream.flush()

    def _summary(self) -> str:
        elapsed = time.monotonic() - self._start
        cost, left = sum(self._costs.values()), sum(self._left.values())
        parts = [f"{self._total - len(self._left)}/{self._total} cells", f"{self._trials} trials"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        parts.append(f"{duration(elapsed)} elapsed")
        if self._left and cost > left:
            parts.append(f"about {duration(elapsed * left / (cost - left))} left")
        return " | ".join([*parts, *(list(self._now.values())[:2] if self._live else [])])


def _width() -> int:
    return shutil.get_terminal_size().columns - 1


def duration(seconds: float) -> str:
    """Seconds as a person reads them.

    >>> duration(0.4), duration(75), duration(7300)
    ('0s', '1m15s', '2h01m')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
