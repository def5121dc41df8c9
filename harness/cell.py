"""A cell: search on validation rows, refit the best setting on all n rows, test once.

A pure function of its specification, the data and the trials already recorded for it. It opens no store,
writes no file, and streams what happens through `emit`, whose last event is the result.
"""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import threadpoolctl

from harness import evaluate, metrics, model_files
from harness.environment import environment
from harness.errors import HarnessError
from harness.evaluate import Point
from harness.families import build
from harness.records import (
    Cell,
    CellEnded,
    CellResult,
    Emit,
    Floats,
    Outcome,
    ParamValue,
    RefitStarted,
    Split,
    Task,
    Trial,
    TrialEnded,
    TrialStarted,
)
from harness.search import Search, goes_on
from harness.seeds import seed_for
from harness.space import default_setting, on_data
from harness.splits import inner_splits, subset
from models import distances
from models.training import Diverged

NOT_FINITE = "its score on validation rows was not finite"


@dataclass(frozen=True)
class _Bench:
    """What every trial of a cell shares: its rows, its folds, and the space on this data."""

    cell: Cell
    X: Floats
    y: Any
    folds: tuple[Split, ...]
    classes: int
    space: Mapping[str, Any]

    def learner(self, setting: Mapping[str, ParamValue], fold: int | str) -> Any:
        cell = self.cell
        seed = seed_for(
            "fit", data=cell.digest, size=cell.size, repeat=cell.repeat, seed=cell.seed, fold=fold
        )
        return build(cell.family, setting, self.space, seed, cell.trusted_modules)

    @property
    def horizon(self) -> int:
        """The last step a trial can report: the default setting's schedule, or a fold's training rows."""
        if self.cell.family.progress == "steps":
            return int(self.learner(default_setting(self.space), 0).with_budget(len(self.y)).steps)
        return len(self.folds[0].train)


def run_cell(cell: Cell, task: Task, recorded: Sequence[Trial], emit: Emit) -> None:
    """Run a cell from where its recorded trials end; the last event is `CellEnded`.

    One thread throughout, BLAS's and OpenMP's: a sum over two has other bits. The distances between the rows
    of a fold, standardised, are the same for every trial of a kernel machine, and made once.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a learner's advice is not an outcome, and must not become one
        bench = _bench(cell, task)
        # Imported before the limit, which holds for libraries that are loaded, and before a trial's time.
        bench.learner(default_setting(bench.space), 0)
        with threadpoolctl.threadpool_limits(1), distances.shared():
            _run(bench, task, recorded, emit)


def _run(bench: _Bench, task: Task, recorded: Sequence[Trial], emit: Emit) -> None:
    """Search, refit and test; the last event tells the seconds of all of it."""
    trials = _trials(bench, recorded, emit)
    start = time.perf_counter()
    result = _conclude(bench, task, trials, emit)
    seconds = sum(trial.seconds for trial in trials) + time.perf_counter() - start
    emit(CellEnded(replace(result, seconds=seconds)))


def _bench(cell: Cell, task: Task) -> _Bench:
    strata = task.strata
    rows = subset(strata, cell.size, cell.repeat, cell.seed)
    X, y = task.X[rows], task.y[rows]
    groups, times = (None if of is None else of[rows] for of in (task.groups, task.times))
    folds = inner_splits(strata[rows], cell.repeat, cell.seed, groups=groups, times=times)
    return _Bench(cell, X, y, folds, len(task.classes), on_data(cell.family, task))


def _trials(bench: _Bench, recorded: Sequence[Trial], emit: Emit) -> list[Trial]:
    """The trials of the cell: the recorded ones, and those its budget still has room for."""
    cell = bench.cell
    seed = seed_for(
        "search",
        data=cell.digest,
        family=cell.family.name,
        size=cell.size,
        repeat=cell.repeat,
        seed=cell.seed,
    )
    warmup = evaluate.warmup(cell.family, bench.horizon)
    search = Search(bench.space, cell.search, warmup, seed, recorded)
    trials = list(recorded)
    while goes_on(cell.search, trials):
        number, setting = search.ask()
        emit(TrialStarted(number, setting))
        trials.append(_try(bench, search, number, setting))
        search.tell(trials[-1])
        emit(TrialEnded(trials[-1]))
    return trials


def _try(bench: _Bench, search: Search, number: int, setting: Mapping[str, ParamValue]) -> Trial:
    """One trial, its every end an outcome."""
    start = time.perf_counter()
    seen: list[Point] = []
    outcome, message, raised = Outcome.COMPLETE, "", ""
    try:
        outcome = _watch(bench, search, setting, seen, start)
        if outcome is Outcome.TIMED_OUT:
            message = f"ran past search.trial_seconds={bench.cell.search.trial_seconds:g}"
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:  # a learner may raise anything: that is its outcome
        outcome, message = _misfortune(error)
        raised = "".join(traceback.format_exception(error)) if outcome is Outcome.FAILED else ""
    chosen = evaluate.choice(bench.cell.family, seen) if outcome is Outcome.COMPLETE else None
    return Trial(
        number=number,
        params=dict(setting),
        outcome=outcome,
        value=chosen.value if chosen else None,
        error=chosen.error if chosen else None,
        step=chosen.step if chosen else None,
        points=tuple((point.step, point.value) for point in seen),
        seconds=time.perf_counter() - start,
        message=message,
        traceback=raised,
        scores=chosen.scores if chosen else {},
    )


def _misfortune(error: BaseException) -> tuple[Outcome, str]:
    """The outcome an error amounts to, and its sentence."""
    if isinstance(error, (Diverged, FloatingPointError)):
        return Outcome.DIVERGED, str(error)
    if isinstance(error, MemoryError):
        return Outcome.OUT_OF_MEMORY, str(error)
    return Outcome.FAILED, f"{type(error).__name__}: {error}"


def _watch(
    bench: _Bench, search: Search, setting: Mapping[str, ParamValue], seen: list[Point], start: float
) -> Outcome:
    """Collect the points of a setting into `seen` until it ends, is pruned or runs out of time."""
    cell = bench.cell
    limit = cell.search.trial_seconds
    points = evaluate.points(
        cell.family,
        lambda fold: bench.learner(setting, fold),
        bench.X,
        bench.y,
        bench.folds,
        bench.classes,
        cell.metric,
    )
    for point in points:
        if not (np.isfinite(point.value) and np.isfinite(point.error)):
            raise Diverged(point.step) if cell.family.progress == "steps" else FloatingPointError(NOT_FINITE)
        seen.append(point)
        if limit is not None and time.perf_counter() - start > limit:
            return Outcome.TIMED_OUT
        if search.should_prune(point.step, point.value) and not point.last:
            return Outcome.PRUNED
    return Outcome.COMPLETE


def _conclude(bench: _Bench, task: Task, trials: Sequence[Trial], emit: Emit) -> CellResult:
    """Refit the best trial on all n rows and test it once."""
    best = evaluate.winner(trials)
    if best is None:
        last = trials[-1]
        said = f"no trial of {len(trials)} completed; the last: {last.message or last.outcome.sentence}"
        return CellResult(Outcome.FAILED, len(trials), message=said)
    keeps_model = bench.cell.repeat == 0
    if keeps_model:
        model_files.prepare()
    emit(RefitStarted(best.number))
    start = time.perf_counter()
    try:
        learner = _refit(bench, best)
        fit_seconds = time.perf_counter() - start
        tested = _test(bench, learner, task)
    except (Exception, SystemExit) as error:
        outcome, message = _misfortune(error)
        return CellResult(
            outcome, len(trials), best.number, message=f"refit of trial {best.number}: {message}"
        )
    return replace(
        tested,
        trials=len(trials),
        best=best.number,
        val_error=best.error,
        fit_seconds=fit_seconds,
        model=_model_of(learner) if keeps_model else None,
    )


def _model_of(learner: Any) -> bytes | None:
    """The learner's file; None where it cannot be written: what was measured of it is sound all the same."""
    try:
        return model_files.dump(learner)
    except Exception:  # as many kinds as there are things that a learner may hold
        return None


def _refit(bench: _Bench, best: Trial) -> Any:
    """The best setting on all rows: the same schedule, stopped at the step its trial chose."""
    learner = bench.learner(best.params, "all")
    if bench.cell.family.progress != "steps":
        return evaluate.fitted(learner, bench.X, bench.y)
    learner = learner.with_budget(len(bench.y))
    training = learner.iter_fit(bench.X, bench.y, (best.step,))
    next(training)
    training.close()
    return learner


def _test(bench: _Bench, learner: Any, task: Task) -> CellResult:
    """What the test rows say: a family is tested on what it was selected on; its rows are predicted once.

    One that is compared by log-loss says its most probable class, there as here.
    """
    metric, probable = bench.cell.metric, hasattr(learner, "predict_proba")
    rows, of = len(bench.y), (task.X_test, task.y_test)
    answers = evaluate.answers(bench.cell.family, learner, *of, rows, bench.classes, probable)
    scores = evaluate.scores(answers)
    if not all(map(np.isfinite, scores.values())):
        raise FloatingPointError("a score of the test rows is not finite")
    losses = b"" if metric == "error" else metrics.losses(metric, answers).astype(np.float32).tobytes()
    return CellResult(
        Outcome.COMPLETE,
        trials=0,
        test_error=scores.pop(metric),
        test_log_loss=scores.pop("log_loss", None),
        correct=np.packbits(answers.said == answers.y).tobytes() if bench.classes else b"",
        environment=environment(),
        scores=scores,
        losses=losses,
        baseline=metrics.baseline_of(metric, task),
    )
