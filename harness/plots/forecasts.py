"""Learning curves with what more rows may bring: a panel per family, the forecast dashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from harness.curves import Curve, Forecast, NoForecast
from harness.plots.chart import SIZE_AXIS, draw_curve
from harness.plots.panels import LABEL_SIZE, Grid
from harness.plots.style import FAINT, LINES, WIDE, Chart, look, own_style, size_ticks, value_ticks

HORIZON = 4  # times the last size; further out the interval would fill the panel


def forecasts_picture(
    curves: Sequence[Curve], forecasts: Sequence[Forecast | NoForecast], width: float = WIDE
) -> Chart:
    """Each family's curve over the others in grey, and its forecast to 4 times its rows, 90 % interval.

    Args:
        curves: at least one.
        forecasts: of some of the same families, in any order.
        width: `WIDE` or `NARROW`.
    """
    by_family = {found.family: found for found in forecasts}
    with own_style():
        grid = Grid(
            width,
            [c.label for c in curves],
            columns := min(len(curves), 3 if width >= WIDE else 2),
            1.75 if width >= WIDE else 1.45,
            f"Test {curves[0].metric.axis}; dashed: forecast with its 90 % interval",
            SIZE_AXIS,
        )
        for index, (axes, c) in enumerate(zip(grid.axes, curves, strict=True)):
            for other in curves:
                axes.plot(
                    other.sizes, [c.metric.scale * v for v in other.mean], color="#d0d0d0", linewidth=0.9
                )
            draw_curve(axes, c, index)
            _continue(axes, c, _forecast(by_family, c), index)
        top = max(axes.get_ylim()[1] for axes in grid.axes)
        right = max(c.sizes[-1] * (HORIZON if _forecast(by_family, c) else 1) for c in curves)
        ticks = sorted({n for c in curves for n in c.sizes} | {right})
        for k, axes in enumerate(grid.axes):
            axes.set_xscale("log")
            axes.set_xlim(min(c.sizes[0] for c in curves) / 1.2, right * 1.15)
            axes.set_ylim(0, top)
            value_ticks(axes, curves[k].metric)
            if k % columns:
                axes.set_yticklabels([])
            size_ticks(axes, ticks, LABEL_SIZE)
    return grid.figure


def _forecast(by_family: Mapping[str, Forecast | NoForecast], c: Curve) -> Forecast | None:
    found = by_family.get(c.family)
    return found if isinstance(found, Forecast) else None


def _continue(axes: Axes, c: Curve, found: Forecast | None, index: int) -> None:
    if found is None:
        axes.text(0.97, 0.95, "no forecast", size=LABEL_SIZE, color=FAINT, ha="right", va="top",
                  transform=axes.transAxes)  # fmt: skip
        return
    points = [p for p in found.points if p.size <= HORIZON * found.last_size]
    sizes = [found.last_size, *(p.size for p in points)]
    low, middle, high = (
        [c.metric.scale * v for v in (found.last_error, *(getattr(p, name) for p in points))]
        for name in ("low", "error", "high")
    )
    colour = look(index)["color"]
    axes.axvline(found.last_size, color=LINES, linewidth=0.7, linestyle=":")
    axes.fill_between(sizes, low, high, color=colour, alpha=0.16, linewidth=0)
    axes.plot(sizes, middle, color=colour, linewidth=1.6, linestyle=(0, (3, 2)))
