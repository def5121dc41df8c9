import numpy as np
import pytest

from models.losses import binary_cross_entropy, cross_entropy, rectified_squared_error, softmax, squared_error


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [80.0, 1e4, 1e30])
def test_binary_cross_entropy_is_exact_where_probabilities_round_to_0_or_1(size, dtype):
    z, y = np.array([[size], [-size]], dtype), np.array([[0.0], [0.0]], dtype)
    assert binary_cross_entropy(z, y) == pytest.approx(size / 2)
    assert z.ravel().tolist() == pytest.approx([0.5, 0.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [80.0, 1e4, 1e30])
def test_cross_entropy_is_exact_where_probabilities_round_to_0_or_1(size, dtype):
    z, y = np.array([[size, 0, -size]], dtype), np.array([[0, 0, 1]], dtype)
    assert cross_entropy(z, y) == pytest.approx(2 * size)
    np.testing.assert_allclose(z, [[1, 0, -1]], atol=1e-30)


@pytest.mark.parametrize("largest", [0.1, 29.9, 30.1, 88.0, 200.0])
def test_cross_entropy_in_float32_is_that_in_float64_whether_or_not_logits_are_shifted(largest):
    rng = np.random.default_rng(0)
    z = rng.uniform(-1, 1, (50, 6))
    z *= largest / np.abs(z).max()
    z, y = z.astype(np.float32), np.eye(6)[rng.integers(0, 6, 50)]
    exact = np.log(np.exp(z - z.max(axis=1, keepdims=True), dtype=np.float64).sum(axis=1)) + z.max(axis=1)
    value = cross_entropy(np.asfortranarray(z), np.asfortranarray(y, np.float32))
    assert value == pytest.approx(float((exact - (z * y).sum(axis=1)).mean()), rel=1e-5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", [(0, 0), (2, 1), (3, 2)])
def test_a_logit_that_is_not_finite_makes_cross_entropy_so(bad, place):
    z, y = np.ones((4, 3), np.float32, order="F"), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    z[place] = bad
    with np.errstate(all="ignore"):
        assert not np.isfinite(cross_entropy(z, y))


def test_cross_entropy_of_two_classes_is_binary_cross_entropy_of_the_difference():
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((6, 1)), rng.integers(0, 2, (6, 1)).astype(float)
    pair, expected = np.hstack([np.zeros_like(z), z]), np.hstack([1 - y, y])
    assert cross_entropy(pair, expected) == pytest.approx(binary_cross_entropy(z, y))
    np.testing.assert_allclose(pair[:, 1:], z)


@pytest.mark.parametrize("loss", [cross_entropy, squared_error, rectified_squared_error])
def test_a_loss_is_the_same_in_either_memory_order(loss):
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((7, 3)), np.eye(3)[rng.integers(0, 3, 7)]
    by_column = np.asfortranarray(z)
    assert loss(by_column, np.asfortranarray(y)) == pytest.approx(loss(z, y))
    np.testing.assert_allclose(by_column, z)


def test_softmax_rows_sum_to_one_at_any_scale():
    z = np.random.default_rng(0).standard_normal((50, 16)).astype(np.float32) * 1000
    softmax(z)
    np.testing.assert_allclose(z.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("rows", [200, 5_000])
@pytest.mark.parametrize("margin", [5.0, 9.0, 14.0])
def test_a_small_cross_entropy_in_float32_is_right_to_a_millionth(rows, margin):
    """Of many rows, as in validation, to four digits too: there each row's largest logit is taken off."""
    rng = np.random.default_rng(0)
    chosen = rng.integers(10, size=rows)
    y = np.eye(10)[chosen]
    z = margin * y + rng.normal(scale=0.3, size=y.shape)
    exact = cross_entropy(z.copy(), y)
    seen = cross_entropy(z.astype(np.float32), y.astype(np.float32))
    assert seen == pytest.approx(exact, rel=1e-4 if rows > 1024 else 0, abs=2e-6 if rows <= 1024 else 1e-8)
