import numpy as np
import pytest

from models import NeuralNetworkRegressor
from models.activations import activation
from models.initializers import he
from models.losses import cross_entropy, squared_error
from models.network import allocate, forward, initialize, workspace
from models.regularization import Dropout, GaussianNoise, Regularization
from models.training import Diverged, Examples, Plan, default_budget, keeping_best, train


def run(plan, rows=103, checkpoints=(), seen=None, loss=cross_entropy, scale=1.0):
    """Train a small network on random data; `seen` collects the rows (batches, size) of every gathering."""
    rng = np.random.default_rng(0)
    X, y = scale * rng.standard_normal((rows, 5)), np.eye(3)[rng.integers(0, 3, rows)]

    def fill_targets(chosen, out):
        if seen is not None:
            seen.append(chosen.copy())
        out[:] = y[chosen]

    parameters = allocate((5, 8, 3), "float64")
    initialize(parameters, he, rng)
    examples = Examples(rows, lambda chosen, out: np.copyto(out, X[chosen]), fill_targets)
    return parameters, train(parameters, activation("relu"), loss, examples, plan, rng, checkpoints)


@pytest.mark.parametrize(
    ("rows", "batch_size"), [(103, 16), (16, 16), (17, 16), (5, 16), (100, 1), (103, None)]
)
def test_an_epoch_visits_every_row_once_in_batches_of_nearly_equal_size(rows, batch_size):
    seen = []
    per_epoch = 1 if batch_size is None else -(-rows // batch_size)
    _, progresses = run(Plan(batch_size, 3 * per_epoch), rows, seen=seen)
    ends = list(progresses)
    assert [p.step for p in ends] == [per_epoch, 2 * per_epoch, 3 * per_epoch]
    assert all(p.epoch_ended for p in ends)
    assert sum(map(len, seen)) == 3 * per_epoch
    epochs = np.concatenate([chosen.ravel() for chosen in seen]).reshape(3, rows)
    assert all(sorted(epoch) == list(range(rows)) for epoch in epochs)
    assert rows == 5 or list(epochs[0]) != list(epochs[1])
    sizes = {chosen.shape[1] for chosen in seen}
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= (batch_size or rows)


def test_a_budget_that_ends_inside_an_epoch_ends_there():
    _, progresses = run(Plan(16, 10))
    assert [(p.step, p.epoch, p.epoch_ended) for p in progresses] == [(7, 1, True), (10, 2, True)]


def test_checkpoints_do_not_change_the_numbers():
    plan = Plan(16, 40, dropout=0.2)
    plain, progresses = run(plan)
    losses = [p.loss for p in progresses]
    paused, progresses = run(plan, checkpoints=(1, 7, 12, 39))
    stops = list(progresses)
    assert [p.step for p in stops] == [1, 7, 12, 14, 21, 28, 35, 39, 40]
    assert [p.loss for p in stops if p.epoch_ended] == losses
    np.testing.assert_array_equal(plain.flat, paused.flat)


def test_the_reported_loss_is_the_mean_objective_of_the_epoch_so_far():
    plan = Plan(None, 3, "gradient_descent", "constant", learning_rate=1e-12, l2=0.7)
    parameters, progresses = run(plan)
    weights = parameters.flat[: parameters.n_weights]
    without = next(run(Plan(None, 3, "gradient_descent", "constant", learning_rate=1e-12))[1]).loss
    assert next(progresses).loss == pytest.approx(without + 0.35 * float(weights @ weights))


def test_divergence_is_raised_at_its_step_and_without_a_warning():
    _, progresses = run(Plan(1, 103, "gradient_descent", "constant", learning_rate=1e3), loss=squared_error)
    with pytest.raises(Diverged, match=r"the loss was not finite at step \d+; lower learning_rate") as caught:
        list(progresses)
    assert 1 < caught.value.step < 103  # within the first epoch


def test_parameters_that_are_not_finite_are_never_let_through():
    plan = Plan(None, 1, "gradient_descent", "constant", learning_rate=1e308)
    _, progresses = run(plan, scale=1e10)  # the only loss is finite, the step it leads to is not
    with pytest.raises(Diverged, match="at step 1"):
        next(progresses)


def test_the_best_epoch_is_kept_and_patience_ends_the_run():
    flat, taken = np.zeros(1), []
    losses = iter([3.0, 2.0, 4.0, 1.0, 5.0, float("nan"), 5.0, 0.0])

    def epochs():
        _, progresses = run(Plan(None, 8))
        for progress in progresses:
            flat[:] = progress.step
            taken.append(progress.step)
            yield progress

    seen = [p.validation_loss for p in keeping_best(epochs(), flat, lambda: next(losses), patience=3)]
    np.testing.assert_equal(seen, [3.0, 2.0, 4.0, 1.0, 5.0, float("nan"), 5.0])
    assert taken == [1, 2, 3, 4, 5, 6, 7]
    assert flat.tolist() == [4.0]


@pytest.mark.parametrize("rows", [1, 2, 50, 128, 181, 182, 363, 1000, 5000, 100_000, 10_000_000])
def test_the_default_budget_is_fifteen_epochs_within_its_bounds(rows):
    batch_size, steps = default_budget(rows)
    assert batch_size in (16, 32, 64, 128)
    assert batch_size in (16, 128) or 0.7 < batch_size / (rows / 16) < 1.42
    assert steps == max(200, 15 * -(-rows // batch_size))


def test_dropout_keeps_the_mean_and_drops_its_share():
    dropout = Dropout(0.3, 200_000, "float32", np.random.default_rng(0))
    factors = dropout.factors((400, 500))
    assert (factors == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert factors.mean() == pytest.approx(1, abs=0.01)
    assert len(np.unique(factors)) == 2


def test_a_share_that_rounds_to_all_still_keeps_some():
    assert Dropout(0.999999, 200_000, "float32", np.random.default_rng(0)).factors((200_000,)).any()


@pytest.mark.parametrize(
    ("disturbed", "penalty"),
    [
        ({"input_dropout": 0.4}, lambda inner: 0.4 / 0.6 * np.diag(np.diag(inner))),
        ({"noise": 0.8}, lambda inner: 200 * 0.8**2 * np.eye(4)),
    ],
)
def test_disturbing_the_inputs_of_a_linear_neuron_is_a_ridge_penalty(disturbed, penalty):
    """Over the draws, its squared error has its least at (X'X + P)^-1 X'y.

    P is p / (1 - p) diag(X'X) where a share p is dropped (Srivastava and others, "Dropout", JMLR 15, 2014,
    section 9.1), and n sigma^2 I under noise (Bishop, "Training with noise is equivalent to Tikhonov
    regularization", 1995).
    """
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4)) @ rng.standard_normal((4, 4))
    X -= X.mean(axis=0)
    y = X @ np.array([1.0, -2.0, 0.5, 0.0])
    plan = {"optimizer": "adam", "schedule": "cosine", "batch_size": None, "steps": 30_000}
    network = NeuralNetworkRegressor((), standardize=False, random_state=0, **plan, **disturbed)
    network.fit(X, y)
    inner = X.T @ X
    expected = np.linalg.solve(inner + penalty(inner), X.T @ y)
    np.testing.assert_allclose(network.coefs_[0][:, 0] * network.target_scale_, expected, atol=0.02)
    assert np.abs(expected - [1.0, -2.0, 0.5, 0.0]).max() > 0.3


def test_noise_reaches_every_hidden_layer_with_its_deviation():
    noise = GaussianNoise(0.5, 400_000, "float32", np.random.default_rng(0))
    values = np.full((400, 500), 3.0, "float32")
    noise.add_to(values)
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(3, abs=0.01)
    assert values.std() == pytest.approx(0.5, abs=0.01)
    sizes, work = (2, 300, 300, 1), workspace((2, 300, 300, 1), 100, "float64")
    regularization = Regularization(noise=GaussianNoise(0.5, 30_000, "float64", np.random.default_rng(0)))
    forward(allocate(sizes, "float64"), activation("identity"), np.ones((100, 2)), work, regularization)
    for hidden in work.values[:-1]:  # all weights are 0, so that the noise is all there is
        assert hidden.std() == pytest.approx(0.5, abs=0.02)
    assert not work.values[-1].any()
