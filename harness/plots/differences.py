"""Paired differences over sizes, each with its interval: what the bands of two curves cannot show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from harness.metrics import ERROR, Metric
from harness.plots.chart import SIZE_AXIS
from harness.plots.panels import LABEL_SIZE, Grid
from harness.plots.style import INK, WIDE, Chart, look, own_style, size_ticks, value_ticks
from harness.verdicts import Comparison

DODGE = 1.06  # between two points of one size, as a ratio of sizes


@dataclass(frozen=True)
class Panel:
    """Differences that belong together.

    Attributes:
        title: what is compared with what.
        lines: comparisons ascending by size, a list for each pair; each pair has the look of its family a.
        deciding: the sizes that decide a claim, drawn filled.
        margin: of the grey band around 0, a share.
    """

    title: str
    lines: tuple[tuple[Comparison, ...], ...]
    deciding: frozenset[tuple[str, str, int]]
    margin: float


def differences_picture(
    panels: Sequence[Panel], labels: Mapping[str, str], width: float = WIDE, metric: Metric = ERROR
) -> Chart:
    """Paired differences in points of error with 95 % intervals; below 0 the family in the key is better.

    Args:
        panels: at least one, each with a line.
        labels: family -> label, in the order that gives their looks; the key holds those that are drawn.
        width: `WIDE` or `NARROW`.
        metric: of the differences.
    """
    order = list(labels)
    compared = {c.a for panel in panels for line in panel.lines for c in line}
    with own_style():
        grid = Grid(
            width,
            [panel.title for panel in panels],
            1,
            1.5,
            f"Difference in test {metric.label}{' (points)' * metric.is_share}; "
            "below 0 the family in the key is better",
            SIZE_AXIS,
            [(k, label) for k, (name, label) in enumerate(labels.items()) if name in compared],
        )
        for axes, panel in zip(grid.axes, panels, strict=True):
            _draw(axes, panel, order, metric.scale)
        sizes = sorted({c.size for panel in panels for line in panel.lines for c in line})
        for axes in grid.axes:
            axes.set_xscale("log")
            axes.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.25)
            size_ticks(axes, sizes, LABEL_SIZE)
            value_ticks(axes, metric)
    return grid.figure


def _draw(axes: Axes, panel: Panel, order: Sequence[str], scale: float) -> None:
    axes.axhspan(-scale * panel.margin, scale * panel.margin, color="#000000", alpha=0.07, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.9)
    for k, line in enumerate(panel.lines):
        shift = DODGE ** (k - (len(panel.lines) - 1) / 2)
        drawn = look(order.index(line[0].a))
        axes.plot([c.size * shift for c in line], [scale * c.interval.mean for c in line],
                  color=drawn["color"], linewidth=0.8, alpha=0.5)  # fmt: skip
        for c in line:
            decides = (c.a, c.b, c.size) in panel.deciding
            x, found = c.size * shift, c.interval
            if found.low is not None and found.high is not None:
                axes.vlines(x, scale * found.low, scale * found.high, color=drawn["color"], linewidth=1.4)
            face = drawn["color"] if decides else "white"
            axes.plot([x], [scale * found.mean], color=drawn["color"], marker=drawn["marker"], markersize=5,
                      markerfacecolor=face, markeredgecolor=drawn["color"])  # fmt: skip
