import numpy as np
import pytest

from models.optimizers import OPTIMIZERS, SCHEDULES, init

RATES = {"gradient_descent": 0.02, "momentum": 0.02, "adam": 0.05, "adamw": 0.05}


def bowl(w):
    """An ill-conditioned quadratic with its minimum, 0, at (1, -2, 3)."""
    scale, away = np.array([1.0, 10.0, 50.0]), w - np.array([1.0, -2.0, 3.0])
    return 0.5 * float(scale @ away**2), scale * away


def banana(w):
    """Rosenbrock's valley at a tenth of its height, with its minimum, 0, at (1, 1)."""
    x, y = w
    value = 0.1 * (1 - x) ** 2 + 10 * (y - x**2) ** 2
    return float(value), np.array([-0.2 * (1 - x) - 40 * x * (y - x**2), 20 * (y - x**2)])


def descend(optimizer, surface, start, rate, steps, dtype="float64"):
    w = np.array(start, dtype)
    gradient = np.empty_like(w)
    state = init(w, gradient, len(w))
    for _ in range(steps):
        gradient[:] = surface(w)[1]
        OPTIMIZERS[optimizer](state, rate, 0.9, 0.0)
    return surface(w)[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("surface", "start"), [(bowl, (0, 0, 0)), (banana, (-1, 1))])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_descends_to_the_minimum(optimizer, surface, start, dtype):
    assert surface(np.array(start, float))[0] > 0.1
    assert descend(optimizer, surface, start, RATES[optimizer], 4000, dtype) < 2e-3


@pytest.mark.parametrize("beta", [0.0, 1e-5, 0.5, 0.9, 0.999])
def test_adam_equals_the_paper_step_by_step(beta):
    rng = np.random.default_rng(0)
    w, gradient = rng.standard_normal(5), np.empty(5)
    expected, m, v = w.copy(), np.zeros(5), np.zeros(5)
    state = init(w, gradient, 5)
    for t in range(1, 600):
        g = rng.standard_normal(5) * 10.0 ** rng.integers(-6, 3)
        m, v = beta * m + (1 - beta) * g, 0.999 * v + 0.001 * g**2
        expected -= 0.01 * (m / (1 - beta**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        gradient[:] = g
        OPTIMIZERS["adam"](state, 0.01, beta, 0.5)
    np.testing.assert_allclose(w, expected, rtol=1e-10)


@pytest.mark.parametrize("beta", [0.0, 1e-5, 0.5, 0.9, 0.999])
def test_momentum_equals_its_formula_step_by_step(beta):
    rng = np.random.default_rng(0)
    w, gradient = rng.standard_normal(5), np.empty(5)
    expected, velocity = w.copy(), np.zeros(5)
    state = init(w, gradient, 5)
    for _ in range(600):
        gradient[:] = rng.standard_normal(5) * 10.0 ** rng.integers(-6, 3)
        velocity = beta * velocity + (1 - beta) * gradient
        expected -= 0.01 * velocity
        OPTIMIZERS["momentum"](state, 0.01, beta, 0.5)
    np.testing.assert_allclose(w, expected, rtol=1e-10)


def test_moments_keep_their_value_when_their_scale_starts_anew():
    w, gradient = np.ones(3), np.ones(3)
    state = init(w, gradient, 3)
    scales = []
    for t in range(1, 8001):
        gradient[:] = 1.0
        OPTIMIZERS["adam"](state, 1e-6, 0.9, 0.0)
        scales.append((state.first_scale, state.second_scale))
        assert state.second[0] * state.second_scale == pytest.approx(1000 * (1 - 0.999**t))
    assert [sum(scale == 1.0 for scale in column) for column in zip(*scales, strict=True)] == [121, 1]


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_a_long_buffer_is_updated_as_its_parts_would_be(optimizer):
    size, rng = 150_000, np.random.default_rng(0)  # several blocks, and weights that end inside the second
    whole, slopes = rng.standard_normal(size), rng.standard_normal(size)
    parts = [
        (whole[a:b].copy(), slopes[a:b].copy(), n) for a, b, n in ((0, 90_000, 90_000), (90_000, size, 0))
    ]
    for w, gradient, n_weights in [(whole, slopes, 90_000), *parts]:
        state, first = init(w, gradient, n_weights), gradient.copy()
        for _ in range(3):
            gradient[:] = first
            OPTIMIZERS[optimizer](state, 0.01, 0.9, 0.1)
    np.testing.assert_array_equal(whole, np.concatenate([parts[0][0], parts[1][0]]))


def test_only_adamw_decays_and_only_weights():
    for optimizer in OPTIMIZERS:
        w, gradient = np.ones(4), np.zeros(4)
        OPTIMIZERS[optimizer](init(w, gradient, 3), 0.1, 0.9, 0.5)
        assert w.tolist() == ([0.95, 0.95, 0.95, 1.0] if optimizer == "adamw" else [1, 1, 1, 1])


def test_moments_of_parameters_without_gradient_do_not_linger_as_denormals():
    w, gradient = np.ones(4, np.float32), np.full(4, 1e-3, np.float32)
    state = init(w, gradient, 4)
    for _ in range(1024):
        OPTIMIZERS["adam"](state, 1e-3, 0.9, 0.0)
        gradient[:] = 0
    assert state.blocks[0].first.tolist() == [0, 0, 0, 0]
    assert (state.blocks[0].second > 0).all()


def test_schedules_take_their_stated_values():
    values = {
        name: [schedule(step, 100) for step in (0, 30, 65, 100, 120)] for name, schedule in SCHEDULES.items()
    }
    assert values["constant"] == [1, 1, 1, 1, 1]
    assert values["cosine"] == pytest.approx([1, 0.5 * (1 + np.cos(0.3 * np.pi)), 0.2730047501, 0, 0])
    assert values["one_cycle"] == pytest.approx([0.04, 1, 0.5, 0, 0])


@pytest.mark.parametrize("name", sorted(SCHEDULES))
@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
def test_every_step_of_a_schedule_has_a_positive_factor_of_at_most_one(name, steps):
    factors = np.array([SCHEDULES[name](step, steps) for step in range(steps)])
    assert ((factors > 0) & (factors <= 1)).all()
    assert steps < 7 or np.abs(np.diff(factors)).max() < 0.8
