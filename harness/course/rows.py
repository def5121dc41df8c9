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
