from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from harness.curves import (
    SVM_WIDENING,
    Curve,
    Forecast,
    Interval,
    NoForecast,
    curve,
    forecast,
    forecast_rows,
    rows_to_reach,
)
from harness.curves.calibration import HORIZONS, LEVELS, QUANTILES, limits, probability
from harness.curves.ensemble import ensemble
from harness.errors import DataError

SIZES = tuple(128 * 2**k for k in range(8))


def interval_of(error: float, se: float | None = 0.004) -> Interval:
    if se is None:
        return Interval(error, None, None, None, None, None, None, 1, 2000)
    return Interval(error, error - 2 * se, error + 2 * se, 8.0, se**2, 0.5, 0.5, 5, 2000)


def power_law(n: float) -> float:
    return 0.1 + 0.3 * (n / 128) ** -0.5


def curve_of(*errors: float, se: float = 0.004) -> Curve:
    return Curve("svm", "SVM", SIZES[: len(errors)], tuple(interval_of(y, se) for y in errors))


POWER_LAW = curve_of(*map(power_law, SIZES))


def made(of: Curve = POWER_LAW, widening: float = 1.0) -> Forecast:
    found = forecast(of, widening)
    assert isinstance(found, Forecast)
    return found


def test_a_power_law_is_continued() -> None:
    found = made()
    assert [point.size for point in found.points] == [32768, 65536, 131072]
    for point in found.points:
        assert point.error == pytest.approx(power_law(point.size), abs=0.004)
        assert point.low < power_law(point.size) < point.high
    assert (found.last_size, found.last_error, found.warnings) == (16384, power_law(16384), ())


def test_intervals_widen_with_the_horizon() -> None:
    widths = [point.high - point.low for point in map(made().at, (16384, 24000, 32768, 65536, 131072))]
    assert (np.diff(widths) > 0).all()


def test_an_interval_is_point_and_scale_times_the_calibrated_quantiles() -> None:
    found = made()
    for horizon, row in zip(HORIZONS, QUANTILES, strict=True):
        point = found.at(horizon * 16384)
        (p,), (s,) = found.centre_and_scale([horizon * 16384])
        assert point.error == p
        assert point.low == pytest.approx(p + s * row[LEVELS.index(0.05)], rel=1e-12)
        assert point.high == pytest.approx(p + s * row[LEVELS.index(0.95)], rel=1e-12)


def test_intervals_stay_between_0_and_1() -> None:
    found = made(curve_of(*(0.9 * n**-0.6 for n in SIZES), se=0.01))
    assert all(point.low == 0.0 <= point.error <= point.high for point in found.points)
    found = made(curve_of(*[0.99] * 8, se=0.02))
    assert all(point.low < point.error <= point.high == 1.0 for point in found.points)


@pytest.mark.parametrize("size", [16383, 131073])
def test_sizes_outside_one_to_eight_times_the_last_are_refused(size: int) -> None:
    with pytest.raises(DataError, match=rf"from 16,384 to 131,072 rows, 8 times .* got {size:,}; ask within"):
        made().at(size)


def test_quantiles_between_horizons_are_linear_in_the_doublings() -> None:
    two, four = limits(2), limits(4)
    assert limits(2**1.25) == pytest.approx([0.75 * a + 0.25 * b for a, b in zip(two, four, strict=True)])
    assert limits(1) == limits(1.9) == two


def test_every_row_of_the_calibration_rises_with_its_level() -> None:
    for row in QUANTILES:
        assert len(row) == len(LEVELS)
        assert (np.diff(row) > 0).all()
    assert probability(-math.inf, 4) == LEVELS[0]
    assert probability(math.inf, 4) == LEVELS[-1]
    assert probability(QUANTILES[1][1], 4) == pytest.approx(0.05)


def test_the_same_curve_gives_the_same_forecast_to_the_bit() -> None:
    assert made() == made()
    assert forecast_rows([made()]) == forecast_rows([made()])


def test_widening_multiplies_the_scale_and_leaves_the_point() -> None:
    plain, wide = made().at(32768), made(widening=SVM_WIDENING).at(32768)
    assert wide.error == plain.error
    assert wide.high - wide.error == pytest.approx(SVM_WIDENING * (plain.high - plain.error), rel=1e-9)
    assert wide.error - wide.low == pytest.approx(SVM_WIDENING * (plain.error - plain.low), rel=1e-9)


def test_less_certain_errors_give_wider_intervals() -> None:
    sure, unsure = (made(curve_of(*map(power_law, SIZES), se=se)).at(65536) for se in (0.002, 0.02))
    assert unsure.high - unsure.low > sure.high - sure.low


def simulated_coverage(b: float, R: int) -> list[float]:
    """Share of 300 power laws whose truth at 2x, 4x and 8x is inside; floor, height and noise vary."""
    rng = np.random.default_rng(8)
    B, sizes = 300, np.array(SIZES, dtype=np.float64)
    c, a = rng.uniform(0.02, 0.3, (B, 1)), rng.uniform(0.1, 0.5, (B, 1))

    def truth(n):
        return c + a * (n / 128) ** -b

    draws = truth(sizes) + 0.015 * (sizes / 128) ** -0.2 * rng.standard_normal((R, B, len(sizes)))
    se = draws.std(axis=0, ddof=1) / R**0.5
    many, ahead = np.tile(sizes, (B, 1)), np.tile(sizes[-1] * np.array(HORIZONS), (B, 1))
    p, s = ensemble(many, np.clip(draws.mean(axis=0), 0, 1), se).at(ahead)
    z = (truth(ahead) - p) / s
    return [
        float(((limits(h)[0] <= z[:, k]) & (z[:, k] <= limits(h)[1])).mean()) for k, h in enumerate(HORIZONS)
    ]


@pytest.mark.parametrize("b", [0.15, 0.4, 0.8])
@pytest.mark.parametrize("R", [3, 10])
def test_intervals_cover_power_laws_at_least_as_often_as_they_say(b: float, R: int) -> None:
    assert min(simulated_coverage(b, R)) >= 0.9


# Refusals are values with a reason


def test_fewer_than_six_sizes_give_no_forecast() -> None:
    found = forecast(curve_of(*map(power_law, SIZES[:5])))
    assert found == NoForecast("svm", "SVM", "SVM has 5 sizes with 2 or more repeats; a forecast needs 6.")


def test_one_repeat_everywhere_gives_no_forecast() -> None:
    wrong = np.zeros((1, 50), dtype=bool)
    found = forecast(curve("lr", "LR", dict.fromkeys(SIZES, wrong)))
    assert isinstance(found, NoForecast)
    assert found.reason == "LR has 0 sizes with 2 or more repeats; a forecast needs 6."


def test_one_repeat_at_the_largest_size_gives_no_forecast() -> None:
    last = interval_of(power_law(16384), se=None)
    found = forecast(dataclasses.replace(POWER_LAW, intervals=(*POWER_LAW.intervals[:-1], last)))
    assert isinstance(found, NoForecast)
    assert "one repeat at its largest size, 16,384 rows" in found.reason


def test_one_repeat_at_an_earlier_size_leaves_that_size_out() -> None:
    single = interval_of(0.9, se=None)
    intervals = (*POWER_LAW.intervals[:3], single, *POWER_LAW.intervals[4:])
    found = made(dataclasses.replace(POWER_LAW, intervals=intervals))
    assert found.sizes == (128, 256, 512, 2048, 4096, 8192, 16384)
    assert found.at(32768).error == pytest.approx(made().at(32768).error, abs=0.002)


def test_a_forecast_is_made_from_errors_themselves() -> None:
    rng = np.random.default_rng(9)
    wrong = {n: rng.random((5, 400)) < power_law(n) for n in SIZES}
    found = made(curve("svm", "SVM", wrong))
    point = found.at(65536)
    assert point.low < power_law(65536) < point.high


def test_warnings_come_with_the_forecast() -> None:
    errors = [power_law(n) for n in SIZES]
    errors[5] += 0.08
    assert "rises by" in made(curve_of(*errors)).warnings[0]


def test_rows_name_points_basis_and_warnings() -> None:
    rows = forecast_rows([made(), NoForecast("lr", "LR", "LR has 2 sizes.")])
    assert [(row["family"], row["size"]) for row in rows] == [
        ("svm", 32768),
        ("svm", 65536),
        ("svm", 131072),
        ("lr", None),
    ]
    assert list(rows[0]) == list(rows[-1]) == ["family", "size", "error", "low", "high", "basis", "warnings"]
    assert rows[0]["basis"] == "8 sizes, 128 to 16,384 rows"
    assert (rows[-1]["error"], rows[-1]["basis"]) == (None, "LR has 2 sizes.")


# Rows to reach an error


def test_a_lower_error_needs_more_rows() -> None:
    found = made()
    reached = [rows_to_reach(found, X) for X in np.linspace(0.13, 0.09, 30)]
    for one, other in itertools.pairwise(reached):
        assert (one.low or math.inf) <= (other.low or math.inf)
        assert (one.high or math.inf) <= (other.high or math.inf)
        assert one.not_by_8x <= other.not_by_8x
    assert reached[0].high is not None
    assert reached[-1].high is None


def test_the_bracket_is_where_the_chance_passes_5_and_95_per_cent() -> None:
    found = made(curve_of(*(0.02 + 1.2 * (n / 128 + 2) ** -0.6 for n in SIZES), se=0.002))
    reach = rows_to_reach(found, 0.073)
    assert reach.low is not None
    assert reach.high is not None
    assert 16384 < reach.low < reach.high < 131072

    def chance(size: int) -> float:
        (p,), (s,) = found.centre_and_scale([size])
        return probability((0.073 - p) / s, size / 16384)

    step = 2 ** (1 / 32)
    assert chance(reach.low) >= 0.05 > chance(math.floor(reach.low / step))
    assert chance(reach.high) >= 0.95 > chance(math.floor(reach.high / step))


def test_an_error_out_of_reach_is_open_and_an_error_passed_is_reached_at_once() -> None:
    found = made()
    assert rows_to_reach(found, 0.0) == rows_to_reach(found, 0.01)
    assert (rows_to_reach(found, 0.0).low, rows_to_reach(found, 0.0).high) == (None, None)
    assert rows_to_reach(found, 0.0).not_by_8x == pytest.approx(0.975)
    assert (rows_to_reach(found, 0.5).low, rows_to_reach(found, 0.5).high) == (16384, 16384)
    assert rows_to_reach(found, 0.5).not_by_8x == pytest.approx(0.025)


def test_a_chance_once_had_is_not_lost_at_a_larger_size() -> None:
    """The scale grows faster than a flat curve falls; what was reached is nevertheless reached."""
    found = made(curve_of(*[0.2] * 8, se=0.01))
    assert rows_to_reach(found, 0.23).high == 16384
    assert rows_to_reach(found, 0.23).not_by_8x <= 0.05


@pytest.mark.parametrize("error", [-0.01, 1.5, math.nan])
def test_an_error_that_is_no_share_is_refused(error: float) -> None:
    with pytest.raises(DataError, match=r"share between 0 and 1, got .*; 5 % is 0.05"):
        rows_to_reach(made(), error)
