"""The cost of a sigmoid unit under two losses: gradient, curvature, and the minima that descents find."""

from __future__ import annotations

import numpy as np

from harness.course.finding import Array
from harness.seeds import seed_for
from models.activations import sigmoid
from models.losses import binary_cross_entropy, squared_error

FLAT, APART = 1e-9, 0.01
LONGEST = 0.1  # step
FAR = 50.0  # a weight beyond it has run away along a plateau


def inputs(kind: str, columns: int, rows: int, seed: int) -> tuple[Array, Array]:
    """X (rows, columns) and y (rows,) of 0 and 1."""
    if kind == "made to trap":
        column = np.repeat([1.0, 10.0], 10)
        labels = np.concatenate([np.arange(10) < 9, np.arange(10) < 4])  # 90 % and 40 % of 1
        X = np.kron(np.eye(columns), column[:, None])
        return X, np.tile(labels, columns).astype(float)
    rng = np.random.default_rng(seed_for("rows", seed=seed, columns=columns))
    X = rng.standard_normal((rows, columns))
    chance = 1 / (1 + np.exp(-X @ rng.normal(0, 1.5, columns)))
    return X, (rng.random(rows) < chance).astype(float)


def value_and_gradient(loss: str, w: Array, X: Array, y: Array) -> tuple[float, Array]:
    """J(w) and dJ/dw of a sigmoid unit, a = sigmoid(X w): by the losses of models/.

    With several w side by side, (columns, starts), the value is the sum of theirs, the gradient that of each.
    """
    z = (X @ w).reshape(len(X), -1)
    targets = np.repeat(y[:, None], z.shape[1], axis=1)
    if loss == "cross-entropy":
        value = binary_cross_entropy(z, targets)
        return value, (X.T @ z).reshape(w.shape)
    slope = np.empty_like(z)
    sigmoid(z, slope)
    value = squared_error(z, targets)
    return value, (X.T @ (z * slope)).reshape(w.shape)


def hessians(loss: str, w: Array, X: Array, y: Array) -> Array:
    """d^2 J/dw^2 of each w of (columns, starts): X^T diag(h) X / rows, (starts, columns, columns).

    h is the second derivative of a row's loss by its z. Cross-entropy: a (1 - a) > 0. Squared error:
    a'^2 + (a - y) a'', with a'' = a' (1 - 2 a), of any sign.
    """
    a = X @ w
    slope = np.empty_like(a)
    sigmoid(a, slope)
    h = slope if loss == "cross-entropy" else slope**2 + (a - y[:, None]) * slope * (1 - 2 * a)
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    found: Array = (h.T @ products).reshape(w.shape[1], X.shape[1], X.shape[1]) / len(y)
    return found


def curvatures(loss: str, w: Array, X: Array, y: Array) -> Array:
    """The smallest eigenvalue of the Hessian at each w, (starts,)."""
    smallest: Array = np.linalg.eigvalsh(hessians(loss, w, X, y))[:, 0]
    return smallest


def between(ends: Array, points: int) -> Array:
    """Points of the straight line between two, (points, columns)."""
    line: Array = ends[0] + np.linspace(0, 1, points)[:, None] * (ends[1] - ends[0])
    return line


def search(loss: str, X: Array, y: Array, starts: Array, steps: int) -> tuple[Array, Array]:
    """The distinct minima (minima, columns), and the loss at which each start (columns, starts) ended."""
    w = starts
    for _ in range(steps):
        values, vectors = np.linalg.eigh(hessians(loss, w, X, y))
        along = np.einsum("sij,is->sj", vectors, value_and_gradient(loss, w, X, y)[1])
        step = np.einsum("sij,sj->is", vectors, along / np.maximum(np.abs(values), FLAT))
        w = w - step * np.minimum(1.0, LONGEST / np.maximum(np.linalg.norm(step, axis=0), FLAT))
    ends = np.array([value_and_gradient(loss, each, X, y)[0] for each in w.T])
    gradients = np.linalg.norm(value_and_gradient(loss, w, X, y)[1], axis=0)
    still = (gradients < FLAT) & (np.abs(w).max(axis=0) < FAR) & (curvatures(loss, w, X, y) > 1e3 * FLAT)
    minima: list[Array] = []
    for each in w.T[still]:
        if all(np.abs(each - other).max() > APART for other in minima):
            minima.append(each)
    return np.array(minima).reshape(len(minima), X.shape[1]), ends
