"""The picture of an experiment of the course: one to three panels of curves, bars or images, side by side.

Curves of one name look alike in every panel, and are named once, above all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from harness.course.finding import Array, Bars, Images, Lines, Panel
from harness.plots.panels import BETWEEN, KEY_INDENT, LABEL_SIZE, TITLE_SIZE, flow, place_key
from harness.plots.style import (
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
    short,
)

HEIGHTS = (2.9, 2.3, 2.0)  # inches of one, two, three panels side by side
LEFT, TICKS, RIGHT = 0.5, 0.24, 0.08  # room left of curves, below a panel, and at its right end
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SHARE = 0.8  # of the height that an image has, the rest for its name
LABEL_WIDTH = 26  # letters of a bar's name in a line
MOST_MARKED = 16  # points of a curve that get a marker


def finding_picture(panels: Sequence[Panel]) -> Chart:
    """The panels side by side, each with its title and the names of its axes.

    >>> from harness.course.finding import Curve
    >>> one = Lines("Loss", "Steps", "Loss", {"relu": Curve([1, 10], [2.0, 1.0])}, log_x=True)
    >>> finding_picture([one]).axes[0].get_xscale()
    'log'
    """
    names = list(dict.fromkeys(label for one in panels if isinstance(one, Lines) for label in one.curves))
    with own_style():
        figure = new_chart(WIDE, 1.0)
        cell = (WIDE - 2 * PAD - (len(panels) - 1) * BETWEEN) / len(panels)
        keys = [block(figure, name, WIDE - 2 * PAD - KEY_INDENT, LABEL_SIZE) for name in names]
        keys = keys if len(names) > 1 else []
        lines = flow(keys, WIDE)
        heads, units, feet = (
            [block(figure, text, cell, size, **font) for text in told]
            for told, size, font in (
                ([one.title for one in panels], TITLE_SIZE, {"weight": "bold"}),
                ([_above(one) for one in panels], LABEL_SIZE, {"color": FAINT}),
                ([_below(one) for one in panels], LABEL_SIZE, {"color": FAINT}),
            )
        )
        key, head, unit, foot = _key_height(lines), _tallest(heads), _tallest(units), _tallest(feet)
        plot = HEIGHTS[len(panels) - 1]
        height = 2 * PAD + key + head + GAP + unit + GAP + plot + TICKS + foot
        figure.set_size_inches(WIDE, height)
        top = place_key(figure, {text: look(k) for k, text in enumerate(keys)}, lines, height - PAD)
        for k, one in enumerate(panels):
            x = PAD + k * (cell + BETWEEN)
            heads[k].set_position((x, top))
            units[k].set_position((x, top - head - GAP))
            feet[k].set_position((x + LEFT, PAD + foot))
            axes = figure.add_axes((x / WIDE, (PAD + foot + TICKS) / height, cell / WIDE, plot / height))
            _draw(axes, one, names, cell, plot)
    return figure


def _above(panel: Panel) -> str:
    return "" if isinstance(panel, Images) else panel.y_label


def _below(panel: Panel) -> str:
    return panel.x_label if isinstance(panel, Lines) else ""


def _tallest(texts: Sequence[Text]) -> float:
    return max((extent(text)[1] for text in texts if text.get_text()), default=0.0)


def _key_height(lines: Sequence[Sequence[Text]]) -> float:
    return sum(_tallest(line) + GAP for line in lines)


def _draw(axes: Axes, panel: Panel, names: Sequence[str], wide: float, high: float) -> None:
    axes.tick_params(color=LINES, labelcolor=INK, labelsize=LABEL_SIZE, pad=2.5)
    if isinstance(panel, Lines):
        _shift(axes, LEFT / wide)
        _draw_lines(axes, panel, names)
    elif isinstance(panel, Bars):
        _draw_bars(axes, panel, names, wide)
    else:
        _draw_images(axes, panel, wide / high)


def _shift(axes: Axes, share: float) -> None:
    """Leave this share of the width at the left, and a little at the right."""
    box = axes.get_position()
    right = RIGHT / WIDE
    axes.set_position((box.x0 + share * box.width, box.y0, (1 - share) * box.width - right, box.height))


def _draw_lines(axes: Axes, panel: Lines, names: Sequence[str]) -> None:
    for label, curve in panel.curves.items():
        drawn = look(names.index(label))
        x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
        marked = _spread(np.log(x) if panel.log_x else x)
        if curve.low is not None and curve.high is not None:
            axes.fill_between(x, curve.low, curve.high, color=drawn["color"], alpha=0.16, linewidth=0)
        axes.plot(x, y, linewidth=1.5, markersize=4.5, zorder=3, markevery=marked, **drawn)
    for axis, is_log in ((axes.xaxis, panel.log_x), (axes.yaxis, panel.log_y)):
        if is_log:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
            low, high = sorted(axis.get_view_interval())
            near = math.log10(high / low) < 1.7
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if near else (1.0,), numticks=5))
            axis.set_minor_formatter(NullFormatter())
            axis.set_minor_locator(NullLocator())
        else:
            axis.set_major_locator(MaxNLocator(5, integer=axis is axes.xaxis and _is_whole(panel)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: _told(value)))


def _spread(x: Array) -> list[int]:
    """The points that get a marker: all of a few, else some that are evenly spread over the axis.

    >>> _spread(np.arange(3.0)), len(_spread(np.log(np.arange(1.0, 1000.0)))) <= MOST_MARKED
    ([0, 1, 2], True)
    """
    if len(x) <= MOST_MARKED:
        return list(range(len(x)))
    found = np.searchsorted(x, np.linspace(x[0], x[-1], MOST_MARKED)).clip(max=len(x) - 1)
    return sorted(set(found.tolist()))


def _is_whole(panel: Lines) -> bool:
    return all(float(x).is_integer() for curve in panel.curves.values() for x in curve.x)


def _told(value: float) -> str:
    """A number of an axis.

    >>> _told(20000.0), _told(1e-6), _told(1e9), _told(-0.5)
    ('20k', '10⁻⁶', '10⁹', '−0.5')
    """
    if value > 0 and not 1e-4 < value < 1e6 and (power := math.log10(value)).is_integer():
        return "10" + f"{power:.0f}".translate(RAISED)
    if abs(value) >= 1000 and float(value).is_integer() and value > 0:
        return short(int(value))
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def _draw_bars(axes: Axes, panel: Bars, names: Sequence[str], wide: float) -> None:
    values = list(panel.values.values())[::-1]
    labels = list(panel.values)[::-1]
    for k, (label, (value, low, high)) in enumerate(zip(labels, values, strict=True)):
        colour = look(names.index(label) if label in names else 0)["color"]
        axes.barh(k, value, height=0.6, color=colour, zorder=2)
        axes.plot((low, high), (k, k), color=INK, linewidth=1.1, zorder=3)
    axes.set_yticks(range(len(labels)), ["\n".join(wrap(label, LABEL_WIDTH)) for label in labels])
    axes.tick_params(axis="y", length=0, pad=4)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.grid(False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _told(value)))
    room = max(extent(text)[0] for text in axes.get_yticklabels()) + 0.08
    _shift(axes, min(room / wide, 0.6))


def _draw_images(axes: Axes, panel: Images, aspect: float) -> None:
    """All images on one scale, in rows and columns that fill the panel; each below its name."""
    axes.set_axis_off()
    count = len(panel.images)
    shape = np.mean([image.shape[1] / image.shape[0] for image in panel.images.values()])
    columns = max(
        range(1, count + 1),
        key=lambda columns: min(aspect / columns, SHARE * shape / math.ceil(count / columns)),
    )
    rows = math.ceil(count / columns)
    most = max(float(np.abs(image).max()) for image in panel.images.values()) or 1.0
    for k, (label, image) in enumerate(panel.images.items()):
        row, column = divmod(k, columns)
        box = (column / columns + 0.01, 1 - (row + 1) / rows, 0.98 / columns, SHARE / rows)
        inner = axes.inset_axes(box)
        inner.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
        inner.set_title(label, size=LABEL_SIZE, pad=2.5, color=INK)
        inner.set_xticks([])
        inner.set_yticks([])
        inner.spines[:].set_visible(False)
