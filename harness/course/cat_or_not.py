"""Cat or not: logistic regression on an image flattened to one column, by full-batch gradient descent.

There are no cats in Fashion-MNIST, so two questions stand for them: an easy one, whether an image shows one
kind of clothing or any other, and a hard one, which of two kinds that look alike. In both, half of the rows
are of either answer, so that the commonest class is wrong on 50 %. As in the course: pixels are divided by
255, weights start at 0, and every step descends the cost over all training rows, w := w - alpha dw. Of the
learning rates each repeat takes the one of the lowest log-loss on validation rows.

Rule. Over repeats (draws of rows): the share of the commonest class's errors on the test rows that logistic
regression avoids. A question is answered where the 95 % t interval of that share lies above 80 %, and is not
where it lies below. Supported where both are answered, contradicted where neither is. Else undetermined: then
it depends on the images. The effect is the mean of the two shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.checks import mistake, one_of
from harness.course.descent import gradient_descent
from harness.course.finding import Array, Bars, Finding, Images, Lines, Row
from harness.course.intervals import Interval, band, mean_interval, ratio_interval
from harness.course.rates import at_ends, best
from harness.course.watching import loss_and_error
from harness.data.idx import FASHION
from harness.records import Task
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import LogisticRegression

ANSWERED = 80.0  # % of the commonest class's errors avoided
COMMONEST = 50.0  # % wrong: either answer is that of half of the rows
BRIGHTEST = 255.0
SHOWN = 40  # points of a cost curve in the picture


@dataclass(frozen=True)
class Question:
    """Rows of the pool and of the test set that have an answer, and which of two it is; -1 for no answer."""

    pool: Array
    test: Array


@dataclass(frozen=True)
class Answered:
    """What the repeats of one question gave.

    Attributes:
        rows: learned from.
        error: on the test rows, in %, (repeats,).
        rates: the learning rates chosen, (repeats,).
        costs: J before each step, (repeats, steps).
        weights: the mean over repeats of w, as an image.
    """

    rows: int
    error: Array
    rates: Array
    costs: Array
    weights: Array

    @property
    def avoided(self) -> Array:
        """The share of the commonest class's errors avoided, in %."""
        found: Array = 100 * (1 - self.error / COMMONEST)
        return found


def check(settings: Mapping[str, Any], path: str) -> None:
    """Refuse what is no kind of clothing.

    Raises:
        ConfigError: naming the kinds there are.
    """
    one_of(settings["kind"], f"{path}.kind", FASHION.classes)
    pair = [one_of(each, f"{path}.pair", FASHION.classes) for each in settings["pair"]]
    if len(set(pair)) != 2:
        raise mistake(f"{path}.pair", "two kinds that differ", settings["pair"])


def run(
    *,
    kind: str,
    pair: list[str],
    rows: int,
    rates: list[float],
    steps: int,
    repeats: int,
    seed: int,
    data: Mapping[str, Task],
) -> Finding:
    """Ask both questions."""
    task = data["fashion_mnist"]
    code = task.classes.index
    one, other = (code(name) for name in pair)
    questions = {
        f"{kind} or not": Question(*((y == code(kind)).astype(int) for y in (task.y, task.y_test))),
        " or ".join(pair): Question(
            *(np.select([y == other, y == one], [0, 1], -1) for y in (task.y, task.y_test))
        ),
    }
    found = {}
    for name, asked in questions.items():
        each = [_answered(task, name, asked, rows, rates, steps, seed, k) for k in range(repeats)]
        counts, chosen, errors, costs, weights = (np.array(part) for part in zip(*each, strict=True))
        side = math.isqrt(task.X.shape[1])
        found[name] = Answered(int(counts[0]), errors, chosen, costs, weights.mean(axis=0).reshape(side, -1))
    return _judged(found, rates)


def _answered(
    task: Task, name: str, asked: Question, rows: int, rates: list[float], steps: int, seed: int, repeat: int
) -> tuple[int, float, float, Array, Array]:
    """Rows, the chosen rate, the test error in %, the cost at every step and the weights of one repeat."""
    rng = np.random.default_rng(seed_for("rows", seed=seed, repeat=repeat, question=name))
    pool = balanced(asked.pool, rows + rows // 2, rng)
    test = balanced(asked.test, len(asked.test), rng)
    learned, held = np.split(pool, [2 * (len(pool) // 3)])
    X, X_held = (_columns(task.X, part) for part in (learned, held))

    def tried(rate: float) -> tuple[float, tuple[Array, LogisticRegression]]:
        costs, model = descended(X, asked.pool[learned], rate, steps)
        loss, _ = loss_and_error(model.predict_proba(X_held), asked.pool[held])
        return loss, (costs, model)

    rate, (costs, model) = best(rates, tried)
    wrong = model.predict(_columns(task.X_test, test)) != asked.test[test]
    return len(learned), rate, 100 * float(np.mean(wrong)), costs, model.coefs_[0][:, 0]


def balanced(answers: Array, rows: int, rng: np.random.Generator) -> Array:
    """Rows drawn without replacement, the two answers in turn; as many as there are equally many of, at most.

    >>> drawn = balanced(np.array([0, 1, -1, 0, 0, 1]), 6, np.random.default_rng(0))
    >>> len(drawn), np.array([0, 1, -1, 0, 0, 1])[drawn].tolist()
    (4, [0, 1, 0, 1])
    """
    sides = [rng.permutation(np.flatnonzero(answers == answer)) for answer in (0, 1)]
    each = min(rows // 2, *(len(side) for side in sides))
    return np.column_stack([side[:each] for side in sides]).ravel()


def _columns(images: Array, rows: Array) -> Array:
    """Pixels from 0 to 1, an image in each row: the transpose of the course's columns."""
    order = np.sort(rows)  # as they lie in the file, and then as they were drawn
    pixels: Array = images[order] / np.float32(BRIGHTEST)
    return pixels[np.searchsorted(order, rows)]


def descended(X: Array, y: Array, rate: float, steps: int) -> tuple[Array, LogisticRegression]:
    """The cost J before each step w := w - rate dw, b := b - rate db over all rows; and the model."""
    model = gradient_descent(rate, steps)
    costs = [progress.loss for progress in model.iter_fit(X, y)]
    return np.array(costs), model


def _judged(found: Mapping[str, Answered], rates: list[float]) -> Finding:
    shares = {name: mean_interval(of.avoided) for name, of in found.items()}
    chosen = {name: of.rates for name, of in found.items()}
    are = [low > ANSWERED for _, low, _ in shares.values()]
    are_not = [high < ANSWERED for *_, high in shares.values()]
    verdict = Answer.UNDETERMINED
    if all(are):
        verdict = Answer.SUPPORTED
    elif all(are_not):
        verdict = Answer.CONTRADICTED
    errors = {name: mean_interval(of.error) for name, of in found.items()}
    rows = " and ".join(f"{count:,}" for count in dict.fromkeys(of.rows for of in found.values()))
    told = "; ".join(f"{name} {e:.1f} % ({low:.1f} to {high:.1f})" for name, (e, low, high) in errors.items())
    return Finding(
        verdict,
        *mean_interval(np.mean([of.avoided for of in found.values()], axis=0)),
        unit="% of the commonest class's errors avoided (mean of the two questions)",
        sentence=(
            f"Test error of logistic regression by gradient descent on {rows} images, where the commonest "
            f"class is wrong on {COMMONEST:.0f} %: {told}. In the picture of the weights red pixels "
            "speak for the first answer, blue ones for the other."
        ),
        rows=tuple(_rows(found)),
        panels=_panels(found, errors),
        conditions=f"{_conditions(found, shares)} {at_ends(chosen, rates)}".strip(),
    )


def _conditions(found: Mapping[str, Answered], shares: Mapping[str, Interval]) -> str:
    avoided = "; ".join(f"{name} {share:.0f} %" for name, (share, *_) in shares.items())
    risen = [name for name, of in found.items() if np.any(np.diff(of.costs.mean(axis=0)) > 0)]
    told = (
        "It depends on what is to be told apart. Each pixel votes for one answer, the more the brighter it "
        "is, and the votes are added: that is enough where two kinds fill other parts of the image, and ends "
        f"where they share an outline. Of the commonest class's errors it avoids: {avoided}."
    )
    if risen:
        told += (
            f" The rates that are best in the end overshoot at first: the cost rises on {', '.join(risen)}."
        )
    return told


def _rows(found: Mapping[str, Answered]) -> list[Row]:
    return [
        {
            "question": name,
            "rows": of.rows,
            "repeat": repeat,
            "learning_rate": float(of.rates[repeat]),
            "first_cost": float(of.costs[repeat, 0]),
            "last_cost": float(of.costs[repeat, -1]),
            "test_error": float(of.error[repeat]),
        }
        for name, of in found.items()
        for repeat in range(len(of.error))
    ]


def _panels(found: Mapping[str, Answered], errors: Mapping[str, Interval]) -> tuple[Lines, Bars, Images]:
    steps = next(iter(found.values())).costs.shape[1]
    looks = np.unique(np.geomspace(1, steps, SHOWN).round().astype(int))
    curves = {name: band(looks, of.costs[:, looks - 1].T, ratio_interval) for name, of in found.items()}
    weights = {name: of.weights / (np.abs(of.weights).max() or 1.0) for name, of in found.items()}
    return (
        Lines(
            "The cost descends",
            "Steps of gradient descent",
            "Cost J (mean of logarithms)",
            curves,
            True,
            True,
        ),
        Bars("Test error", "% of images (95 % interval)", dict(errors)),
        Images("Weights", weights),
    )
