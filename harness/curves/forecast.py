"""A forecast says where a family's curve goes on, up to 8 times its largest size, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from harness.curves.calibration import FARTHEST, HORIZONS, limits
from harness.curves.curve import Curve
from harness.curves.ensemble import Ensemble, ensemble
from harness.curves.fits import Floats
from harness.curves.shape import shape_warnings
from harness.errors import DataError
from harness.metrics import ERROR, Metric

FEWEST_SIZES = 6


@dataclass(frozen=True)
class ForecastPoint:
    """The error forecast at a size, with its 90 % interval: shares, or baselines of another metric."""

    size: int
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """Where a curve goes on.

    Attributes:
        family, label: of the curve.
        last_size, last_error: the largest size measured, and the error there.
        points: at 2, 4 and 8 times that size.
        warnings: sentences on what in the curve the forecast's forms cannot follow.
        sizes: those it was made from, ascending.
        widening: what the scale is multiplied by.
        fitted: the fits behind it.
        metric: of the curve.
    """

    family: str
    label: str
    last_size: int
    last_error: float
    points: tuple[ForecastPoint, ...]
    warnings: tuple[str, ...]
    sizes: tuple[int, ...]
    widening: float
    fitted: Ensemble = field(repr=False, compare=False)
    metric: Metric = ERROR

    def at(self, size: int) -> ForecastPoint:
        """The forecast at a size: p, and clip(p + s [q05, q95]) (see `Ensemble.at` and `calibration`).

        Raises:
            DataError: the size is below the largest measured, or past 8 times that.
        """
        last = self.last_size
        if not last <= size <= FARTHEST * last:
            raise DataError(
                f"a forecast of {self.label} reaches from {last:,} to {FARTHEST * last:,} rows, {FARTHEST}"
                f" times its largest size, got {size:,}; ask within that, or run a larger size first"
            )
        low, high = limits(size / last)
        (p,), (s,) = self.centre_and_scale([size])
        error, *ends = np.clip([p, p + s * low, p + s * high], 0.0, self.metric.most).tolist()
        return ForecastPoint(size, error, *ends)

    def centre_and_scale(self, sizes: Sequence[int]) -> tuple[Floats, Floats]:
        """At each size the point p, not clipped, and the scale s, the unit of the calibrated quantiles."""
        p, s = self.fitted.at(np.array([sizes]))
        return p[0], self.widening * s[0]


@dataclass(frozen=True)
class NoForecast:
    """Why a curve has no forecast, in one sentence."""

    family: str
    label: str
    reason: str


def forecast(curve: Curve, widening: float = 1.0) -> Forecast | NoForecast:
    """The forecast of a curve from its sizes with 2 or more repeats, whose intervals give the SE.

    The SE of an error is sqrt(V) of its interval, for new rows to learn and to test on, so the forecast is
    of the error over such rows. A size with one repeat has no SE and is left out; where the largest is
    one, or fewer than 6 are left, there is no forecast.

    Args:
        curve: of one family.
        widening: what the scale is multiplied by; `SVM_WIDENING` for SVMs, whose curves are less even.

    >>> from harness.curves import curve
    >>> rows = np.arange(100).reshape(2, 50)
    >>> wrong = {n: rows % 50 < 400 * n**-0.5 for n in (128, 256, 512, 1024, 2048)}
    >>> forecast(curve("svm", "SVM", wrong)).reason
    'SVM has 5 sizes with 2 or more repeats; a forecast needs 6.'
    """
    known = [k for k, found in enumerate(curve.intervals) if found.variance is not None]
    reason = _reason(curve, known)
    if reason:
        return NoForecast(curve.family, curve.label, reason)
    sizes = np.array([[curve.sizes[k] for k in known]])
    errors = np.array([[curve.mean[k] for k in known]])
    variances = np.array([[curve.intervals[k].variance for k in known]], dtype=np.float64)
    made = Forecast(
        family=curve.family,
        label=curve.label,
        last_size=curve.sizes[-1],
        last_error=curve.mean[-1],
        points=(),
        warnings=shape_warnings(curve),
        sizes=tuple(sizes[0].tolist()),
        widening=widening,
        fitted=ensemble(sizes, errors, np.sqrt(variances)),
        metric=curve.metric,
    )
    return replace(made, points=tuple(made.at(horizon * made.last_size) for horizon in HORIZONS))


def _reason(curve: Curve, known: Sequence[int]) -> str | None:
    if len(known) < FEWEST_SIZES:
        sizes = f"{len(known)} size{'s' * (len(known) != 1)}"
        return f"{curve.label} has {sizes} with 2 or more repeats; a forecast needs {FEWEST_SIZES}."
    if known[-1] != len(curve.sizes) - 1:
        return (
            f"{curve.label} has one repeat at its largest size, {curve.sizes[-1]:,} rows, so how sure its"
            " error is there is not known; a forecast needs 2 repeats or more."
        )
    return None


def forecast_rows(
    forecasts: Sequence[Forecast | NoForecast],
) -> list[dict[str, str | int | float | None]]:
    """One dictionary per forecast point, and one per family without a forecast: the rows of `forecast.csv`.

    family, size, error, low, high, basis (the sizes it is made from, or why there is no forecast) and
    warnings (sentences, joined). Shares of wrong rows, or what another metric measures in its own unit.

    >>> forecast_rows([NoForecast("svm", "SVM", "SVM has 2 sizes.")])[0]["basis"]
    'SVM has 2 sizes.'
    """
    rows: list[dict[str, str | int | float | None]] = []
    for each in forecasts:
        if isinstance(each, NoForecast):
            nothing = dict.fromkeys(("size", "error", "low", "high"))
            rows.append({"family": each.family, **nothing, "basis": each.reason, "warnings": ""})
            continue
        basis = f"{len(each.sizes)} sizes, {each.sizes[0]:,} to {each.last_size:,} rows"
        notes = {"basis": basis, "warnings": " ".join(each.warnings)}
        for p in each.points:
            error, low, high = (each.metric.baseline * value for value in (p.error, p.low, p.high))
            rows.append(
                {"family": each.family, "size": p.size, "error": error, "low": low, "high": high, **notes}
            )
    return rows
