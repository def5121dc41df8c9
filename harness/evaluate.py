"""How one setting is judged inside the n rows of a cell: a sequence of points, watched as it grows.

A learner that trains in steps is trained on all folds in lockstep and its validation curve is their mean.
A learner that is fitted at once is fitted on nested shares of the rows (its *rungs*), cheap ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import metrics
from harness.metrics import Answers, log_losses
from harness.records import Family, Floats, Ints, Outcome, Split, Trial

MAX_POINTS = 10
RUNG_SHARES = (4, 1)
SMALLEST_RUNG = 100

Build = Callable[[int], Any]


@dataclass(frozen=True)
class Point:
    """The validation metrics of a setting after `step` gradient steps, or on `step` training rows.

    `value` is what settings are compared by, `error` the score in the cell's metric, `scores` the others.
    `last` says that no point follows: the setting is judged in full, and pruning would save nothing.
    """

    step: int
    value: float
    error: float
    last: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)


def checkpoints(horizon: int, count: int = MAX_POINTS) -> tuple[int, ...]:
    """At most `count` equally spaced steps, the last of them the horizon.

    >>> checkpoints(10, 4), checkpoints(2)
    ((3, 5, 8, 10), (1, 2))
    """
    count = min(count, horizon)
    return tuple(-(-horizon * j // count) for j in range(1, count + 1))


def warmup(family: Family, horizon: int) -> int:
    """The first step at which a setting may be pruned, of a schedule or of the training rows of a fold.

    A decaying schedule reorders settings late, so its first 30 % misleads; so do few of the rows.

    >>> warmup(Family("nn", "", {}, {}, progress="steps"), 1000), warmup(Family("svm", "", {}, {}), 1000)
    (300, 200)
    """
    return int((0.3 if family.progress == "steps" else 0.2) * horizon)


def rungs(y: Ints | None, folds: Sequence[Split]) -> tuple[int, ...]:
    """Nested shares n/4 and n of the training rows, as row counts of the first fold; y is None for numbers.

    Left out are shares too small to rank settings, and those in which some fold has one class only or lacks
    one of a hundredth of its rows or more.

    >>> y, rows = np.arange(10_000) % 2, np.arange(10_000)
    >>> rungs(y, [Split(rows[:8000], rows[8000:])]), rungs(y, [Split(rows[:100], rows[100:])])
    ((2000, 8000), (100,))
    """
    rows = len(folds[0].train)
    early = [rows // share for share in RUNG_SHARES if share > 1 and rows // share >= SMALLEST_RUNG]
    if y is not None:
        early = [rung for rung in early if all(_stands_for_all(y[fold.train], rung) for fold in folds)]
    return (*early, rows)


def _stands_for_all(y: Ints, rung: int) -> bool:
    counts, seen = np.bincount(y), np.bincount(y[:rung], minlength=y.max() + 1)
    return bool(np.count_nonzero(seen) > 1 and seen[counts >= len(y) / 100].all())


def probabilities(learner: Any, X: Floats, classes: int) -> NDArray[np.float64]:
    """Predicted probabilities in the data set's classes; a class the learner never saw gets 0."""
    aligned = np.zeros((len(X), classes))
    aligned[:, learner.classes_] = learner.predict_proba(X)
    return aligned


def log_loss(p: NDArray[np.float64], y: Ints, rows: int) -> float:
    """Mean of -log((n p + 1) / (n + K)) at the true classes, n the training rows, K the classes.

    The mixture with the uniform is the same for every family and keeps the cost of an unseen class finite.

    >>> round(log_loss(np.array([[1.0, 0.0]]), np.array([1]), rows=98), 4)
    4.6052
    """
    return float(np.mean(log_losses(p, y, rows)))


def selection(family: Family, metric: str) -> str:
    """What the trials of a cell are compared by: its metric, but for the error what suits the family.

    >>> selection(Family("nn", "", {}, {}), "error"), selection(Family("nn", "", {}, {}), "balanced_error")
    ('log_loss', 'balanced_error')
    """
    return family.selection if metric == "error" else metric


def answers(
    family: Family, learner: Any, X: Floats, y: Any, rows: int, classes: int, probable: bool
) -> Answers:
    """What a fitted learner says of rows, its probabilities where they are wanted or decide.

    A family that is compared by log-loss says its most probable class, and one by error what it predicts.
    """
    if not classes:
        return Answers(y, np.asarray(learner.predict(X), dtype=np.float64).reshape(len(y)), 0)
    decides = family.selection == "log_loss"
    p = probabilities(learner, X, classes) if probable or decides else None
    said = p.argmax(axis=1) if p is not None and decides else learner.predict(X)
    return Answers(y, said, classes, p, rows)


def scores(of: Answers) -> dict[str, float]:
    """Every metric of the answers, by name; the log-loss where there are probabilities."""
    found = metrics.scores(of)
    return found if of.p is None else {**found, "log_loss": log_loss(of.p, of.y, of.rows)}


def judged(
    family: Family, learner: Any, X: Floats, y: Any, rows: int, classes: int, metric: str = "error"
) -> dict[str, float]:
    """The scores of a fitted learner on validation rows; `classes` is 0 where y is a number."""
    probable = selection(family, metric) == "log_loss"
    return scores(answers(family, learner, X, y, rows, classes, probable))


def points(
    family: Family,
    build: Build,
    X: Floats,
    y: Any,
    folds: Sequence[Split],
    classes: int,
    metric: str = "error",
) -> Iterator[Point]:
    """The points of one setting, one at a time; `build(fold)` makes an unfitted learner.

    Stopping early is closing the iterator.
    """
    bench = _Bench(family, build, X, y, folds, classes, metric)
    return _lockstep(bench) if family.progress == "steps" else _rungs(bench)


@dataclass(frozen=True)
class _Bench:
    """What one setting is judged on."""

    family: Family
    build: Build
    X: Floats
    y: Any
    folds: Sequence[Split]
    classes: int
    metric: str

    def judged(self, learner: Any, fold: Split, rows: int) -> dict[str, float]:
        held = self.X[fold.validation], self.y[fold.validation]
        return judged(self.family, learner, *held, rows, self.classes, self.metric)

    def mean_point(self, step: int, found: Sequence[Mapping[str, float]], last: bool) -> Point:
        mean = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
        value, error = mean[selection(self.family, self.metric)], mean.pop(self.metric)
        return Point(step, value, error, last, mean)


def _lockstep(bench: _Bench) -> Iterator[Point]:
    learners = [bench.build(fold).with_budget(len(bench.y)) for fold in range(len(bench.folds))]
    steps = checkpoints(learners[0].steps)
    runs = [
        learner.iter_fit(bench.X[fold.train], bench.y[fold.train], steps)
        for learner, fold in zip(learners, bench.folds, strict=True)
    ]
    for progress in zip(*runs, strict=True):
        found = [
            bench.judged(learner, fold, len(fold.train))
            for learner, fold in zip(learners, bench.folds, strict=True)
        ]
        yield bench.mean_point(progress[0].step, found, progress[0].step == steps[-1])


def _rungs(bench: _Bench) -> Iterator[Point]:
    *early, last = rungs(bench.y if bench.classes else None, bench.folds)
    for rung in early:
        trains = [fold.train[:rung] for fold in bench.folds]
        try:
            found = _fitted_scores(bench, trains)
        except (Exception, SystemExit):  # such as a learner that wants every class: the last rung will tell
            continue
        yield bench.mean_point(rung, found, False)
    trains = [fold.train for fold in bench.folds]  # they may differ by a row
    yield bench.mean_point(last, _fitted_scores(bench, trains), True)


def _fitted_scores(bench: _Bench, trains: Sequence[Ints]) -> list[dict[str, float]]:
    """The scores of each fold, fitted on its part of the training rows."""
    found = []
    for number, (train, fold) in enumerate(zip(trains, bench.folds, strict=True)):
        learner = fitted(bench.build(number), bench.X[train], bench.y[train])
        found.append(bench.judged(learner, fold, len(train)))
    return found


def fitted(learner: Any, X: Floats, y: Any) -> Any:
    """The learner, fitted; a column without a value in any of these rows is 0, for not all can bin it."""
    empty = np.isnan(X).all(axis=0)
    return learner.fit(np.where(empty, X.dtype.type(0), X) if empty.any() else X, y)


def choice(family: Family, seen: Sequence[Point]) -> Point:
    """The point a setting is judged by: the best of its curve, or the fit on all rows.

    >>> choice(Family("nn", "", {}, {}, progress="steps"), [Point(1, 0.5, 0.2), Point(2, 0.6, 0.2)]).step
    1
    """
    if family.progress == "steps":
        return min(seen, key=lambda point: point.value)
    return seen[-1]


def winner(trials: Iterable[Trial]) -> Trial | None:
    """The complete trial of the lowest selection metric, the earliest of equals; None where none is complete.

    >>> winner([Trial(0, {}, Outcome.PRUNED), Trial(1, {}, Outcome.COMPLETE, value=0.3)]).number
    1
    """
    complete = (t for t in trials if t.outcome is Outcome.COMPLETE and t.value is not None)
    return min(complete, key=lambda trial: (trial.value, trial.number), default=None)
