"""Pictures of a sweep: the chart, and what stands beside it in the report.

The only importer of matplotlib, by its objects and never by pyplot: nothing global changes, and the same
results give the same bytes whatever the settings of the person who draws.
"""

from harness.plots.chart import curves_figure, curves_picture, describe, plot_curves
from harness.plots.course import finding_picture
from harness.plots.differences import Panel, differences_picture
from harness.plots.forecasts import forecasts_picture
from harness.plots.importances import importances_picture
from harness.plots.searches import searches_picture
from harness.plots.seconds import Cost, seconds_picture
from harness.plots.style import COLOURS, NARROW, WIDE, Chart, save
from harness.plots.svg import as_svg, data_uri

__all__ = [
    "COLOURS",
    "NARROW",
    "WIDE",
    "Chart",
    "Cost",
    "Panel",
    "as_svg",
    "curves_figure",
    "curves_picture",
    "data_uri",
    "describe",
    "differences_picture",
    "finding_picture",
    "forecasts_picture",
    "importances_picture",
    "plot_curves",
    "save",
    "searches_picture",
    "seconds_picture",
]
