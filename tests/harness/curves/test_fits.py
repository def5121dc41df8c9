from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from harness.curves.fits import FORMS, Floats, fit

SIZES = np.array([[128, 256, 512, 1024, 2048, 4096, 8192, 16384]])
BEYOND = SIZES[:, -1:] * np.array([[2, 4, 8]])

# the textbook's own functions of n, beside the theta that the form gives them
TEXTBOOK = {
    "pow2": (lambda n: 3.0 * n**-0.4, [0.4]),
    "pow3": (lambda n: 0.1 + 3.0 * n**-0.6, [0.6]),
    "pow4": (lambda n: 0.1 + 20.0 * (n + 800.0) ** -0.7, [0.7, 800 / 16384]),
    "mmf4": (lambda n: (0.5 * 20.0 + 0.1 * n**0.7) / (20.0 + n**0.7), [20.0 / 16384**0.7, 0.7]),
    "wbl4": (lambda n: 0.1 + 0.9 * np.exp(-0.3 * n**0.2), [0.3 * 0.2 * 16384**0.2, 0.2]),
    "ilog2": (lambda n: 0.05 + 1.2 / np.log(n), []),
}


def noisy(seed: int, curves: int = 12) -> tuple[Floats, Floats]:
    """Power laws with a floor, and noise of the size that repeats leave; errors and SE."""
    rng = np.random.default_rng(seed)
    c, a, b = (rng.uniform(low, high, (curves, 1)) for low, high in ((0, 0.3), (0.1, 0.5), (0.1, 0.9)))
    se = rng.uniform(0.002, 0.01, (curves, 1)) * (SIZES / 128) ** -0.3
    return np.clip(c + a * (SIZES / 128) ** -b + se * rng.standard_normal(se.shape), 0, 1), se


def squares(form: str, errors: Floats, weights: Floats) -> Floats:
    sizes = np.repeat(SIZES, len(errors), axis=0)
    return (weights * (errors - fit(form, sizes, errors, weights).at(sizes)) ** 2).sum(axis=1)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_recovered_from_points_without_noise(form: str) -> None:
    curve, theta = TEXTBOOK[form]
    fitted = fit(form, SIZES, curve(SIZES), np.ones(SIZES.shape))
    np.testing.assert_allclose(fitted.at(SIZES), curve(SIZES), rtol=0, atol=1e-4)  # .01 points
    np.testing.assert_allclose(fitted.at(BEYOND), curve(BEYOND), rtol=0, atol=2e-4)
    np.testing.assert_allclose(fitted.theta[0], theta, rtol=0.03)


def textbook_form(form: str, q: Floats) -> Floats:
    """The form in its textbook's parameters (c, a, ln theta), written out a second time."""
    m, (c, a), theta = SIZES[0] / SIZES[0, -1], q[:2], np.exp(q[2:])
    phi = {
        "pow2": lambda b: m**-b,
        "pow3": lambda b: m**-b,
        "pow4": lambda b, d: (m + d) ** -b,
        "mmf4": lambda b, d: b / (b + m**d),
        "wbl4": lambda b, d: np.exp(-(m**d) * b / d),
        "ilog2": lambda: 1 / np.log(SIZES[0]),
    }[form](*theta)
    return (0.0 if form == "pow2" else c) + a * phi / phi[0]


def scipy_squares(form: str, errors: Floats, se: Floats, starts: int, rng: np.random.Generator) -> float:
    low, high = (np.log([bound[end] for bound in FORMS[form].bounds]) for end in (0, 1))
    bounds = np.concatenate([[0.0, 0.0], low]), np.concatenate([[1.0, 3.0], high])
    found = []
    for _ in range(starts):
        theta = low + (high - low) * rng.uniform(size=len(low))
        start = [rng.uniform(0.01, 0.3), rng.uniform(0.05, 0.5), *theta]
        solved = least_squares(
            lambda q: (errors - textbook_form(form, q)) / se, start, bounds=bounds, xtol=1e-12
        )
        found.append(2 * solved.cost)
    return min(found)


@pytest.mark.parametrize("form", FORMS)
def test_the_fit_is_as_good_as_the_best_of_many_starts_of_a_general_optimiser(form: str) -> None:
    errors, se = noisy(seed=1)
    ours = squares(form, errors, 1 / se**2)
    rng = np.random.default_rng(2)
    theirs = [scipy_squares(form, y, s, starts=8, rng=rng) for y, s in zip(errors, se, strict=True)]
    assert (ours <= np.array(theirs) * 1.01).all()
    assert np.median(ours / np.array(theirs)) < 1.0005


def test_a_curve_that_rises_is_fitted_by_its_weighted_mean() -> None:
    errors, weights = 0.1 + SIZES / 1e5, np.linspace(1, 2, 8)[None]
    for form in ("pow3", "pow4", "mmf4", "wbl4", "ilog2"):
        fitted = fit(form, SIZES, errors, weights)
        assert fitted.a[0] == 0.0
        assert fitted.c[0] == pytest.approx(np.average(errors, weights=weights), rel=1e-12)


def test_a_curve_that_falls_ever_faster_has_no_floor_below_zero() -> None:
    errors = 0.5 - 0.03 * np.log(SIZES)
    for form in ("pow3", "pow4", "mmf4", "wbl4"):
        fitted = fit(form, SIZES, errors, np.ones(SIZES.shape))
        assert fitted.c[0] >= 0.0
        assert fitted.a[0] > 0.0
    steep = fit("ilog2", SIZES, 30 * SIZES**-1.0, np.ones(SIZES.shape))  # its line would cut below 0
    phi = np.log(SIZES[0, 0]) / np.log(SIZES)
    assert steep.c[0] == 0.0
    assert steep.a[0] == pytest.approx((phi * 30 / SIZES).sum() / (phi**2).sum(), rel=1e-12)


def test_errors_of_zero_are_fitted_by_zero() -> None:
    for form in FORMS:
        fitted = fit(form, SIZES, np.zeros(SIZES.shape), np.ones(SIZES.shape))
        assert (fitted.a[0], fitted.c[0]) == (0.0, 0.0)


def test_a_size_without_weight_does_not_count() -> None:
    errors, se = noisy(seed=3, curves=1)
    weights = 1 / se**2 * (SIZES > 128)
    spoilt = np.where(SIZES > 128, errors, 0.9)
    for form in FORMS:
        np.testing.assert_array_equal(
            fit(form, SIZES, errors, weights).at(BEYOND), fit(form, SIZES, spoilt, weights).at(BEYOND)
        )


def test_curves_fitted_together_are_fitted_as_if_alone() -> None:
    errors, se = noisy(seed=4)
    sizes = np.repeat(SIZES, len(errors), axis=0)
    for form in FORMS:
        together = fit(form, sizes, errors, 1 / se**2)
        for k in range(len(errors)):
            alone = fit(form, SIZES, errors[k : k + 1], 1 / se[k : k + 1] ** 2)
            np.testing.assert_array_equal(together.theta[k], alone.theta[0])
            np.testing.assert_array_equal([together.c[k], together.a[k]], [alone.c[0], alone.a[0]])


def test_theta_means_the_same_at_every_scale() -> None:
    errors, se = noisy(seed=5)
    sizes = np.repeat(SIZES, len(errors), axis=0)
    for form in set(FORMS) - {"ilog2"}:  # which knows no scale but 1
        small, large = fit(form, sizes, errors, 1 / se**2), fit(form, 100 * sizes, errors, 1 / se**2)
        np.testing.assert_allclose(large.at(800 * sizes), small.at(8 * sizes), rtol=0, atol=1e-5)
