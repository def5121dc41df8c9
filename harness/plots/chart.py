"""The chart: test error over training-set size, one line with its band and its name per family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from scipy.optimize import isotonic_regression

from harness.curves import Curve, from_cells
from harness.errors import DataError
from harness.plots.panels import LABEL_SIZE, Grid
from harness.plots.style import (
    DPI,
    FAINT,
    GAP,
    INK,
    LINES,
    PAD,
    WIDE,
    Chart,
    block,
    extent,
    look,
    new_chart,
    own_style,
    size_ticks,
    value_ticks,
)

if TYPE_CHECKING:
    import pandas as pd

SIZE_AXIS = "Training rows (validation included, log scale)"
PLOT_HEIGHT = 3.5  # inches, like all that follow
LEFT, BELOW = 0.52, 0.6  # room for what stands left of the axes and below them
NAME_WIDTH, NAME_INDENT = 1.55, 0.46  # the indent holds the line that leads to a name and its marker


def plot_curves(cells: pd.DataFrame) -> Chart:
    """The chart of a table of cells: the columns and errors of `curves.from_cells`.

    >>> import numpy as np
    >>> import pandas as pd
    >>> cell = {"family": "svm", "label": "SVM", "repeat": 0, "outcome": "complete", "test_rows": 8}
    >>> cells = pd.DataFrame([{**cell, "size": n, "correct": bytes([n - 1])} for n in (64, 128)])
    >>> plot_curves(cells).axes[0].get_xscale()
    'log'
    """
    curves = from_cells(cells)
    title = f"Test {curves[0].metric.label if curves else 'error'} over training-set size"
    return curves_figure(curves, title, describe(curves))


def describe(curves: Sequence[Curve]) -> str:
    """What a caption must say of the curves themselves: test rows, repeats, and what the band is.

    >>> from harness.curves import curve
    >>> describe([curve("svm", "SVM", {64: np.array([[True, False]])})])
    '2 test rows, 1 repeat per size. No bands: one repeat has no interval.'
    """
    intervals = [i for c in curves for i in c.intervals]
    rows, repeats = _span([i.test_rows for i in intervals]), _span([i.repeats for i in intervals])
    facts = f"{rows} test rows, {repeats} repeat{'s' * (repeats != '1')} per size."
    shares = [round(100 * i.test_share) for i in intervals if i.test_share is not None]
    if not shares:
        return f"{facts} No bands: one repeat has no interval."
    return (
        f"{facts} Bands: 95 % interval of the mean over draws of training rows and of test rows;"
        f" {_span(shares)} % of its variance comes from the test rows."
    )


def _span(values: Sequence[int]) -> str:
    least, most = min(values), max(values)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def curves_figure(curves: Sequence[Curve], title: str, caption: str) -> Chart:
    """The chart: n on a logarithmic axis, test error in %, a line, a band and a name per family.

    The names stand at the right, in the order of the lines' last errors. A family that ends before the
    largest size says so under its name. Colours and markers follow the order of `curves`. The height
    grows with the title, the caption and the number of families.

    Raises:
        DataError: there is nothing to draw.
    """
    if not curves:
        raise DataError("a chart needs at least one complete cell, got none; sweep, or mend what failed")
    with own_style():
        figure = new_chart(WIDE, PLOT_HEIGHT)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        for index, c in enumerate(curves):
            draw_curve(axes, c, index)
        _limits(axes, curves)
        names = _names(figure, curves)
        _arrange(figure, axes, names, title, f"Test {curves[0].metric.axis}", caption)
        _place_names(figure, axes, names, curves)
        size_ticks(axes, sorted({n for c in curves for n in c.sizes}))
        value_ticks(axes, curves[0].metric)
    return figure


def curves_picture(curves: Sequence[Curve], width: float = WIDE) -> Chart:
    """The chart without title and caption, for a page that has them as text; narrow, with its names above.

    Raises:
        DataError: as `curves_figure`.
    """
    if width >= WIDE or not curves:
        return curves_figure(curves, "", "")
    largest = max(c.sizes[-1] for c in curves)
    with own_style():
        names = [f"{c.label}{f' (to {c.sizes[-1]:,})' * (c.sizes[-1] < largest)}" for c in curves]
        grid = Grid(width, [""], 1, 2.9, f"Test {curves[0].metric.axis}", SIZE_AXIS, list(enumerate(names)))
        (axes,) = grid.axes
        for index, c in enumerate(curves):
            draw_curve(axes, c, index)
        _limits(axes, curves)
        size_ticks(axes, sorted({n for c in curves for n in c.sizes}), LABEL_SIZE)
        value_ticks(axes, curves[0].metric)
    return grid.figure


def draw_curve(axes: Axes, c: Curve, index: int) -> None:
    """One family's line, markers and band, in % or the metric's unit."""
    drawn, scale = look(index), c.metric.scale
    low, high = (scale * np.array(limit, dtype=np.float64) for limit in (c.low, c.high))  # None becomes NaN
    if np.isfinite(low).any():
        axes.fill_between(c.sizes, low, high, color=drawn["color"], alpha=0.16, linewidth=0)
        axes.vlines(c.sizes, low, high, color=drawn["color"], alpha=0.45, linewidth=1.1)
    axes.plot(
        c.sizes, scale * np.array(c.mean), label=c.label, linewidth=1.8, markersize=5.5, zorder=3, **drawn
    )


def _limits(axes: Axes, curves: Sequence[Curve]) -> None:
    """Error from 0, unless the lines would fill less than half of that; then only around them."""
    scale = curves[0].metric.scale
    ends = [scale * v for c in curves for limit in (c.low, c.mean, c.high) for v in limit if v is not None]
    bottom, top = min(ends), max(*ends, scale / 100)
    from_zero = bottom < top / 2
    margin = 0.06 * (top if from_zero else max(top - bottom, scale / 100))
    axes.set_ylim(0.0 if from_zero else bottom - margin, top + margin)
    axes.set_xscale("log")
    axes.set_xlim(min(c.sizes[0] for c in curves) / 1.15, max(c.sizes[-1] for c in curves) * 1.08)


def _names(figure: Figure, curves: Sequence[Curve]) -> list[list[Text]]:
    """Per family its name and, where it ends early, a note; not yet placed."""
    largest = max(c.sizes[-1] for c in curves)
    names = [[block(figure, c.label, NAME_WIDTH, 10)] for c in curves]
    for c, name in zip(curves, names, strict=True):
        if c.sizes[-1] < largest:
            name.append(block(figure, f"ends at {c.sizes[-1]:,} rows", NAME_WIDTH, 8.5, color=FAINT))
    return names


def _height(name: list[Text]) -> float:
    return sum(extent(text)[1] for text in name if text.get_text())


def _arrange(
    figure: Figure, axes: Axes, names: list[list[Text]], title: str, unit_name: str, caption: str
) -> None:
    """Title above, caption below, names at the right; the figure as high as they need."""
    head = block(figure, title, WIDE - 2 * PAD, 12.5, weight="bold")
    unit = block(figure, unit_name, WIDE, 9.5)
    foot = block(figure, caption, WIDE - 2 * PAD, 8.5, color=FAINT)
    axes.set_xlabel(SIZE_AXIS, size=9.5, color=INK, labelpad=5)
    axes.tick_params(color=LINES, labelcolor=INK, labelsize=9.5)
    right = NAME_INDENT + PAD + max(extent(text)[0] for name in names for text in name)
    plot = max(PLOT_HEIGHT, sum(_height(name) + GAP for name in names))
    above, below = PAD if title else 0.0, PAD if caption else 0.0  # an empty text leaves no gap
    bottom = below + _height([foot]) + BELOW
    unit_top = bottom + plot + PAD + _height([unit])
    height = unit_top + above + _height([head]) + PAD
    figure.set_size_inches(WIDE, height)
    axes.set_position((LEFT / WIDE, bottom / height, (WIDE - LEFT - right) / WIDE, plot / height))
    head.set_position((PAD, height - PAD))
    unit.set_position((PAD, unit_top))
    foot.set_position((PAD, below + _height([foot])))


def _place_names(figure: Figure, axes: Axes, names: list[list[Text]], curves: Sequence[Curve]) -> None:
    """Each name at the height of its line's end, or as near as the others let it, beside its marker."""
    (_, bottom), (right, top) = axes.transAxes.transform([(0, 0), (1, 1)]) / DPI
    ends = [axes.transData.transform((c.sizes[-1], c.metric.scale * c.mean[-1])) / DPI for c in curves]
    heights = [_height(name) + GAP for name in names]
    centres = _spread([y - bottom for _, y in ends], heights, top - bottom)
    x, largest = right + NAME_INDENT, max(c.sizes[-1] for c in curves)
    for index, (name, end) in enumerate(zip(names, ends, strict=True)):
        y = bottom + centres[index] + _height(name) / 2
        line_height = extent(name[0])[1] / (name[0].get_text().count("\n") + 1)
        path = [(x - 0.15, y - line_height / 2)]
        if curves[index].sizes[-1] == largest:  # a line that leads there
            path.insert(0, (end[0] + 0.06, end[1]))
        key = Line2D(*zip(*path, strict=True), linewidth=0.7, markersize=6, markevery=[-1], **look(index))
        key.set_transform(figure.dpi_scale_trans)
        figure.add_artist(key)
        for text in name:
            text.set_position((x, y))
            y -= extent(text)[1]


def _spread(wanted: Sequence[float], heights: Sequence[float], top: float) -> list[float]:
    """Centres without overlap within [0, top], in the order wanted, the squared distances least.

    Less the heights below them, centres must not decrease: an isotonic regression.

    >>> _spread([1.0, 1.0, 3.0], [0.5, 0.5, 0.5], 4.0)
    [1.25, 0.75, 3.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], -i))
    h = np.array([heights[i] for i in order])
    below = np.cumsum(h) - h / 2
    free = isotonic_regression(np.array([wanted[i] for i in order]) - below).x
    centres = np.clip(free, 0, top - h.sum()) + below
    return [float(centres[order.index(i)]) for i in range(len(wanted))]
