"""A metric is what learners are judged by: a number for every test row, the mean of which is the score.

What is no mean by itself is written as one, by its influence (the delta method): a row's number says how much
the score would move with that row. So one interval, over repeats and test rows, is right for all of them.

Scores are compared, forecast and held against margins in *baselines*: what the best constant scores, which
looks at no feature. Of an error the baseline is 1, so that its hundredths are points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.records import CLASSIFICATION, REGRESSION, Task

Floats = NDArray[np.float64]

LABELS = {
    CLASSIFICATION: {"error": "error", "balanced_error": "balanced error", "log_loss": "log-loss"},
    REGRESSION: {"rmse": "RMSE", "mae": "MAE"},
}
SHARES = ("error", "balanced_error")
METRICS = tuple(name for named in LABELS.values() for name in named)
GUESSES = {
    "log_loss": "the shares of the classes",
    "rmse": "the mean of the target",
    "mae": "the median of the target",
}
UNITS = {"log_loss": "nats", "rmse": "in the target's unit", "mae": "in the target's unit"}
MEANINGS = {
    "error": "Share of wrong answers",
    "balanced_error": "Share of wrong answers in each class, the mean over the classes",
    "log_loss": "Log-loss, the mean of -log of the probability given to the true class",
    "rmse": "RMSE, the root of the mean squared difference from the truth, in the target's unit",
    "mae": "MAE, the mean absolute difference from the truth, in the target's unit",
}


@dataclass(frozen=True)
class Metric:
    """What is charted, and how a person is shown it.

    Attributes:
        name: one of `METRICS`.
        baseline: the score of a guess that looks at no feature (`baseline_of`); 1 for shares of wrong rows.

    >>> Metric("error").value(0.1154), Metric("rmse", 77.0).value(0.7), Metric("log_loss", 0.69).value(0.5)
    ('11.5 %', '53.9', '0.345')
    """

    name: str = "error"
    baseline: float = 1.0

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        return {**LABELS[CLASSIFICATION], **LABELS[REGRESSION]}[self.name]

    @property
    def is_share(self) -> bool:
        """True where it is told in percent, and differences in points."""
        return self.name in SHARES

    @property
    def most(self) -> float:
        """The largest score there can be, in baselines."""
        return 1.0 if self.is_share else np.inf

    @property
    def scale(self) -> float:
        """What a number in baselines is multiplied by to be shown: percent, or the metric's own unit."""
        return 100.0 if self.is_share else self.baseline

    @cached_property
    def decimals(self) -> int:
        """Those shown: to about a thousandth of the baseline."""
        return 1 if self.is_share else max(0, round(3 - log10(self.baseline)))

    @property
    def guess(self) -> str:
        """What the baseline guesses; empty for the shares of wrong rows, which have none."""
        return GUESSES.get(self.name, "")

    @property
    def meaning(self) -> str:
        """What it is, as the beginning of a sentence."""
        return MEANINGS[self.name]

    @property
    def axis(self) -> str:
        """The name of an axis, without what was measured on: "error (%)"."""
        return f"{self.label} ({'%' if self.is_share else UNITS[self.name]})"

    def value(self, score: float) -> str:
        """A score, as a person reads it."""
        return f"{self.number(score)} %" if self.is_share else self.number(score)

    def apart(self, difference: float) -> str:
        """A difference of two scores.

        >>> Metric("error").apart(0.02), Metric("rmse", 77.0).apart(0.02)
        ('2.0 points', '1.5')
        """
        return f"{self.number(difference)} points" if self.is_share else self.number(difference)

    def number(self, score: float) -> str:
        """A score or a difference without its unit, with a true minus."""
        return f"{self.scale * score:,.{self.decimals}f}".replace("-", "\N{MINUS SIGN}")

    def standard_error(self, score: float, rows: int) -> float:
        """About that of a score on so many rows, in baselines.

        sqrt(e (1 - e) / m) of a share; e / sqrt(2 m) of an RMSE, as where what is left is Gaussian; else
        e / sqrt(m), as where the losses of rows differ by about what they are.
        """
        if self.is_share:
            return float(np.sqrt(score * (1 - score) / rows))
        return float(score / np.sqrt((2 if self.name == "rmse" else 1) * rows))


ERROR = Metric()


@dataclass(frozen=True)
class Answers:
    """What a learner says of some rows, beside the truth.

    Attributes:
        y, said: (m,), class indices or numbers.
        classes: 0 where y is a number.
        p: (m, classes) probabilities; None where the learner gives none or none are asked for.
        rows: what it has learned from.
    """

    y: Any
    said: Any
    classes: int
    p: Floats | None = None
    rows: int = 0


def default(task: Task) -> str:
    """The metric of a kind of target where none is asked for."""
    return next(iter(LABELS[task.kind]))


def on(name: str, task: Task) -> Metric:
    """A metric on the test rows of a data set."""
    return Metric(name, baseline_of(name, task))


def baseline_of(name: str, task: Task) -> float:
    """The score, on the test rows, of the best constant: what is known without looking at any feature.

    The standard deviation of the target for an RMSE, its mean distance from the median for a MAE, the entropy
    of the classes in nats for a log-loss; 1 where those are 0, and for the shares of wrong rows.
    """
    y = np.asarray(task.y_test)
    found = 1.0
    if name == "rmse":
        found = float(y.std(dtype=np.float64))
    elif name == "mae":
        found = float(np.abs(y - np.median(y)).mean())
    elif name == "log_loss":
        shares = np.bincount(y) / len(y)
        found = float(-sum(share * np.log(share) for share in shares[shares > 0]))
    return found or 1.0


def scores(of: Answers) -> dict[str, float]:
    """Every metric of the answers, by name, but the log-loss.

    >>> numbers = Answers(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]), classes=0)
    >>> {name: round(score, 3) for name, score in scores(numbers).items()}
    {'rmse': 1.155, 'mae': 0.667, 'r2': -1.0}
    """
    if not of.classes:
        left = np.abs(of.said - of.y)
        return {"rmse": _root_mean_square(left), "mae": float(left.mean()), "r2": _r2(of.y, left)}
    wrong = of.said != of.y
    return {"error": float(np.mean(wrong)), "balanced_error": float(np.nanmean(_by_class(of.y, wrong)))}


def losses(name: str, of: Answers) -> Floats:
    """(m,) numbers whose mean is the score of that name, by each row's influence on it::

        RMSE, s = sqrt(mean e^2):            s + (e_i^2 - s^2) / (2 s)
        balanced error, b = mean over c of the share e_c wrong in class c, K classes, m_c rows of c:
                                             b + m / (K m_c) (wrong_i - e_c)
        the others are means:                wrong_i, |e_i|, `log_losses`

    >>> numbers = Answers(np.array([0.0, 0.0]), np.array([3.0, 1.0]), classes=0)
    >>> float(losses("rmse", numbers).mean().round(9)), 5**0.5
    (2.236067977, 2.23606797749979)
    """
    if name == "log_loss":
        assert of.p is not None, "a log-loss is of probabilities"
        return log_losses(of.p, of.y, of.rows)
    if name in SHARES:
        wrong = (of.said != of.y).astype(np.float64)
        return wrong if name == "error" else _balanced(of.y, wrong)
    left = np.abs(of.said - of.y)
    if name == "mae":
        return np.asarray(left, dtype=np.float64)
    s = _root_mean_square(left)
    return s + (left**2 - s**2) / (2 * s) if s else np.zeros(len(left))


def in_digits(value: float) -> str:
    """A number in five significant digits.

    >>> in_digits(348173.4), in_digits(0.00123456), in_digits(-12.0), in_digits(3.2e21)
    ('348,170', '0.0012346', '-12', '3.2e+21')
    """
    rounded = float(f"{value:.5g}")
    return f"{rounded:,.0f}" if rounded.is_integer() and abs(rounded) < 1e15 else f"{rounded:,}"


def log_losses(p: Floats, y: NDArray[np.int64], rows: int) -> Floats:
    """-log((n p + 1) / (n + K)) of each row's true class: p mixed with the uniform, n the rows learned from.

    >>> log_losses(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]), rows=98).round(2).tolist()
    [0.01, 4.61]
    """
    found: Floats = -np.log((rows * p[np.arange(len(y)), y] + 1) / (rows + p.shape[1]))
    return found


def _root_mean_square(left: Floats) -> float:
    return float(np.sqrt(np.mean(left**2)))


def _r2(y: Floats, left: Floats) -> float:
    """1 - squares left / squares around the mean; of a truth that never varies 1 if none are left, else 0."""
    around, squares = float(np.sum((y - y.mean()) ** 2)), float(np.sum(left**2))
    return 1 - squares / around if around else float(squares == 0)


def _by_class(y: NDArray[np.int64], wrong: Any) -> Floats:
    """The share wrong in each class up to the last that occurs; NaN for one that does not."""
    counts = np.bincount(y)
    found: Floats = np.divide(
        np.bincount(y, weights=wrong), counts, out=np.full(len(counts), np.nan), where=counts > 0
    )
    return found


def _balanced(y: NDArray[np.int64], wrong: Floats) -> Floats:
    by_class, counts = _by_class(y, wrong), np.bincount(y)
    weights = len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.asarray(np.nanmean(by_class) + weights[y] * (wrong - by_class[y]))
