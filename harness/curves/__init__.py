"""What a sweep's errors say: curves with their intervals, fits, forecasts, and the rows an error would need.

Arrays and records in, records out: nothing here reads a store or draws.
"""

from harness.curves.calibration import SVM_WIDENING
from harness.curves.curve import Curve, Errors, curve, errors_of, from_cells, metric_of, summary_rows
from harness.curves.forecast import Forecast, ForecastPoint, NoForecast, forecast, forecast_rows
from harness.curves.intervals import EXTRA_DF, Interval, half_width, interval, row_variances
from harness.curves.reach import Reach, chance, rows_to_reach

__all__ = [
    "EXTRA_DF",
    "SVM_WIDENING",
    "Curve",
    "Errors",
    "Forecast",
    "ForecastPoint",
    "Interval",
    "NoForecast",
    "Reach",
    "chance",
    "curve",
    "errors_of",
    "forecast",
    "forecast_rows",
    "from_cells",
    "half_width",
    "interval",
    "metric_of",
    "row_variances",
    "rows_to_reach",
    "summary_rows",
]
