from __future__ import annotations

import numpy as np
import pytest

from harness.curves.ensemble import ensemble
from harness.curves.fits import Floats, fit

SIZES = np.array([[128, 256, 512, 1024, 2048, 4096, 8192, 16384]])
AHEAD = 16384 * np.array([[1, 2, 4, 8]])


def errors_at(sizes: Floats) -> Floats:
    return 0.1 + 0.4 * (np.asarray(sizes) / 128) ** -0.4


def test_point_and_scale_are_the_formula_by_hand() -> None:
    noise = 0.01 * np.array([[1, -1, 1, 0, -1, 1, 0, -1]])
    errors, se = errors_at(SIZES) + noise, np.full(SIZES.shape, 0.004)
    forms = ("pow2", "pow3", "pow4", "mmf4", "wbl4", "ilog2")
    fits = [
        fit(form, SIZES[:, -w:], errors[:, -w:], 1 / (se[:, -w:] ** 2 + 0.003**2))
        for w in (6, 8)
        for form in forms
    ]
    misfit = min(
        np.sqrt(((f.at(SIZES[:, -w:]) - errors[:, -w:]) ** 2).mean())
        for f, w in zip(fits, [6] * 6 + [8] * 6, strict=True)
    )
    at_end = np.array([f.at(SIZES[:, -1:])[0, 0] for f in fits])
    changes = np.array([f.at(AHEAD)[0] for f in fits]) - at_end[:, None]
    point = (errors[0, -1] + np.median(at_end)) / 2 + np.median(changes, axis=0)
    scale = np.sqrt(
        changes.std(axis=0, ddof=1) ** 2
        + ((errors[0, -1] - point) / 2) ** 2
        + 0.004**2
        + misfit**2
        + 0.003**2
    )
    p, s = ensemble(SIZES, errors, se).at(AHEAD)
    np.testing.assert_allclose(p[0], point, rtol=0, atol=2e-5)
    np.testing.assert_allclose(s[0], scale, rtol=0, atol=2e-5)


def test_the_scale_grows_with_the_horizon() -> None:
    _, s = ensemble(SIZES, errors_at(SIZES), np.full(SIZES.shape, 0.004)).at(AHEAD)
    assert (np.diff(s[0]) > 0).all()


def test_padding_in_front_changes_nothing() -> None:
    errors, se = errors_at(SIZES), np.full(SIZES.shape, 0.004)
    front = [(0, 0), (3, 0)]
    padded = ensemble(
        np.pad(SIZES, front, mode="edge"),
        np.pad(errors, front, constant_values=0.7),
        np.pad(se, front, constant_values=np.inf),
    )
    for one, other in zip(padded.at(AHEAD), ensemble(SIZES, errors, se).at(AHEAD), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_sizes_before_the_last_eight_do_not_count() -> None:
    sizes = 128 * 2 ** np.arange(11)[None]
    errors = errors_at(sizes)
    other = np.where(np.arange(11) < 3, 0.9, errors)
    se = np.full(sizes.shape, 0.004)
    ahead = 8 * sizes[:, -1:]
    p, _ = ensemble(sizes, errors, se).at(ahead)
    q, _ = ensemble(sizes, other, se).at(ahead)
    assert p == pytest.approx(q, rel=1e-9)


def test_closely_spaced_sizes_do_not_shorten_the_look_back() -> None:
    """The last 8 of sizes 9 % apart say little of 8x; those before them, back to a factor of 11, do."""
    sizes = np.repeat(np.round(512 * 2 ** (np.arange(40) / 8))[None], 40, axis=0)
    rng = np.random.default_rng(0)
    drawn = errors_at(sizes) + 0.005 * rng.standard_normal(sizes.shape)
    ahead = 8 * sizes[:, -1:]
    last_eight = np.where(np.arange(40) < 32, np.inf, np.full(sizes.shape, 0.005))
    all_sizes, few = (
        np.sqrt(np.mean((ensemble(sizes, drawn, se).at(ahead)[0] - errors_at(ahead)) ** 2))
        for se in (np.full(sizes.shape, 0.005), last_eight)
    )
    assert all_sizes < 0.75 * few
