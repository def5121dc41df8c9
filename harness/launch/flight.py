"""A flight is a cell under way on some worker: where it is, what it said, what its misfortunes amount to."""

from __future__ import annotations

from dataclasses import dataclass, field

from distributed import Future

from harness.launch.work import failed
from harness.launch.worker import NOWHERE, Process
from harness.records import Cell, CellEnded, Outcome, RefitStarted, Trial, TrialEnded, TrialStarted

DEATHS_ALLOWED = 1
ASTRAY_ALLOWED = 10
GRACE_SECONDS = 1.0  # a trial ends itself at its limit where it can; past this its worker is ended


@dataclass
class Flight:
    """A cell under way.

    Attributes:
        process, pid: the worker it was given to; the id is known from its first event.
        missed: how often the worker was looked for and not there, since it was given the cell.
        kills: how often the worker was told to end, for what is running.
        trials: those recorded so far; a retry starts from them.
        running: the trial or refit under way, None between them.
        since: when it began, by the driver's clock.
        astray: how often it was given to another process than the one it was meant for.
        deaths: of the worker, by the number of the next trial.
        verdict: the outcome the driver has already decided for what is running, and when.
    """

    cell: Cell
    trials: list[Trial]
    future: Future[None] | None = None
    attempt: int = -1
    process: Process = NOWHERE
    pid: int = 0
    missed: int = 0
    kills: int = 0
    running: TrialStarted | RefitStarted | None = None
    since: float = 0.0
    ended: bool = False
    astray: int = 0
    deaths: dict[int, int] = field(default_factory=dict)
    verdict: tuple[Outcome, str, float] | None = None

    def board(self, process: Process) -> None:
        """Begin another attempt, on a worker."""
        self.attempt += 1
        self.running, self.verdict = None, None
        self.process, self.pid, self.missed = process, 0, 0

    def begin(self, what: TrialStarted | RefitStarted, now: float) -> None:
        """A trial or the refit is under way."""
        self.running, self.since, self.kills, self.verdict = what, now, 0, None

    def condemn(self, outcome: Outcome, message: str, now: float) -> None:
        """What is running ends with this outcome; of two causes the first counts."""
        self.verdict = self.verdict or (outcome, message, now)

    def is_overdue(self, now: float) -> bool:
        """True where what is running is past its limit, and once more for every second it lives on."""
        limit = self.cell.search.trial_seconds
        if limit is None or self.running is None:
            return False
        return now - self.since > limit + GRACE_SECONDS * (1 + self.kills)

    def goes_astray(self) -> bool:
        """True where a process that was not meant had it before anything was heard: then nothing died.

        It is counted all the same, so that a cell that always ends its process at once comes to an end.
        """
        self.astray += 1
        return not self.pid and self.astray <= ASTRAY_ALLOWED

    def death(self, now: float) -> TrialEnded | CellEnded | None:
        """What the death of the worker amounts to; None where the cell is simply tried again.

        A cause that the driver knows is the outcome of what was running; an unexplained death is tried again
        once, for it may have come from outside, and then counts as failure.
        """
        number = len(self.trials)
        self.deaths[number] = self.deaths.get(number, 0) + 1
        verdict = self.verdict if self.running is not None else None
        if verdict is None:
            if self.deaths[number] <= DEATHS_ALLOWED:
                return None
            verdict = (Outcome.FAILED, f"its process ended {self.deaths[number]} times", now)
        outcome, message, end = verdict
        match self.running:
            case TrialStarted(params=params):
                return TrialEnded(Trial(number, params, outcome, seconds=end - self.since, message=message))
            case RefitStarted(best=best):
                return failed(f"{message} in the refit of trial {best}", number, outcome)
        return failed(f"{message} outside of a trial", number, outcome)
