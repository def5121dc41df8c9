"""What an error costs: seconds of a cell against its test error, a line per family and a point per size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from harness.metrics import ERROR, Metric
from harness.plots.panels import LABEL_SIZE, Grid
from harness.plots.style import FAINT, WIDE, Chart, look, own_style, short, value_ticks


@dataclass(frozen=True)
class Cost:
    """Mean seconds of a family's cells at one size, search included, and their mean test error, a share."""

    family: str
    size: int
    seconds: float
    error: float


def seconds_picture(
    costs: Sequence[Cost], labels: Mapping[str, str], width: float = WIDE, metric: Metric = ERROR
) -> Chart:
    """Test error in % over the seconds of a cell, both axes' better ends at the lower left.

    Args:
        costs: at least one; ascending by size within a family.
        labels: family -> label, in the order that gives their looks.
        width: `WIDE` or `NARROW`.
        metric: of the errors.
    """
    with own_style():
        grid = Grid(
            width,
            [""],
            1,
            3.0 if width >= WIDE else 2.7,
            f"Test {metric.axis}",
            "Seconds of a cell on one core: search, refit, test (log scale)",
            list(enumerate(labels.values())),
        )
        (axes,) = grid.axes
        axes.set_xscale("log")
        for index, family in enumerate(labels):
            path = [(cost.seconds, metric.scale * cost.error) for cost in costs if cost.family == family]
            if not path:
                continue
            axes.plot(*zip(*path, strict=True), linewidth=1.4, markersize=5, **look(index))
            largest = max(cost.size for cost in costs if cost.family == family)
            axes.annotate(short(largest), path[-1], (4, 4), textcoords="offset points",
                          size=LABEL_SIZE - 1, color=FAINT)  # fmt: skip
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(bottom=0)
        value_ticks(axes, metric)
    return grid.figure
