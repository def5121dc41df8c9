"""A support vector machine with the radial basis kernel for more rows than a kernel matrix can hold.

Nystroem's features stand for the kernel: with m landmarks among the rows, Z, and L L^T = K(Z, Z), those of x
are phi(x) = L^-1 K(Z, x), and phi(a).phi(b) is K(a, b) projected on the landmarks, exact where every row is
one. A linear machine on them costs n m where the exact one costs n^2. With no more rows than landmarks
nothing has to be approximated, and `KernelSVC` is what is fitted.

Source: Williams, Seeger, "Using the Nystroem method to speed up kernel machines", 2001.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from models.distances import among, between, decayed
from models.standardization import in_blocks
from models.svm import KernelSVC, rate

_BLOCK_ELEMENTS = 2**21
_RIDGE = 1e-7  # on the diagonal of K(Z, Z), so that rows that are alike do no harm
_SUPPORT = 0.3  # share of rows inside the margin, as the preconditioner guesses it
_ITERATIONS = 200
_TOLERANCE = 1e-5  # relative gain of an iteration at which the solver stops

Matrix = NDArray[np.float64]


class NystroemSVC(ClassifierMixin, BaseEstimator):
    """KernelSVC up to `n_components` rows; above, a linear machine on the features of as many landmarks.

    The landmarks are drawn from the rows. The linear machine is one against the rest for more than two
    classes, with the squared hinge: it minimises |w|^2 / 2 + C sum(max(0, 1 - y f(x))^2) for each class.
    gamma and C are `KernelSVC`'s. Fitting takes 4 n m bytes.

    After fit: classes_, gamma_; exact_, the KernelSVC, or None and then landmarks_ (m, features), coef_ (m,
    outputs) and intercept_ (outputs,) of f(x) = K(x, landmarks) coef + intercept, one output for two classes.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(NystroemSVC(n_components=50, random_state=0).fit(X, y).score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        *,
        n_components: int = 4096,
        C: float = 10.0,
        gamma: float | Literal["scale"] = "scale",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.C = C
        self.gamma = gamma
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit on X (n, features) and class labels y (n,).

        Raises:
            ValueError: for one class only, a gamma that is neither a number above 0 nor "scale", a C that is
                not above 0, or components that are no whole number from 1 up.
        """
        data, labels = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(labels)
        if not isinstance(self.n_components, Integral) or self.n_components < 1:
            raise ValueError(f"n_components must be a whole number from 1 up, got {self.n_components!r}")
        if not self.C > 0:
            raise ValueError(f"C must be above 0, got {self.C!r}")
        if len(data) <= self.n_components:
            self.exact_: KernelSVC | None = KernelSVC(C=self.C, gamma=self.gamma).fit(data, labels)
            self.classes_: NDArray[Any] = self.exact_.classes_
            self.gamma_: float = self.exact_.gamma_
            return self
        self.exact_ = None
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least 2 classes, got 1 class ({self.classes_.tolist()[0]!r})")
        self.gamma_ = rate(self.gamma, data)
        self._fit_linear(data, codes)
        return self

    def _fit_linear(self, X: NDArray[Any], codes: NDArray[np.intp]) -> None:
        chosen = check_random_state(self.random_state).choice(len(X), self.n_components, replace=False)
        self.landmarks_ = X[np.sort(chosen)]
        K = decayed(among(self.landmarks_), self.gamma_)
        L = cholesky(K + _RIDGE * len(K) * np.eye(len(K)), lower=True)
        outputs = np.arange(len(self.classes_)) if len(self.classes_) > 2 else np.array([1])
        signs = np.where(codes[:, None] == outputs, np.float32(1), np.float32(-1))
        w = squared_hinge(self._features(X, L), signs, float(self.C))
        self.coef_, self.intercept_ = solve_triangular(L, w[:-1], lower=True, trans="T"), w[-1]

    def _features(self, X: NDArray[Any], L: Matrix) -> NDArray[np.float32]:
        """Features and a column of ones, (n, m + 1)."""
        phi = np.ones((len(X), len(L) + 1), dtype=np.float32)
        for part in in_blocks(len(X), max(1, _BLOCK_ELEMENTS // len(L))):
            K = decayed(between(X[part], self.landmarks_), self.gamma_)
            phi[part, :-1] = solve_triangular(L, K.T, lower=True, overwrite_b=True).T
        return phi

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each row, (n,)."""
        check_is_fitted(self)
        data = np.asarray(validate_data(self, X, dtype=[np.float64, np.float32], reset=False))
        if self.exact_ is not None:
            return self.exact_.predict(data)
        values = self._values(data)
        chosen = values.argmax(axis=1) if values.shape[1] > 1 else (values[:, 0] > 0).astype(np.intp)
        labels: NDArray[Any] = self.classes_[chosen]
        return labels

    def decision_function(self, X: ArrayLike) -> Matrix:
        """For two classes (n,), above 0 for the second; for more (n, classes), the higher the likelier."""
        check_is_fitted(self)
        data = np.asarray(validate_data(self, X, dtype=[np.float64, np.float32], reset=False))
        if self.exact_ is not None:
            return self.exact_.decision_function(data)
        values = self._values(data)
        return values if values.shape[1] > 1 else values[:, 0]

    def _values(self, X: NDArray[Any]) -> Matrix:
        """f(x) (n, outputs)."""
        values = np.empty((len(X), len(self.intercept_)))
        for part in in_blocks(len(X), max(1, _BLOCK_ELEMENTS // len(self.landmarks_))):
            values[part] = decayed(between(X[part], self.landmarks_), self.gamma_) @ self.coef_
        values += self.intercept_
        return values


def squared_hinge(phi: NDArray[np.float32], signs: NDArray[np.float32], C: float) -> Matrix:
    """The w (m + 1, outputs) that minimise |w|^2 / 2 + C sum(max(0, 1 - signs * (phi w))^2).

    The last column of phi is 1, and its weight, the intercept, is free of the penalty. It is L-BFGS in
    coordinates in which the Hessian is near 1, I + 2 C s phi'phi with a guess s of the share of rows that
    count. Without them a large C needs more than 300 steps, with them 20 to 130.
    """
    m, outputs = phi.shape[1], signs.shape[1]
    scale = cholesky(_hessian(phi, C), lower=True)

    def objective(v: Matrix) -> tuple[float, Matrix]:
        w = solve_triangular(scale, v.reshape(m, outputs), lower=True, trans="T")
        slack = np.maximum(1 - signs * (phi @ w.astype(np.float32)), 0)
        slope = phi.T @ (signs * slack)
        penalised = w.copy()
        penalised[-1] = 0
        value = 0.5 * np.vdot(penalised, penalised) + C * np.vdot(slack, slack)
        gradient = solve_triangular(scale, penalised - 2 * C * slope, lower=True)
        return float(value), gradient.ravel()

    options = {"maxiter": _ITERATIONS, "ftol": _TOLERANCE, "gtol": 0.0}
    found = minimize(objective, np.zeros(m * outputs), jac=True, method="L-BFGS-B", options=options)
    best: Matrix = solve_triangular(scale, found.x.reshape(m, outputs), lower=True, trans="T")
    return best


def _hessian(phi: NDArray[np.float32], C: float) -> Matrix:
    """That guess of the Hessian, from evenly spaced rows, four for each column or all."""
    m = phi.shape[1]
    step = max(1, len(phi) // (4 * m))
    rows = phi[::step]
    total: Matrix = (2 * C * _SUPPORT * step) * (rows.T @ rows).astype(np.float64)
    penalty = np.ones(m)
    penalty[-1] = 0
    # What single precision lost must not leave it indefinite.
    total[np.diag_indices(m)] += penalty + 1e-6 * np.trace(total) / m
    return total
