"""Rows for an experiment: a draw of a data set's pool for each repeat, to train on and to judge by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.course.finding import Array
from harness.records import Task
from harness.seeds import seed_for


@dataclass(frozen=True)
class Rows:
    """Training rows and validation rows, drawn without replacement."""

    X: Array
    y: Array
    X_held: Array
    y_held: Array

    def known(self) -> Rows:
        """Without the validation rows whose class is not among the training rows.

        >>> X, y = np.zeros((2, 1)), np.array([0, 1])
        >>> Rows(X, y, np.zeros((3, 1)), np.array([0, 2, 1])).known().y_held.tolist()
        [0, 1]
        """
        return Rows(self.X, self.y, *with_classes_of(self.y, self.X_held, self.y_held))


def with_classes_of(y: Array, X_judged: Array, y_judged: Array) -> tuple[Array, Array]:
    """The rows to judge by whose class was learned from: a log-loss of the others is not defined."""
    known = np.isin(y_judged, np.unique(y))
    return X_judged[known], y_judged[known]


def draw(task: Task, train: int, held: int, **axes: str | int) -> Rows:
    """Draw training and validation rows of the pool, seeded from named axes; fewer where the pool is small.

    >>> X, y = np.zeros((10, 2), np.float32), np.arange(10)
    >>> task = Task("t", X, y, X, y, ("a",), ("x",), "")
    >>> rows = draw(task, 6, 3, seed=0)
    >>> len(rows.y), len(set(rows.y) | set(rows.y_held))
    (6, 9)
    """
    held = min(held, len(task.y) // 3)
    order = np.random.default_rng(seed_for("rows", **axes)).permutation(len(task.y))
    judged, learned = np.sort(order[:held]), np.sort(order[held : held + train])
    return Rows(task.X[learned], task.y[learned], task.X[judged], task.y[judged])
