"""The words of the harness as frozen records: what is asked for, what is tried, and how it ended.

Nothing here computes, and nothing here imports another room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.wording import counted

ParamValue = float | int | str | bool | None
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
CLASSIFICATION, REGRESSION = "classification", "regression"


class Outcome(StrEnum):
    """How a trial or a cell ended; the value is the word recorded, `sentence` explains it."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    FAILED = "failed"

    @property
    def sentence(self) -> str:
        """What the outcome means, for a person."""
        return _SENTENCES[self]


_SENTENCES = {
    Outcome.COMPLETE: "ran to its end",
    Outcome.PRUNED: "stopped early: worse than the trials before it at the same step",
    Outcome.DIVERGED: "a loss, gradient or metric was not finite",
    Outcome.TIMED_OUT: "ran past its time limit",
    Outcome.OUT_OF_MEMORY: "needed more memory than its limit",
    Outcome.FAILED: "raised an error or ended its process",
}


@dataclass(frozen=True)
class Task:
    """A data set, ready to learn from: a pool that learners draw on, and a test set fixed once.

    Attributes:
        X, X_test: (rows, features) float32, NaN for missing; memory-mapped where they come from the cache.
        y, y_test: (rows,) int64 indices into `classes`; of a regression, which has none, float64 numbers.
        digest: hash of every array, of the classes and of the feature names.
        path: the cache folder that workers open; empty for a task made in memory.
        groups: (rows,) int64 of the pool; no group is on both sides of a split. None where rows stand alone.
        times: (rows,) int64 of the pool, ascending with time; a search judges on its latest rows.
        notes: what a person should know of it, a sentence each.
    """

    name: str
    X: Floats
    y: Any
    X_test: Floats
    y_test: Any
    classes: tuple[str, ...]
    features: tuple[str, ...]
    digest: str
    source: str = ""
    licence: str = ""
    path: str = ""
    groups: Ints | None = None
    times: Ints | None = None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What is to be learned: classes, or a number."""
        return CLASSIFICATION if self.classes else REGRESSION

    @property
    def strata(self) -> Ints:
        """(rows,) int64: what draws of the pool keep the shares of, its classes; a number has none."""
        return np.asarray(self.y) if self.classes else np.zeros(len(self.y), dtype=np.int64)


@dataclass(frozen=True)
class Split:
    """Rows of one inner split, as indices into the n rows of a cell, in the order of the nested subset."""

    train: Ints
    validation: Ints


@dataclass(frozen=True)
class Family:
    """A model configuration with its search space: one file in `conf/model/`.

    Attributes:
        estimator: `_target_` (dotted path of a class) and its fixed arguments.
        space: parameter -> a plain value (fixed), or {low, high[, log][, step][, default]}, or
            {choices[, default]}, or for `hidden`: {layers: {...}, units: {...}}.
        selection: what trials are compared by: "log_loss" or "error".
        progress: "steps" (it trains in steps and can be watched) or "rungs" (fitted anew on nested shares).
        preprocess: "standardize" (impute and scale on the training rows of each fit) or "none".
        max_size, max_parameters: its largest size, the most a network may have; None for no limit.
        seconds_per_row: a guess of one trial's cost, for the plan's estimate only.
        regressor: takes its place where the target is a number.
    """

    name: str
    label: str
    estimator: Mapping[str, Any]
    space: Mapping[str, Any]
    selection: str = "log_loss"
    progress: str = "rungs"
    preprocess: str = "standardize"
    max_size: int | None = None
    max_parameters: int | None = None
    seconds_per_row: float = 1e-4
    regressor: Family | None = None


@dataclass(frozen=True)
class SearchSettings:
    """How a cell looks for its best setting, on one budget that is the same for every family.

    One of three is given and the others are None: `trials`, settings tried in each cell; `seconds` of search
    in each cell, summed over its trials; `studies` (K, T), K searches of T trials that know nothing of each
    other. `trial_seconds` is the time limit of one trial; None for no limit.

    >>> SearchSettings(seconds=30.0).budget, SearchSettings(studies=(3, 8)).budget
    ('30 s', '3 studies of 8 trials')
    >>> SearchSettings(studies=(3, 8)).trials_in_all, SearchSettings(seconds=30.0).trials_in_all
    (24, None)
    """

    sampler: str = "tpe"
    pruner: str = "quartile"
    trials: int | None = None
    seconds: float | None = None
    studies: tuple[int, int] | None = None
    trial_seconds: float | None = None

    @property
    def trials_in_all(self) -> int | None:
        """The trials of a cell; None where seconds decide."""
        return self.trials if self.studies is None else self.studies[0] * self.studies[1]

    @property
    def budget(self) -> str:
        """The budget of a cell, in words."""
        if self.seconds is not None:
            return f"{self.seconds:g} s"
        if self.studies is not None:
            return f"{counted(self.studies[0], 'study', 'studies')} of {counted(self.studies[1], 'trial')}"
        return counted(self.trials or 0, "trial")


@dataclass(frozen=True)
class Flag:
    """Why a family's search may not have found what it could: a comparison at that size proves nothing.

    `kind` is "boundary" (the best settings of a family crowd a bound of their range) or "not converged" (of
    two, one still gains much more from its search than the other).
    """

    kind: str
    families: tuple[str, ...]
    size: int
    sentence: str


@dataclass(frozen=True)
class ClaimSettings:
    """What the verdicts on the chart's three claims are judged by, fixed before the run.

    Attributes:
        margin: the difference in test error up to which families are "about as good", a share of the test
            rows, or of a baseline; half of it is the least lead worth having.
        small_sizes: at which the first claim is judged; None for 128 and 256, or the two smallest that
            every family of the claim is run at.
        linear, kernel: the families that the networks are compared with.
        networks: from small to large.
    """

    margin: float = 0.02
    small_sizes: tuple[int, ...] | None = None
    linear: str = "logistic_regression"
    kernel: str = "svm"
    networks: tuple[str, ...] = ("small_nn", "medium_nn", "large_nn")


@dataclass(frozen=True)
class Cell:
    """One tuned and tested model: the unit of work, of parallelism and of resumption.

    `key` is a hash of everything its numbers depend on (`plan.cell_key`).
    """

    key: str
    data: str
    digest: str
    path: str
    family: Family
    size: int
    repeat: int
    seed: int
    search: SearchSettings
    trusted_modules: tuple[str, ...] = ()
    metric: str = "error"


@dataclass(frozen=True)
class Trial:
    """One hyperparameter setting tried inside a cell.

    Attributes:
        value: the selection metric at the chosen step; None where the outcome gives none.
        error, scores: the validation score in the cell's metric (the share wrong), and the others by name.
        step: the chosen step of a learner that trains in steps.
        points: the reported (step, selection metric), at most 10, ascending by step.
        traceback: of what a learner raised; kept for a person, not read back.
    """

    number: int
    params: Mapping[str, ParamValue]
    outcome: Outcome
    value: float | None = None
    error: float | None = None
    step: int | None = None
    points: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    message: str = ""
    traceback: str = field(default="", compare=False)
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CellResult:
    """How a cell ended.

    `val_error` and `test_error` are in the cell's metric, `baseline` and the other `scores` of the test rows.
    `correct` holds a bit for each of these (`numpy.packbits`), `losses` a float32 where the metric is another
    than the error; `model` is the fitted pipeline in skops form, for repeat 0 only.
    """

    outcome: Outcome
    trials: int
    best: int | None = None
    val_error: float | None = None
    test_error: float | None = None
    test_log_loss: float | None = None
    correct: bytes = b""
    fit_seconds: float = 0.0
    seconds: float = 0.0
    message: str = ""
    model: bytes | None = None
    environment: Mapping[str, Any] | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    losses: bytes = b""
    baseline: float = 1.0


@dataclass(frozen=True)
class TrialStarted:
    """Event: a worker begins this trial."""

    number: int
    params: Mapping[str, ParamValue]


@dataclass(frozen=True)
class TrialEnded:
    """Event: a worker finished this trial."""

    trial: Trial


@dataclass(frozen=True)
class RefitStarted:
    """Event: the search is over, and a worker fits trial `best` on all rows and tests it."""

    best: int


@dataclass(frozen=True)
class CellEnded:
    """Event, the last of a cell: its result, after `result.trials` trials."""

    result: CellResult


Event = TrialStarted | TrialEnded | RefitStarted | CellEnded
Emit = Callable[[Event], None]
