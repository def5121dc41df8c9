"""What every network estimator does, whatever y means: check, train in steps that can pause, remember."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from models.activations import Activation, Array, activation
from models.initializers import initializer
from models.losses import Loss
from models.network import Fill, Parameters, allocate, initialize, logits_in_blocks
from models.settings import check_settings
from models.standardization import Gatherer, column_moments
from models.training import Diverged, Examples, Plan, Progress, default_budget, keeping_best, train

_HELD_ELEMENTS = 2**24  # of a copy of the prepared rows, 64 MiB of float32; more are read where they are


@dataclass(frozen=True)
class Goal:
    """What an estimator fits: a loss, a function that gathers targets, the number of logits, their bias."""

    loss: Loss
    fill: Fill
    outputs: int
    bias: float = 0.0


class NeuralNetwork(BaseEstimator):
    """The part that the classifiers and the regressor share.

    A child's constructor stores its settings under the names read here; what it does not offer is a class
    attribute.
    """

    hidden: Sequence[int]
    activation: str
    slope: float
    initializer: str
    optimizer: str
    schedule: str
    learning_rate: float
    momentum: float
    weight_decay: float
    l2: float
    dropout: float
    input_dropout: float = 0.0
    noise: float = 0.0
    batch_norm: bool = False
    batch_size: int | Literal["auto"] | None
    steps: int | Literal["auto"]
    early_stopping: bool
    validation_fraction: float
    patience: int
    standardize: bool
    clip: float | None = None
    dtype: str
    random_state: Any

    def fit(self, X: ArrayLike, y: ArrayLike, on_epoch: Callable[[Progress], Any] | None = None) -> Self:
        """Train on X (n, d) and y (n,).

        `on_epoch` is called at the end of each epoch with its Progress; if it returns something true,
        training ends there; what it raises goes through. Raises ValueError for unsuitable settings or data,
        and Diverged when the loss is no longer finite.
        """
        for progress in self.iter_fit(X, y):
            if on_epoch is not None and on_epoch(progress):
                break
        return self

    def iter_fit(
        self, X: ArrayLike, y: ArrayLike, checkpoints: Iterable[int] | None = None
    ) -> Iterator[Progress]:
        """Train as `fit` does, pausing at each of the `checkpoints`, or at the end of each epoch for None.

        Checkpoints are ascending numbers of gradient steps. At each pause the estimator predicts with the
        weights of that moment, and closing the generator leaves it so; exhausting it equals `fit`. Nothing is
        shared between generators, so several can be advanced in turn.
        """
        check_settings(self.get_params(deep=False))
        checked = validate_data(self, X, y, **self._validation(), **self._target_validation())
        data, target = (np.asarray(part) for part in checked)
        plan = self._plan(len(data))
        marks = _checked_marks(checkpoints, plan.steps)
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**32, dtype=np.uint64))
        goal = self._encode(target)
        training, validation = self._hold_out(len(data), rng)
        self.mean_: Array | None = None
        self.scale_: Array | None = None
        if self.standardize:
            self.mean_, self.scale_ = column_moments(data, training)
        parameters = self._start(data.shape[1], goal, rng)
        fill_inputs = Gatherer(data, self.mean_, self.scale_, self.clip)
        inputs = _through(fill_inputs, training)
        by_page = training.size * data.shape[1] > _HELD_ELEMENTS
        if not by_page:
            inputs = _held(inputs, len(training), data.shape[1], self.dtype)
        examples = Examples(len(training), inputs, _through(goal.fill, training), by_page)
        run = train(parameters, self._activate, goal.loss, examples, plan, rng, marks or ())
        if len(validation):
            held = (_through(fill_inputs, validation), _through(goal.fill, validation))
            run = keeping_best(
                run,
                parameters.flat,
                lambda: _mean_loss(parameters, self._activate, goal.loss, *held, len(validation)),
                self.patience,
            )
        yield from self._recorded(run, marks)

    def with_budget(self, n_rows: int) -> Self:
        """An unfitted clone whose automatic batch_size and steps are fixed to what n_rows rows would give."""
        batch_size, steps = default_budget(n_rows)
        copy: Self = clone(self)
        if copy.batch_size == "auto":
            copy.batch_size = batch_size
        if copy.steps == "auto":
            copy.steps = steps
        return copy

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = bool(self.standardize)
        return tags

    def _target_validation(self) -> dict[str, Any]:
        raise NotImplementedError

    def _encode(self, y: Array) -> Goal:
        """What to fit; keeps what predict needs."""
        raise NotImplementedError

    def _validation(self) -> dict[str, Any]:
        finite = "allow-nan" if self.standardize else True
        return {"dtype": [np.float64, np.float32], "order": "C", "ensure_all_finite": finite}

    def _plan(self, n_rows: int) -> Plan:
        batch_size, steps = default_budget(n_rows)
        return Plan(
            batch_size=batch_size if self.batch_size == "auto" else self.batch_size,
            steps=steps if self.steps == "auto" else self.steps,
            optimizer=self.optimizer,
            schedule=self.schedule,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            l2=self.l2,
            dropout=self.dropout,
            input_dropout=self.input_dropout,
            noise=self.noise,
            batch_norm=self.batch_norm,
        )

    def _hold_out(self, n_rows: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Training and validation rows, each ascending; no validation rows without early stopping."""
        if not self.early_stopping:
            return np.arange(n_rows), np.arange(0)
        order, held = rng.permutation(n_rows), int(np.ceil(self.validation_fraction * n_rows))
        if held >= n_rows:
            raise ValueError(f"early_stopping needs rows to train on; n_samples={n_rows} are all held out")
        return np.sort(order[held:]), np.sort(order[:held])

    @property
    def _activate(self) -> Activation:
        return activation(self.activation, self.slope)

    def _start(self, inputs: int, goal: Goal, rng: np.random.Generator) -> Parameters:
        parameters = allocate((inputs, *self.hidden, goal.outputs), self.dtype)
        parameters.biases[-1][:] = goal.bias
        initialize(parameters, initializer(self.initializer, self.activation), rng)
        self.coefs_, self.intercepts_ = list(parameters.weights), list(parameters.biases)
        self.n_parameters_, self.n_steps_ = parameters.flat.size, 0
        self.loss_curve_: list[float] = []
        self.validation_curve_: list[float] = []
        return parameters

    def _recorded(self, run: Iterator[Progress], marks: Sequence[int] | None) -> Iterator[Progress]:
        """Keep curves and step count; yield what was asked for. A diverged network is not a fitted one."""
        ends: list[int] = []
        try:
            for progress in run:
                self.n_steps_ = progress.step
                if progress.epoch_ended:
                    self.loss_curve_.append(progress.loss)
                    ends.append(progress.step)
                if progress.validation_loss is not None:
                    self.validation_curve_.append(progress.validation_loss)
                if progress.epoch_ended if marks is None else progress.step in marks:
                    yield progress
        except Diverged:
            del self.coefs_, self.intercepts_
            raise
        if self.validation_curve_:
            self.n_steps_ = ends[int(np.argmin(self.validation_curve_))]

    def _is_plain(self, X: Any) -> bool:
        """True where scikit-learn's checks, a quarter of scoring a few rows, would find nothing to do or say.

        That is an array of floats as wide as the training rows, whose sum says that all are finite.
        """
        if type(X) not in (np.ndarray, np.memmap) or X.dtype not in (np.float32, np.float64) or X.ndim != 2:
            return False
        if X.shape[1] != self.n_features_in_ or hasattr(self, "feature_names_in_") or not len(X):
            return False
        with np.errstate(all="ignore"):
            return bool(X.flags.c_contiguous and np.isfinite(X.sum()))

    def _logits(self, X: ArrayLike) -> Array:
        """The last layer's Z (n, outputs) for X (n, d), computed in blocks of rows."""
        check_is_fitted(self, "coefs_")
        data = X if self._is_plain(X) else validate_data(self, X, reset=False, **self._validation())
        data = np.asarray(data)
        fill = Gatherer(data, self.mean_, self.scale_, self.clip)
        parameters = Parameters(self.coefs_[0], tuple(self.coefs_), tuple(self.intercepts_))
        logits = np.empty((len(data), len(self.intercepts_[-1])), self.intercepts_[-1].dtype)
        for part, block in logits_in_blocks(parameters, self._activate, fill, len(data)):
            logits[part] = block
        return logits


def _checked_marks(checkpoints: Iterable[int] | None, steps: int) -> list[int] | None:
    if checkpoints is None:
        return None
    marks = [int(mark) for mark in checkpoints]
    if any(low >= high for low, high in pairwise([0, *marks, steps + 1])):
        raise ValueError(f"checkpoints must ascend within 1 and {steps}, the number of steps; got {marks}")
    return marks


def _through(fill: Fill, rows: NDArray[np.intp]) -> Fill:
    """The same fill, by positions in `rows`."""
    return lambda positions, out: fill(rows.take(positions), out)


def _held(fill: Fill, rows: int, width: int, dtype: str) -> Fill:
    """The same fill, from a copy made once: less to do per epoch."""
    held = np.empty((rows, width), dtype)
    with np.errstate(all="ignore"):
        fill(np.arange(rows), held)

    def fill_from_held(positions: NDArray[np.intp], out: Array) -> None:
        held.take(positions, axis=0, out=out, mode="clip")

    return fill_from_held


def _mean_loss(
    parameters: Parameters, activate: Activation, loss: Loss, inputs: Fill, targets: Fill, rows: int
) -> float:
    total = 0.0
    for part, logits in logits_in_blocks(parameters, activate, inputs, rows):
        expected = np.empty_like(logits)
        targets(np.arange(part.start, part.stop), expected)
        with np.errstate(all="ignore"):
            total += loss(logits, expected) * len(logits)
    return total / rows
