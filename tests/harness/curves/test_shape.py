from __future__ import annotations

import numpy as np
import pytest

from harness.curves import Curve, Interval
from harness.curves.shape import shape_warnings

SIZES = tuple(128 * 2**k for k in range(8))
FALLING = tuple(0.1 + 0.3 * (n / 128) ** -0.5 for n in SIZES)


def curve_of(errors: tuple[float, ...], se: float = 0.004, df: float = 8.0) -> Curve:
    intervals = tuple(Interval(y, None, None, df, se**2, 0.5, 0.5, 5, 2000) for y in errors)
    return Curve("svm", "SVM", SIZES[: len(errors)], intervals)


def test_a_curve_that_falls_ever_more_slowly_has_no_warning() -> None:
    assert shape_warnings(curve_of(FALLING)) == ()


def test_a_planted_rise_is_named_with_its_sizes_and_points() -> None:
    risen = (*FALLING[:5], FALLING[4] + 0.06, *FALLING[6:])
    assert shape_warnings(curve_of(risen))[0] == (
        "The error of SVM rises by 6.0 points from 2,048 to 4,096 rows, more than its noise explains."
    )


def test_a_planted_late_fall_is_named_with_its_sizes() -> None:
    flat_then_steep = (0.5, 0.49, 0.48, 0.47, 0.46, 0.30, 0.2, 0.15)
    (warning,) = shape_warnings(curve_of(flat_then_steep))
    assert warning.startswith("The error of SVM falls late: at 2,048 rows it is")
    assert warning.endswith("rows, more than its noise explains.")


def test_a_rise_within_the_noise_is_no_rise() -> None:
    risen = (*FALLING[:5], FALLING[4] + 0.01, *FALLING[6:])
    assert shape_warnings(curve_of(risen, se=0.02)) == ()


@pytest.mark.parametrize("b", [0.05, 0.5])
def test_noise_alone_warns_of_few_curves(b: float) -> None:
    rng = np.random.default_rng(6)
    R, sd = 5, 0.01
    warned = 0
    for _ in range(400):
        noise = sd * rng.standard_normal((R, len(SIZES)))
        draws = np.array([0.1 + 0.3 * (n / 128) ** -b for n in SIZES]) + noise
        intervals = tuple(
            Interval(float(y), None, None, R - 1.0, float(V), 1.0, 0.0, R, 2000)
            for y, V in zip(draws.mean(axis=0), draws.var(axis=0, ddof=1) / R, strict=True)
        )
        warned += bool(shape_warnings(Curve("svm", "SVM", SIZES, intervals)))
    assert warned / 400 <= 0.06


def test_sizes_with_one_repeat_are_not_compared() -> None:
    single = Interval(0.9, None, None, None, None, None, None, 1, 2000)
    known = curve_of(FALLING)
    assert shape_warnings(Curve("svm", "SVM", SIZES, (*known.intervals[:7], single))) == ()
    assert shape_warnings(Curve("svm", "SVM", SIZES[:2], (single, single))) == ()


def test_errors_that_never_vary_are_compared_as_they_are() -> None:
    (warning,) = shape_warnings(curve_of((0.2, 0.1, 0.101), se=0.0))
    assert "rises by 0.1 points from 256 to 512 rows" in warning
