"""The gradient that training follows is the gradient of the objective that training reports.

Both are read off one full-batch step of plain gradient descent at rate 1: the objective is the step's loss,
the gradient is what the step subtracts. So loss, network, dropout and penalty are checked together.
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models import activations, losses
from models.initializers import xavier
from models.network import Parameters, allocate, backward, forward, initialize, workspace
from models.normalization import BatchNormalization
from models.regularization import Regularization
from models.training import Examples, Plan, train

LOSSES = {
    "binary_cross_entropy": losses.binary_cross_entropy,
    "cross_entropy": losses.cross_entropy,
    "squared_error": losses.squared_error,
    "rectified_squared_error": losses.rectified_squared_error,
}
TOLERANCE = 1e-6
NUDGE = 1e-6
KINK = 1e-4  # a unit this close to the corner of a ReLU has no derivative to compare with


def relative_error(objective: Callable[[np.ndarray], float], gradient: np.ndarray, at: np.ndarray) -> float:
    """|numerical - analytic| / (|numerical| + |analytic|), the numerical one by central differences."""
    numerical = np.empty_like(at)
    for index in range(len(at)):
        ahead, behind = at.copy(), at.copy()
        ahead[index] += NUDGE
        behind[index] -= NUDGE
        numerical[index] = (objective(ahead) - objective(behind)) / (2 * NUDGE)
    return float(
        np.linalg.norm(numerical - gradient) / (np.linalg.norm(numerical) + np.linalg.norm(gradient))
    )


class Problem:
    """A network with random parameters, data that suit the loss, and the step that trains it."""

    def __init__(self, activation, loss, hidden, rows=5, inputs=3, seed=0, l2=0.0, dropout=0.0):
        rng = np.random.default_rng(seed)
        outputs = 1 if loss == "binary_cross_entropy" else 3
        self.sizes = (inputs, *hidden, outputs)
        self.activation, self.loss = activations.activation(activation, slope=0.2), LOSSES[loss]
        self.x = rng.standard_normal((rows, inputs))
        if loss == "binary_cross_entropy":
            self.y = rng.integers(0, 2, (rows, 1)).astype(float)
        elif loss == "cross_entropy":
            self.y = np.eye(3)[rng.integers(0, 3, rows)]
        else:
            self.y = np.abs(rng.standard_normal((rows, outputs)))
        start = self.parameters()
        initialize(start, xavier, rng)
        self.at = start.flat
        self.at[start.n_weights :] = rng.standard_normal(len(self.at) - start.n_weights)
        self.plan = Plan(None, 1, "gradient_descent", "constant", learning_rate=1.0, l2=l2, dropout=dropout)

    def parameters(self, flat=None) -> Parameters:
        parameters = allocate(self.sizes, "float64")
        if flat is not None:
            parameters.flat[:] = flat
        return parameters

    def step(self, flat) -> tuple[float, np.ndarray]:
        """The objective at `flat`, and the gradient there."""
        parameters = self.parameters(flat)
        examples = Examples(
            len(self.x),
            lambda rows, out: np.copyto(out, self.x[rows]),
            lambda rows, out: np.copyto(out, self.y[rows]),
        )
        rng = np.random.default_rng(7)
        (progress,) = train(parameters, self.activation, self.loss, examples, self.plan, rng)
        return progress.loss, flat - parameters.flat

    def objective(self, flat) -> float:
        return self.step(flat)[0]

    def has_kink(self) -> bool:
        parameters, value = self.parameters(self.at), self.x
        for weight, bias in zip(parameters.weights, parameters.biases, strict=True):
            value = value @ weight + bias
            if np.abs(value).min() < KINK:
                return True
            self.activation(value, np.empty_like(value))
        return False


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    activation=st.sampled_from(sorted(activations.ACTIVATIONS)),
    loss=st.sampled_from(sorted(LOSSES)),
    hidden=st.lists(st.integers(1, 4), max_size=3),
    rows=st.integers(1, 6),
    inputs=st.integers(1, 4),
    seed=st.integers(0, 2**16),
    l2=st.sampled_from([0.0, 0.3]),
    dropout=st.sampled_from([0.0, 0.4]),
)
def test_the_gradient_is_that_of_the_objective(activation, loss, hidden, rows, inputs, seed, l2, dropout):
    problem = Problem(activation, loss, hidden, rows, inputs, seed, l2, dropout)
    assume(not problem.has_kink())
    _, gradient = problem.step(problem.at)
    assume(np.linalg.norm(gradient) > 1e-3)
    assert relative_error(problem.objective, gradient, problem.at) < TOLERANCE


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("activation", sorted(activations.ACTIVATIONS))
def test_every_activation_and_loss_passes_the_check(activation, loss):
    problem = Problem(activation, loss, hidden=(4, 3), rows=6)
    assert not problem.has_kink()
    _, gradient = problem.step(problem.at)
    assert relative_error(problem.objective, gradient, problem.at) < TOLERANCE


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_the_gradient_through_batch_normalisation_is_that_of_the_objective(loss):
    """By the passes alone, as training leaves the plain network; the batch's moments depend on all rows."""
    problem = Problem("tanh", loss, hidden=(4, 5), rows=7)

    def step(flat):
        parameters, gradients = problem.parameters(flat), problem.parameters()
        work = workspace(problem.sizes, 7, "float64")
        extra = Regularization(normalization=BatchNormalization(problem.sizes, 7, "float64"))
        value = problem.loss(forward(parameters, problem.activation, problem.x, work, extra), problem.y)
        backward(parameters, gradients, problem.x, work, extra)
        return value, gradients.flat

    _, gradient = step(problem.at)
    assert np.abs(gradient).max() > 1e-3
    assert relative_error(lambda flat: step(flat)[0], gradient, problem.at) < TOLERANCE


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
def test_the_gradient_for_smoothed_labels_is_that_of_the_objective(loss):
    problem = Problem("tanh", loss, hidden=(4, 3), rows=6)
    problem.y = 0.8 * problem.y + 0.2 / max(2, problem.y.shape[1])
    _, gradient = problem.step(problem.at)
    assert relative_error(problem.objective, gradient, problem.at) < TOLERANCE


@pytest.mark.parametrize("part", ["weights", "biases"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_check_rejects_an_error_of_a_twentieth_of_a_percent_in_any_layer(part, layer):
    problem = Problem("tanh", "cross_entropy", hidden=(4, 3), rows=6)
    _, gradient = problem.step(problem.at)
    getattr(views := problem.parameters(gradient), part)[layer][:] *= 1.0005
    assert relative_error(problem.objective, views.flat, problem.at) > TOLERANCE


@pytest.mark.parametrize("name", sorted(set(activations.ACTIVATIONS) - {"identity"}))
def test_the_check_rejects_an_error_of_a_twentieth_of_a_percent_in_a_derivative(name):
    problem = Problem(name, "squared_error", hidden=(4, 3), rows=6)
    exact = problem.activation

    def wrong(z, derivative):
        exact(z, derivative)
        np.multiply(derivative, 1.0005, out=derivative)

    problem.activation = wrong
    _, gradient = problem.step(problem.at)
    assert relative_error(problem.objective, gradient, problem.at) > TOLERANCE
