"""Training is a loop of gradient steps over shuffled mini-batches that pauses where it is asked to.

The loop is a generator: it owns its buffers and its random numbers, shares nothing, and holds one chunk of
gathered rows at most, so several trainings can be advanced in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import daxpy, saxpy

from models import optimizers
from models.activations import Activation, Array
from models.losses import Loss
from models.network import Fill, Parameters, Workspace, allocate, backward, forward, workspace
from models.normalization import BatchNormalization
from models.regularization import Dropout, GaussianNoise, Regularization
from models.shuffling import shuffled_by_page
from models.standardization import in_blocks

_CHUNK_ELEMENTS = 2**17


class Diverged(ArithmeticError):  # noqa: N818 - the name of an outcome
    """The loss or a parameter was not finite after this many steps.

    >>> str(Diverged(7))
    'the loss was not finite at step 7; lower learning_rate'
    """

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step

    def __str__(self) -> str:
        return f"the loss was not finite at step {self.step}; lower learning_rate"


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        step: gradient steps taken.
        epoch: the epoch, from 1, that the last step belongs to.
        loss: the mean objective over the rows that this epoch has visited so far.
        epoch_ended: whether the last step was the last of its epoch, or of the training.
        validation_loss: the loss on the internal validation rows, at an epoch's end, under early stopping.
    """

    step: int
    epoch: int
    loss: float
    epoch_ended: bool = False
    validation_loss: float | None = None


@dataclass(frozen=True)
class Plan:
    """How to train: the settings of an estimator that the loop needs, all of them decided.

    `batch_size` None means every row in every step; `steps` is also the horizon of the schedule.
    """

    batch_size: int | None
    steps: int
    optimizer: str = "adamw"
    schedule: str = "one_cycle"
    learning_rate: float = 0.005
    momentum: float = 0.9
    weight_decay: float = 0.0
    l2: float = 0.0
    dropout: float = 0.0
    input_dropout: float = 0.0
    noise: float = 0.0
    batch_norm: bool = False


@dataclass(frozen=True)
class Examples:
    """The training rows: how many, and functions that copy chosen ones (by index) into a workspace.

    Rows are asked for as indices (batches, size), to be copied to out (batches, size, width); `by_page` where
    neighbours are cheaper together (`shuffled_by_page`).
    """

    rows: int
    fill_inputs: Fill
    fill_targets: Fill
    by_page: bool = False


def default_budget(n_rows: int) -> tuple[int, int]:
    """The (batch_size, steps) that "auto" stands for: a function of the number of training rows alone.

    batch_size is n/16 rounded to a power of two, within [16, 128]; steps are 15 epochs, at least 200.

    >>> default_budget(300), default_budget(20_000)
    ((16, 285), (128, 2355))
    """
    batch_size = 2 ** min(max(round(math.log2(n_rows / 16)), 4), 7)
    return batch_size, max(200, 15 * -(-n_rows // batch_size))


def train(
    parameters: Parameters,
    activation: Activation,
    loss: Loss,
    examples: Examples,
    plan: Plan,
    rng: np.random.Generator,
    checkpoints: Sequence[int] = (),
) -> Iterator[Progress]:
    """Minimise mean loss + l2/2 * sum of squared weights in place, pausing at each checkpoint and epoch end.

    An epoch is a fresh order of the rows in ceil(n / batch_size) batches whose sizes differ by at most one.
    Under batch normalisation `parameters` are, at each pause, those of the plain network that predicts, and
    penalties are of the weights that are trained. Raises Diverged at the first loss that is not finite, and
    at a pause whose parameters are not finite; ValueError for a batch of one row that is to be normalised.
    """
    dtype = parameters.flat.dtype.str
    sizes = [len(parameters.weights[0]), *(len(bias) for bias in parameters.biases)]
    per_epoch = -(-examples.rows // (plan.batch_size or examples.rows))
    if plan.batch_norm and examples.rows < 2 * per_epoch:
        raise ValueError(
            f"batch_norm needs batches of at least 2 rows; batch_size={plan.batch_size} makes some of one, "
            f"of n_samples={examples.rows}; choose another batch_size"
        )
    stepper = _Stepper(parameters, activation, loss, plan, -(-examples.rows // per_epoch), sizes, dtype, rng)
    batches = _Batches(examples, per_epoch, sizes[0], sizes[-1], dtype)
    for epoch, start in enumerate(range(0, plan.steps, per_epoch), 1):
        end = min(start + per_epoch, plan.steps)
        taken = batches.epoch(rng)
        total, rows, step = 0.0, 0, start
        for stop in [*(mark for mark in checkpoints if start < mark < end), end]:
            total, rows = stepper.advance(islice(taken, stop - step), step, total, rows)
            step = stop
            stepper.settle()
            yield Progress(step, epoch, total / rows, step == end)


def keeping_best(
    run: Iterator[Progress], flat: Array, validate: Callable[[], float], patience: int
) -> Iterator[Progress]:
    """The same run, judged at each epoch's end; ended after `patience` epochs without a new best.

    When it is exhausted, `flat` holds the parameters of the epoch with the lowest validation loss.
    """
    best, lowest, waited = flat.copy(), math.inf, 0
    for progress in run:
        if progress.epoch_ended:
            loss = validate()
            progress = replace(progress, validation_loss=loss)
            waited += 1
            if loss < lowest:
                best[:], lowest, waited = flat, loss, 0
        yield progress
        if waited >= patience:
            break
    flat[:] = best


class _Batches:
    """Gathers the rows of several batches of one size at once, to spend fewer calls on small batches."""

    def __init__(self, examples: Examples, per_epoch: int, inputs: int, outputs: int, dtype: str) -> None:
        size, larger = divmod(examples.rows, per_epoch)
        self.kinds = [(size + 1, larger), (size, per_epoch - larger)]  # rows of a batch, batches
        largest = -(-examples.rows // per_epoch)
        self.together = max(1, min(per_epoch, _CHUNK_ELEMENTS // (largest * inputs)))
        self.inputs = np.empty((self.together * largest, inputs), dtype)
        self.targets = np.empty((self.together * largest, outputs), dtype)
        self.examples = examples

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
        """The batches (inputs, targets) of one epoch, as views that hold until the next is asked for."""
        order, start = self._order(rng), 0
        for size, count in self.kinds:
            for part in in_blocks(count, self.together):
                batches = part.stop - part.start
                end = start + batches * size
                yield from self._gathered(order[start:end].reshape(batches, size))
                start = end

    def _order(self, rng: np.random.Generator) -> NDArray[np.intp]:
        rows, (together, width) = self.examples.rows, self.inputs.shape
        if self.examples.by_page:
            return shuffled_by_page(rows, width, together, rng)
        return rng.permutation(rows)

    def _gathered(self, chosen: NDArray[np.intp]) -> Iterator[tuple[Array, Array]]:
        """The batches of the rows `chosen` (batches, size); targets are stored column by column."""
        batches, size = chosen.shape
        inputs = self.inputs[: chosen.size].reshape(batches, size, -1)
        targets = self.targets[: chosen.size].reshape(batches, -1, size).transpose(0, 2, 1)
        self.examples.fill_inputs(chosen, inputs)
        self.examples.fill_targets(chosen, targets)
        return zip(inputs, targets, strict=True)


class _Stepper:
    """Takes gradient steps; owns the gradients, the workspace and the optimiser's state."""

    def __init__(
        self,
        parameters: Parameters,
        activation: Activation,
        loss: Loss,
        plan: Plan,
        rows: int,
        sizes: Sequence[int],
        dtype: str,
        rng: np.random.Generator,
    ) -> None:
        self.plain, self.activation, self.loss, self.plan = parameters, activation, loss, plan
        self.parameters, self.gradients = parameters, allocate(sizes, dtype)
        if plan.batch_norm:
            self.parameters = allocate(sizes, dtype)
            self.parameters.flat[:] = parameters.flat
        work = workspace(sizes, rows, dtype)
        self.work: dict[int, Workspace] = {rows - 1: work.head(rows - 1), rows: work}
        self.regularization = _regularization(plan, rows, sizes, dtype, rng)
        self.state = optimizers.init(self.parameters.flat, self.gradients.flat, parameters.n_weights)

    def settle(self) -> None:
        """Leave in the caller's parameters the network that predicts."""
        if self.regularization.normalization is not None:
            self.plain.flat[:] = self.parameters.flat
            self.regularization.normalization.fold(self.plain.weights, self.plain.biases)

    def advance(
        self, batches: Iterator[tuple[Array, Array]], step: int, total: float, rows: int
    ) -> tuple[float, int]:
        """Take one step per batch, from `step` on; add to the objective summed over rows, and to the rows.

        The sums go through, so that where an epoch pauses does not change their last bit.
        """
        plan, parameters, gradients, state = self.plan, self.parameters, self.gradients, self.state
        regularization = self.regularization
        update, schedule = optimizers.OPTIMIZERS[plan.optimizer], optimizers.SCHEDULES[plan.schedule]
        with np.errstate(all="ignore"):  # a value that is not finite is reported below, as an outcome
            for x, y in batches:
                work = self.work[len(x)]
                regularization.disturb(x)
                value = self.loss(forward(parameters, self.activation, x, work, regularization), y)
                backward(parameters, gradients, x, work, regularization)
                if plan.l2:
                    value += _penalty(parameters, gradients, plan.l2)
                if not math.isfinite(value):
                    raise Diverged(step)
                rate = plan.learning_rate * schedule(step, plan.steps)
                update(state, rate, plan.momentum, plan.weight_decay)
                step += 1
                total, rows = total + value * len(x), rows + len(x)
            if not math.isfinite(parameters.flat.sum(dtype=np.float64)):
                raise Diverged(step)
        return total, rows


def _regularization(
    plan: Plan, rows: int, sizes: Sequence[int], dtype: str, rng: np.random.Generator
) -> Regularization:
    """What the plan asks for, for batches of at most `rows` rows through layers of these sizes."""
    inputs, hidden = rows * sizes[0], rows * max(sizes[1:-1], default=0)
    return Regularization(
        Dropout(plan.input_dropout, inputs, dtype, rng) if plan.input_dropout else None,
        Dropout(plan.dropout, hidden, dtype, rng) if plan.dropout and hidden else None,
        GaussianNoise(plan.noise, max(inputs, hidden), dtype, rng) if plan.noise else None,
        BatchNormalization(sizes, rows, dtype) if plan.batch_norm else None,
    )


def _penalty(parameters: Parameters, gradients: Parameters, l2: float) -> float:
    """l2/2 * sum of squared weights; adds its gradient, l2 W, to the weights' gradients."""
    weights, slopes = parameters.flat[: parameters.n_weights], gradients.flat[: parameters.n_weights]
    add_scaled = daxpy if weights.dtype == np.float64 else saxpy
    add_scaled(weights, slopes, a=l2)
    return 0.5 * l2 * float(np.dot(weights, weights))
