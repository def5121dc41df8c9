"""The course's pseudocode, one example and one number at a time: slow, and what the fast code must equal.

Symbols of course 1 (weeks 2 and 3) and where they are in the fast code, whose rows are examples:
    X (n_x, m)                        our X transposed; m is the number of rows
    Y (1, m)                          our targets transposed, 0 or 1
    w (n_x, 1), b                     coefs_[0], intercepts_[0]
    W1 (n_1, n_x), b1 (n_1, 1)        coefs_[0] transposed, intercepts_[0] as a column
    W2 (1, n_1), b2 (1, 1)            coefs_[1] transposed, intercepts_[1]
    J                                 the mean loss; lambda/(2m) times squared weights is our l2/2 times them
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from models.activations import Array

Function = Callable[[float], float]


def sigma(z: float) -> float:
    """The course's sigmoid, 1 / (1 + e^-z), for z of either sign.

    >>> sigma(0.0), sigma(-1000.0)
    (0.5, 0.0)
    """
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


def cross_entropy_of(a: float, y: float) -> float:
    """L(a, y) = -(y log a + (1 - y) log(1 - a)).

    >>> round(cross_entropy_of(0.5, 1.0), 6)
    0.693147
    """
    return -(y * math.log(a) + (1 - y) * math.log(1 - a))


def logistic_regression(w: Array, b: float, X: Array, Y: Array) -> tuple[float, Array, float]:
    """J, dw (n_x, 1) and db of logistic regression: course 1, week 2, "logistic regression on m examples".

    >>> J, dw, db = logistic_regression(np.zeros((1, 1)), 0.0, np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]]))
    >>> round(J, 6), dw.tolist(), db
    (0.693147, [[-0.5]], 0.0)
    """
    n_x, m = X.shape
    J, dw, db = 0.0, np.zeros((n_x, 1)), 0.0
    for i in range(m):
        z = b
        for j in range(n_x):
            z += w[j, 0] * X[j, i]
        a = sigma(z)
        J += cross_entropy_of(a, Y[0, i])
        dz = a - Y[0, i]
        for j in range(n_x):
            dw[j, 0] += X[j, i] * dz
        db += dz
    return float(J / m), dw / m, float(db / m)


def shallow_forward(
    W1: Array, b1: Array, W2: Array, b2: Array, x: Array, g: Function
) -> tuple[list[float], list[float], float]:
    """z1 and a1 of every hidden unit, and a2, for one example x (n_x,): course 1, week 3.

    z1_k = w1_k^T x + b1_k, a1_k = g(z1_k); z2 = w2^T a1 + b2, a2 = sigma(z2).
    """
    z1, a1 = [], []
    for k in range(len(W1)):
        z = float(b1[k, 0])
        for j in range(len(x)):
            z += W1[k, j] * x[j]
        z1.append(z)
        a1.append(g(z))
    z2 = float(b2[0, 0])
    for k in range(len(W1)):
        z2 += W2[0, k] * a1[k]
    return z1, a1, sigma(z2)


def shallow_network(
    W1: Array, b1: Array, W2: Array, b2: Array, X: Array, Y: Array, g: Function, g_prime: Function
) -> tuple[float, Array, Array, Array, Array]:
    """J, dW1, db1, dW2, db2 of a network with one hidden layer: course 1, week 3, one example at a time.

    dz2 = a2 - y; dW2 = dz2 a1^T; db2 = dz2; dz1 = W2^T dz2 * g'(z1); dW1 = dz1 x^T; db1 = dz1; all averaged.
    """
    m = X.shape[1]
    J, dW1, db1, dW2, db2 = (
        0.0,
        np.zeros(W1.shape),
        np.zeros(b1.shape),
        np.zeros(W2.shape),
        np.zeros(b2.shape),
    )
    for i in range(m):
        z1, a1, a2 = shallow_forward(W1, b1, W2, b2, X[:, i], g)
        J += cross_entropy_of(a2, Y[0, i])
        dz2 = a2 - Y[0, i]
        db2[0, 0] += dz2
        for k in range(len(W1)):
            dW2[0, k] += dz2 * a1[k]
            dz1 = W2[0, k] * dz2 * g_prime(z1[k])
            db1[k, 0] += dz1
            for j in range(len(X)):
                dW1[k, j] += dz1 * X[j, i]
    return float(J / m), dW1 / m, db1 / m, dW2 / m, db2 / m
