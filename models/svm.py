"""Support vector machines with the radial basis kernel, their kernel matrices made by matrix products.

libsvm, behind scikit-learn's SVC, evaluates a kernel value by value and forgets it, in training and for every
row that is predicted. Here it is given the whole matrix and only solves, and predicting is a product with the
support vectors. The predictions are those of `sklearn.svm.SVC(kernel="rbf")` and, of a standardised target,
of its SVR. Training takes 8 n^2 bytes beside libsvm's cache of 200 MB, twice that below `distances.shared`;
of a classifier above 16,384 rows, n_c of class c, 8 bytes times the sum of n_c^2 and (n_a + n_b)^2 of two.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.svm import SVC, SVR
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from models.activations import Array
from models.distances import among, between, decayed
from models.standardization import in_blocks

_BLOCK_ELEMENTS = 2**21
_WHOLE_ROWS = 2**14  # of which all kernel values are held at once, 2 GiB; of more, those a pair needs

_Solution = tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]


class KernelSVC(ClassifierMixin, BaseEstimator):
    """SVC with kernel exp(-gamma ||a - b||^2), one against one for more than two classes.

    gamma="scale" is 1 / (features * variance of X). C, the cost of a margin error, and tol, where to stop,
    are SVC's.

    After fit: classes_, support_ (rows of X, class by class), support_vectors_, n_support_ (per class),
    dual_coef_ (classes - 1, support vectors), intercept_ (per pair of classes), gamma_. With two classes both
    have the sign opposite to scikit-learn's: a positive margin is for the first class.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(KernelSVC(C=10.0).fit(X, y).score(X, y) > 0.97)
    True
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        gamma: float | Literal["scale"] = "scale",
        tol: float = 1e-3,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (n, d) and y (n,). Raises ValueError for unsuitable settings or data."""
        checked = validate_data(self, X, y, dtype=[np.float64, np.float32], order="C")
        data, target = (np.asarray(part) for part in checked)
        check_classification_targets(target)
        self.classes_, codes = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least 2 classes, got 1 class ({self.classes_.tolist()[0]!r})")
        self.gamma_ = rate(self.gamma, data)
        order = np.argsort(codes, kind="stable")  # a class's columns side by side are read a fifth faster
        solve = self._at_once if len(data) <= _WHOLE_ROWS else self._pair_by_pair
        support, self.dual_coef_, self.intercept_ = solve(data[order], codes[order])
        self.support_ = order[support]
        self.n_support_ = np.bincount(codes[self.support_], minlength=len(self.classes_)).astype(np.int32)
        self.support_vectors_ = data[self.support_]
        return self

    def margins(self, X: ArrayLike) -> NDArray[np.float64]:
        """f_ij(x) (n, pairs) of each pair of classes i < j, in the order 01, 02, ..., 12, ...: above 0 for i.

        It is the sum over the support vectors s of the two classes of their coefficients times K(x, s), plus
        the pair's intercept.
        """
        check_is_fitted(self)
        data = np.asarray(validate_data(self, X, dtype=[np.float64, np.float32], reset=False))
        first, second = self._pairs()
        others = len(self.classes_) - 1
        values = np.empty((len(data), len(first)))
        ends = np.cumsum(self.n_support_)
        vectors = self.support_vectors_.astype(np.float64)
        for part in in_blocks(len(data), max(1, _BLOCK_ELEMENTS // len(vectors))):
            K = decayed(between(data[part], vectors), self.gamma_)
            sums = [
                K[:, end - count : end] @ self.dual_coef_[:, end - count : end].T
                for end, count in zip(ends, self.n_support_, strict=True)
            ]
            # Class i's coefficients against j stand in row j - 1, class j's against i in row i.
            table = np.hstack(sums)
            values[part] = table[:, first * others + second - 1] + table[:, second * others + first]
        values += self.intercept_
        return values

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class that wins most pairs, the first of equals, (n,)."""
        votes = self._votes(self.margins(X))
        labels: NDArray[Any] = self.classes_[votes.argmax(axis=1)]
        return labels

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """For two classes (n,), above 0 for the second; for more (n, classes), as SVC's "ovr" shape.

        That is the number of pairs a class wins, and of equals the more by the sum of its margins.
        """
        margins = self.margins(X)
        if len(self.classes_) == 2:
            return np.asarray(-margins[:, 0])
        first, second = self._members()
        sums = margins @ (first - second)
        return np.asarray(self._votes(margins) + sums / (3 * (np.abs(sums) + 1)))

    def _votes(self, margins: NDArray[np.float64]) -> NDArray[Any]:
        """How many pairs each class wins, (n, classes)."""
        first, second = self._members()
        return np.asarray((margins > 0) @ first + (margins <= 0) @ second)

    def _members(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """1 where a class (column) is the first of a pair (row), and where it is the second."""
        classes = np.arange(len(self.classes_))
        first, second = ((pair[:, None] == classes).astype(np.float32) for pair in self._pairs())
        return first, second

    def _at_once(self, X: Array, codes: NDArray[np.intp]) -> _Solution:
        """The support vectors among rows sorted by class, dual_coef_ and intercept_."""
        return self._solved(decayed(among(X), self.gamma_), codes)

    def _pair_by_pair(self, X: Array, codes: NDArray[np.intp]) -> _Solution:
        """The same, as one against one is a problem for each pair, by the kernel values of two classes."""
        starts = np.searchsorted(codes, range(len(self.classes_) + 1))
        parts = [X[start:end] for start, end in pairwise(starts)]
        within = [decayed(among(part), self.gamma_) for part in parts]
        coefficients, intercepts = np.zeros((len(parts) - 1, len(X))), []
        for i, j in zip(*self._pairs(), strict=True):
            K = decayed(between(parts[i], parts[j]), self.gamma_)
            K = np.block([[within[i], K], [K.T, within[j]]])
            support, coefficient, intercept = self._solved(
                K, np.repeat([0, 1], [len(parts[i]), len(parts[j])])
            )
            second = support >= len(parts[i])
            rows = support + np.where(second, starts[j] - len(parts[i]), starts[i])
            coefficients[np.where(second, i, j - 1), rows] = coefficient[0]
            intercepts.append(intercept)
        found = np.flatnonzero(coefficients.any(axis=0))
        return found, coefficients[:, found], np.concatenate(intercepts)

    def _solved(self, K: NDArray[np.float64], codes: NDArray[np.intp]) -> _Solution:
        solver = SVC(C=self.C, kernel="precomputed", tol=self.tol)
        with config_context(assume_finite=True):  # X was checked
            solved = solver.fit(K, codes)
        flipped = -1 if len(solved.classes_) == 2 else 1  # scikit-learn turns the only pair round
        return solved.support_, flipped * solved.dual_coef_, flipped * solved.intercept_

    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The first and the second class of each pair."""
        pairs = np.array(list(combinations(range(len(self.classes_)), 2)))
        return pairs[:, 0], pairs[:, 1]


class KernelSVR(RegressorMixin, BaseEstimator):
    """SVR with kernel exp(-gamma ||a - b||^2), fitted to (y - mean) / deviation of the training rows.

    C, epsilon (the half width of the tube in which an error costs nothing) and tol are SVR's; C and epsilon
    are in standard deviations of y; gamma as `KernelSVC` has it. Predictions are in y's units.

    After fit: support_, support_vectors_, dual_coef_ (support vectors,), intercept_, gamma_, target_mean_,
    target_scale_.

    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> bool(KernelSVR(C=10.0).fit(X, 1000 + X[:, 0] ** 2).score(X, 1000 + X[:, 0] ** 2) > 0.95)
    True
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        epsilon: float = 0.1,
        gamma: float | Literal["scale"] = "scale",
        tol: float = 1e-3,
    ) -> None:
        self.C = C
        self.epsilon = epsilon
        self.gamma = gamma
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (n, d) and y (n,). Raises ValueError for unsuitable settings or data."""
        checked = validate_data(self, X, y, dtype=[np.float64, np.float32], order="C", y_numeric=True)
        data, target = np.asarray(checked[0]), np.asarray(checked[1], dtype=np.float64)
        self.gamma_ = rate(self.gamma, data)
        self.target_mean_, self.target_scale_ = float(target.mean()), float(target.std())
        solver = SVR(C=self.C, kernel="precomputed", epsilon=self.epsilon, tol=self.tol)
        with config_context(assume_finite=True):  # X was checked
            scaled = (target - self.target_mean_) / (self.target_scale_ or 1.0)
            solved = solver.fit(decayed(among(data), self.gamma_), scaled)
        self.support_ = solved.support_
        self.support_vectors_ = data[self.support_]
        self.dual_coef_, self.intercept_ = solved.dual_coef_[0], float(solved.intercept_[0])
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """The predicted target of each row, (n,)."""
        check_is_fitted(self)
        data = np.asarray(validate_data(self, X, dtype=[np.float64, np.float32], reset=False))
        values = np.full(len(data), self.intercept_)
        vectors = self.support_vectors_.astype(np.float64)
        for part in in_blocks(len(data), max(1, _BLOCK_ELEMENTS // max(1, len(vectors)))):
            if len(vectors):
                values[part] += decayed(between(data[part], vectors), self.gamma_) @ self.dual_coef_
        return values * self.target_scale_ + self.target_mean_


def rate(gamma: Any, X: NDArray[Any]) -> float:
    """The number that a `gamma` means on X.

    Raises:
        ValueError: where it is neither a number above 0 nor "scale".

    >>> rate("scale", np.array([[0.0, 2.0]]))
    0.5
    """
    if gamma != "scale":
        is_number = isinstance(gamma, Real) and not isinstance(gamma, bool)
        if not (is_number and 0 < gamma < np.inf):
            raise ValueError(f'gamma must be above 0 and finite, or "scale"; got {gamma!r}')
        return float(gamma)
    variance = float(X.var(dtype=np.float64))
    return 1.0 / (X.shape[1] * variance) if variance > 0 else 1.0
