"""The estimators: the course's networks behind scikit-learn's interface.

X is (n_samples, n_features), one example a row: the transpose of the course's X, whose m is our n_samples.

The objective is the mean loss over the training rows plus l2/2 times the sum of squared weights (biases are
free). So the course's penalty lambda/(2m) is l2 = lambda/m, and scikit-learn's C is l2 = 1/(C n_samples).

Settings that the estimators share:
    hidden: units of each hidden layer; () for none.
    activation: of the hidden layers: "sigmoid", "tanh", "relu", "leaky_relu" (of that `slope`) or "identity".
    initializer: "zeros", "small_normal", "xavier", "he"; "auto" is he for the relu family, else xavier.
    optimizer: "gradient_descent", "momentum", "adam" or "adamw"; `momentum` is the beta of momentum and the
        beta_1 of Adam, `weight_decay` the decoupled decay of adamw (the others ignore what they do not use).
    schedule: "constant", "cosine" or "one_cycle": the factor on `learning_rate` over the `steps`.
    dropout, input_dropout: the share of hidden units, and of inputs, dropped in each step.
    noise: the standard deviation of Gaussian noise, added to the inputs and to each hidden Z in each step.
    batch_norm: hidden units are normalised over the batch, before the bias; for relus: no scale is learned.
    label_smoothing: of a classifier, the share of each target that is spread evenly over all classes.
    batch_size, steps: "auto" is `default_budget` of the training rows. An epoch has ceil(n / batch_size)
        batches of nearly equal size; batch_size None means full-batch steps. `steps` counts gradient steps.
    early_stopping: hold out `validation_fraction` of the rows, end after `patience` epochs without a better
        loss on them, and keep the best weights.
    standardize: subtract each column's mean over the training rows and divide by its standard deviation; NaN
        is then allowed and stands for the mean. Done per batch: a memory-mapped matrix is never copied.
    clip: standardised inputs z become z / sqrt(1 + (z / clip)^2), never beyond clip; None leaves them.
    dtype: "float32" or "float64", of parameters, arithmetic and outputs.
    random_state: the same number gives the same bits.

After fit, on arrays and numbers only: coefs_ (fan_in, fan_out) and intercepts_ (fan_out,) per layer, in
standardised units; mean_, scale_ (None without standardize); n_features_in_, n_parameters_, n_steps_ (those
that made the weights), loss_curve_ (one mean objective per epoch), validation_curve_ (under early stopping).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets

from models.activations import Array
from models.base import Goal, NeuralNetwork
from models.losses import (
    binary_cross_entropy,
    cross_entropy,
    rectified_squared_error,
    softmax,
    squared_error,
)


class _Classifier(ClassifierMixin, NeuralNetwork):
    """One sigmoid unit for two classes, a softmax over K units for K > 2; trained on cross-entropy."""

    label_smoothing: float = 0.0

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities (n, classes), ordered as `classes_`; each row sums to 1."""
        logits: Array = self._logits(X)
        if logits.shape[1] == 1:
            logits = np.hstack([np.zeros_like(logits), logits])
        softmax(logits)
        return logits

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable class of each row, (n,)."""
        logits = self._logits(X)
        chosen = logits.argmax(axis=1) if logits.shape[1] > 1 else (logits[:, 0] > 0).astype(np.intp)
        labels: NDArray[Any] = self.classes_[chosen]
        return labels

    def _target_validation(self) -> dict[str, Any]:
        return {}

    def _encode(self, y: Array) -> Goal:
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        count = len(self.classes_)
        if count < 2:
            raise ValueError(f"y must hold at least 2 classes, got 1 class ({self.classes_[0]!r})")
        outputs = np.arange(count) if count > 2 else np.array([1])

        def fill(rows: NDArray[np.intp], out: Array) -> None:
            np.equal(codes.take(rows)[..., None], outputs, out=out)
            if self.label_smoothing:
                np.multiply(out, 1.0 - self.label_smoothing, out=out)
                np.add(out, self.label_smoothing / count, out=out)

        return Goal(cross_entropy if count > 2 else binary_cross_entropy, fill, len(outputs))


class NeuralNetworkClassifier(_Classifier):
    """A classifier with any number of hidden layers. The settings are explained at the top of this module.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> network = NeuralNetworkClassifier(hidden=(16,), random_state=0).fit(X, y)
    >>> network.n_parameters_, bool(network.score(X, y) > 0.95)
    (131, True)
    """

    def __init__(
        self,
        hidden: Sequence[int] = (64,),
        *,
        activation: str = "relu",
        slope: float = 0.01,
        initializer: str = "auto",
        optimizer: str = "adamw",
        schedule: str = "one_cycle",
        learning_rate: float = 0.01,
        momentum: float = 0.9,
        weight_decay: float = 0.01,
        l2: float = 0.0,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        batch_norm: bool = False,
        label_smoothing: float = 0.0,
        batch_size: int | Literal["auto"] | None = "auto",
        steps: int | Literal["auto"] = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        standardize: bool = True,
        clip: float | None = None,
        dtype: str = "float32",
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.slope = slope
        self.initializer = initializer
        self.optimizer = optimizer
        self.schedule = schedule
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.l2 = l2
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.noise = noise
        self.batch_norm = batch_norm
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.steps = steps
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.standardize = standardize
        self.clip = clip
        self.dtype = dtype
        self.random_state = random_state


class LogisticRegression(_Classifier):
    """The network with no hidden layer, started at zero (course 1, week 2); softmax regression for K > 2.

    Its objective is convex. With batch_size=None, schedule="cosine", dtype="float64" and a few thousand steps
    it reaches the minimum; the defaults come close at a fraction of the cost.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(random_state=0).fit(X, y)
    >>> model.coefs_[0].shape, bool(model.score(X, y) > 0.94)
    ((4, 3), True)
    """

    hidden = ()
    activation = "identity"
    slope = 0.01
    initializer = "zeros"
    dropout = 0.0
    weight_decay = 0.0
    momentum = 0.9
    early_stopping = False
    validation_fraction = 0.1
    patience = 10

    def __init__(
        self,
        *,
        optimizer: str = "adam",
        schedule: str = "one_cycle",
        learning_rate: float = 0.05,
        l2: float = 1e-4,
        batch_size: int | Literal["auto"] | None = "auto",
        steps: int | Literal["auto"] = "auto",
        standardize: bool = True,
        dtype: str = "float32",
        random_state: Any = None,
    ) -> None:
        self.optimizer = optimizer
        self.schedule = schedule
        self.learning_rate = learning_rate
        self.l2 = l2
        self.batch_size = batch_size
        self.steps = steps
        self.standardize = standardize
        self.dtype = dtype
        self.random_state = random_state


class NeuralNetworkRegressor(RegressorMixin, NeuralNetwork):
    """A regressor with any number of hidden layers, trained on half the squared error.

    output="identity" fits (y - mean) / standard deviation; output="relu", for a target that cannot be
    negative, predicts max(z, 0) and fits y / root mean square by `losses.rectified_squared_error`. The mean
    and the divisor are target_mean_ and target_scale_; predictions are in y's units, the objective in those
    scaled units. With hidden=() and "identity" it is linear (with l2, ridge) regression.

    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> network = NeuralNetworkRegressor(random_state=0).fit(X, 1000 + X[:, 0] ** 2)
    >>> bool(network.score(X, 1000 + X[:, 0] ** 2) > 0.95)
    True
    """

    def __init__(
        self,
        hidden: Sequence[int] = (64,),
        *,
        output: str = "identity",
        activation: str = "relu",
        slope: float = 0.01,
        initializer: str = "auto",
        optimizer: str = "adamw",
        schedule: str = "one_cycle",
        learning_rate: float = 0.01,
        momentum: float = 0.9,
        weight_decay: float = 0.01,
        l2: float = 0.0,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        noise: float = 0.0,
        batch_norm: bool = False,
        batch_size: int | Literal["auto"] | None = "auto",
        steps: int | Literal["auto"] = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        standardize: bool = True,
        clip: float | None = None,
        dtype: str = "float32",
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.output = output
        self.activation = activation
        self.slope = slope
        self.initializer = initializer
        self.optimizer = optimizer
        self.schedule = schedule
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.l2 = l2
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.noise = noise
        self.batch_norm = batch_norm
        self.batch_size = batch_size
        self.steps = steps
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.standardize = standardize
        self.clip = clip
        self.dtype = dtype
        self.random_state = random_state

    def predict(self, X: ArrayLike) -> Array:
        """The predicted target of each row, (n,), in y's units."""
        values = self._logits(X)[:, 0]
        if self.output == "relu":
            values = np.maximum(values, 0.0)
        return values.astype(np.float64) * self.target_scale_ + self.target_mean_

    def _target_validation(self) -> dict[str, Any]:
        return {"y_numeric": True}

    def _encode(self, y: Array) -> Goal:
        y = y.astype(np.float64)
        rectified = self.output == "relu"
        if rectified and y.min() < 0:
            raise ValueError(
                f'y must not be negative for output="relu", got {y.min():g}; use output="identity"'
            )
        self.target_mean_ = 0.0 if rectified else float(y.mean())
        self.target_scale_ = float(np.sqrt(np.mean((y - self.target_mean_) ** 2)))  # 0 predicts the mean
        scaled = ((y - self.target_mean_) / (self.target_scale_ or 1.0)).astype(self.dtype)

        def fill(rows: NDArray[np.intp], out: Array) -> None:
            out[..., 0] = scaled.take(rows)

        if rectified:
            return Goal(rectified_squared_error, fill, 1, float(scaled.mean()))
        return Goal(squared_error, fill, 1)
