import warnings

import numpy as np
import pytest

from models.standardization import Gatherer, column_moments


def table(rows=20_000, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, 70)) * rng.uniform(0.01, 100, 70) + 1000 * rng.standard_normal(70)
    X += np.linspace(0, 30, rows)[:, None]  # so that blocks differ in their means
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


def test_moments_over_several_blocks_equal_those_of_the_whole():
    X = table()
    rows = np.flatnonzero(np.arange(len(X)) % 3)
    mean, scale = column_moments(X, rows)
    np.testing.assert_allclose(mean, np.nanmean(X[rows], axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale, np.nanstd(X[rows], axis=0), rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3, np.nan])
def test_a_column_without_variation_has_scale_one(value):
    X = np.full((10_000, 60), value)
    mean, scale = column_moments(X, np.arange(len(X)))
    assert scale.tolist() == [1.0] * 60
    np.testing.assert_allclose(mean, 0.0 if np.isnan(value) else value, rtol=1e-12)


def test_float32_columns_with_a_large_offset_keep_their_scale():
    X = (1e6 + np.random.default_rng(0).standard_normal((20_000, 3))).astype(np.float32)
    _, scale = column_moments(X, np.arange(len(X)))
    np.testing.assert_allclose(scale, 1, rtol=0.02)


@pytest.mark.parametrize("stored", ["float32", "float64"])
@pytest.mark.parametrize("wanted", ["float32", "float64"])
def test_gathered_rows_are_standardised_and_missing_values_are_zero(stored, wanted):
    X = table(200).astype(stored)
    mean, scale = column_moments(X, np.arange(len(X)))
    rows, out = np.array([7, 3, 3, 199]), np.empty((4, 70), wanted)
    Gatherer(X, mean, scale)(rows, out)
    expected = (X[rows].astype(float) - mean) / scale
    np.testing.assert_allclose(
        out, np.nan_to_num(expected), atol=1e-12 if stored == wanted == "float64" else 2e-2
    )
    assert (out[np.isnan(X[rows])] == 0).all()


@pytest.mark.parametrize("stored", ["float32", "float64"])
def test_what_is_standardised_is_drawn_in_by_its_formula_and_missing_values_are_zero(stored):
    X = table(200).astype(stored)
    X[0, 0] = 1e9
    mean, scale = column_moments(X, np.arange(1, len(X)))
    rows, out = np.array([0, 3, 3, 199]), np.empty((4, 70), "float32")
    Gatherer(X, mean, scale, clip=2.0)(rows, out)
    z = (X[rows].astype(float) - mean) / scale
    np.testing.assert_allclose(out, np.nan_to_num(z / np.sqrt(1 + (z / 2) ** 2)), atol=5e-3)
    assert out[0, 0] == pytest.approx(2.0)
    assert (out[np.isnan(X[rows])] == 0).all()


def test_without_moments_rows_are_copied_as_they_are():
    X, out = table(20), np.empty((2, 70))
    Gatherer(X, None, None)(np.array([4, 1]), out)
    np.testing.assert_array_equal(out, X[[4, 1]])


def test_huge_values_do_not_warn():
    X = np.array([[1e300], [-1e300], [0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(column_moments(X, np.arange(3))[0]).all()
