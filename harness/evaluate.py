"""How one setting is judged inside the n rows of a cell: a sequence of points, watched as it grows.

A learner that trains in steps is trained on all folds in lockstep and its validation curve is their mean.
A learner that is fitted at once is fitted on nested shares of the rows (its *rungs*), cheap ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.records import Family, Floats, Ints, Outcome, Split, Trial

MAX_POINTS = 10
RUNG_SHARES = (16, 4, 1)
SMALLEST_RUNG = 100

Build = Callable[[int], Any]


@dataclass(frozen=True)
class Point:
    """The validation metrics of a setting after `step` gradient steps, or on `step` training rows.

    `last` says that no point follows: the setting is judged in full, and pruning would save nothing.
    """

    step: int
    value: float
    error: float
    last: bool = False


def checkpoints(horizon: int, count: int = MAX_POINTS) -> tuple[int, ...]:
    """At most `count` equally spaced steps, the last of them the horizon.

    >>> checkpoints(10, 4), checkpoints(2)
    ((3, 5, 8, 10), (1, 2))
    """
    count = min(count, horizon)
    return tuple(-(-horizon * j // count) for j in range(1, count + 1))


def warmup(family: Family, horizon: int) -> int:
    """The first step at which a setting may be pruned, of a schedule or of the training rows of a fold.

    A decaying schedule reorders settings late, so its first 30 % misleads; so does a sixteenth of the rows.

    >>> warmup(Family("nn", "", {}, {}, progress="steps"), 1000), warmup(Family("svm", "", {}, {}), 1000)
    (300, 200)
    """
    return int((0.3 if family.progress == "steps" else 0.2) * horizon)


def rungs(y: Ints, folds: Sequence[Split]) -> tuple[int, ...]:
    """Nested shares n/16, n/4 and n of the training rows, as row counts of the first fold.

    Left out are shares too small to rank settings, and those in which some fold has one class only or lacks
    one of a hundredth of its rows or more.

    >>> y, rows = np.arange(10_000) % 2, np.arange(10_000)
    >>> rungs(y, [Split(rows[:8000], rows[8000:])]), rungs(y, [Split(rows[:100], rows[100:])])
    ((500, 2000, 8000), (100,))
    """
    rows = len(folds[0].train)
    early = [rows // share for share in RUNG_SHARES if share > 1 and rows // share >= SMALLEST_RUNG]
    return (*(rung for rung in early if all(_stands_for_all(y[f.train], rung) for f in folds)), rows)


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
    n, k = rows, p.shape[1]
    return float(-np.mean(np.log((n * p[np.arange(len(y)), y] + 1) / (n + k))))


def judged(family: Family, learner: Any, X: Floats, y: Ints, rows: int, classes: int) -> tuple[float, float]:
    """Selection metric and error of a fitted learner on validation rows."""
    if family.selection == "error":
        error = float(np.mean(learner.predict(X) != y))
        return error, error
    p = probabilities(learner, X, classes)
    return log_loss(p, y, rows), float(np.mean(p.argmax(axis=1) != y))


def points(
    family: Family, build: Build, X: Floats, y: Ints, folds: Sequence[Split], classes: int
) -> Iterator[Point]:
    """The points of one setting, one at a time; `build(fold)` makes an unfitted learner.

    Stopping early is closing the iterator.
    """
    if family.progress == "steps":
        return _lockstep(family, build, X, y, folds, classes)
    return _rungs(family, build, X, y, folds, classes)


def _lockstep(
    family: Family, build: Build, X: Floats, y: Ints, folds: Sequence[Split], classes: int
) -> Iterator[Point]:
    learners = [build(fold).with_budget(len(y)) for fold in range(len(folds))]
    steps = checkpoints(learners[0].steps)
    runs = [
        learner.iter_fit(X[fold.train], y[fold.train], steps)
        for learner, fold in zip(learners, folds, strict=True)
    ]
    held_out = [(X[fold.validation], y[fold.validation], len(fold.train)) for fold in folds]
    for progress in zip(*runs, strict=True):
        scores = [
            judged(family, learner, *rows, classes) for learner, rows in zip(learners, held_out, strict=True)
        ]
        yield _mean_point(progress[0].step, scores, progress[0].step == steps[-1])


def _rungs(
    family: Family, build: Build, X: Floats, y: Ints, folds: Sequence[Split], classes: int
) -> Iterator[Point]:
    *early, last = rungs(y, folds)
    for rung in early:
        trains = [fold.train[:rung] for fold in folds]
        try:
            scores = _fitted_scores(family, build, X, y, trains, folds, classes)
        except Exception:  # such as a learner that wants every class: the last rung will tell
            continue
        yield _mean_point(rung, scores, False)
    trains = [fold.train for fold in folds]  # they may differ by a row
    yield _mean_point(last, _fitted_scores(family, build, X, y, trains, folds, classes), True)


def _fitted_scores(
    family: Family,
    build: Build,
    X: Floats,
    y: Ints,
    trains: Sequence[Ints],
    folds: Sequence[Split],
    classes: int,
) -> list[tuple[float, float]]:
    """The scores of each fold, fitted on its part of the training rows."""
    scores = []
    for number, (train, fold) in enumerate(zip(trains, folds, strict=True)):
        learner = build(number).fit(X[train], y[train])
        scores.append(judged(family, learner, X[fold.validation], y[fold.validation], len(train), classes))
    return scores


def _mean_point(step: int, scores: Sequence[tuple[float, float]], last: bool) -> Point:
    value, error = np.mean(scores, axis=0)
    return Point(step, float(value), float(error), last)


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
