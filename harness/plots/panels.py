"""A grid of small panels under one key: how every picture but the chart is laid out, wide or narrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from harness.plots.style import GAP, INK, LINES, PAD, block, extent, look, new_chart

LABEL_SIZE, TITLE_SIZE = 8.5, 9.0  # points
TICKS, TITLE, BETWEEN = 0.26, 0.24, 0.16  # inches: below a panel, above it, to its right
KEY_INDENT = 0.2  # the marker before a name


class Grid:
    """A figure with a key, a unit, panels of equal height with titles, and the name of the x axis below.

    Draw inside `style.own_style`. All measures are inches.

    Args:
        width: of the figure.
        titles: of the panels, row by row.
        columns: panels beside each other.
        heights: of each panel; one number for all.
        unit: of the y axes, above the panels.
        below: the name of the x axes.
        key: the families drawn: the place that gives a look, and the name.
        left: room for what stands left of each panel.

    Attributes:
        figure: the figure, its size set.
        axes: the panels, in the order of `titles`.
    """

    def __init__(
        self,
        width: float,
        titles: Sequence[str],
        columns: int,
        heights: float | Sequence[float],
        unit: str,
        below: str,
        key: Sequence[tuple[int, str]] = (),
        left: float = 0.4,
    ) -> None:
        self.figure = new_chart(width, 1.0)
        panel = (width - PAD - columns * (left + BETWEEN)) / columns
        keys = [block(self.figure, name, width - 2 * PAD - KEY_INDENT, LABEL_SIZE) for _, name in key]
        looks = {text: look(index) for text, (index, _) in zip(keys, key, strict=True)}
        heads = [block(self.figure, title, left + panel, TITLE_SIZE, weight="bold") for title in titles]
        units = [block(self.figure, text, width - 2 * PAD, LABEL_SIZE) for text in (unit, below)]
        rows = [list(range(len(titles)))[k : k + columns] for k in range(0, len(titles), columns)]
        each = [heights] * len(titles) if isinstance(heights, (int, float)) else list(heights)
        room = [max(_height(heads[k]) for k in row) for row in rows]
        tall = [max(each[k] for k in row) for row in rows]
        lines = flow(keys, width)
        total = (
            *(sum(max(map(_height, line)) + GAP for line in lines), _height(units[0]), _height(units[1])),
            *(sum(room), sum(tall), len(rows) * (TICKS + GAP), 2 * PAD),
        )
        height = sum(total)
        self.figure.set_size_inches(width, height)
        y = place_key(self.figure, looks, lines, height - PAD)
        units[0].set_position((PAD, y))
        y -= _height(units[0]) + GAP
        self.axes: list[Axes] = []
        for row, head, high in zip(rows, room, tall, strict=True):
            for column, k in enumerate(row):
                x = PAD + left + column * (left + panel + BETWEEN)
                heads[k].set_position((x - left, y))
                top = y - head - GAP / 2
                box = (x / width, (top - each[k]) / height, panel / width, each[k] / height)
                self.axes.append(self._panel(box))
            y -= head + high + TICKS + GAP
        units[1].set_position((PAD, y + GAP))

    def _panel(self, box: tuple[float, float, float, float]) -> Axes:
        axes = self.figure.add_axes(box)
        axes.tick_params(color=LINES, labelcolor=INK, labelsize=LABEL_SIZE, pad=2.5)
        return axes


def flow(texts: Sequence[Text], width: float) -> list[list[Text]]:
    """Names in lines, each as full as the width allows."""
    lines: list[list[Text]] = []
    x = width
    for text in texts:
        wide = KEY_INDENT + extent(text)[0]
        if x + wide > width - PAD:
            lines.append([])
            x = PAD
        lines[-1].append(text)
        x += wide + BETWEEN
    return lines


def place_key(
    figure: Figure, looks: Mapping[Text, dict[str, Any]], lines: Sequence[Sequence[Text]], y: float
) -> float:
    """Put the names and their markers from y downwards; the y below them, in inches."""
    for line in lines:
        x = PAD
        for text in line:
            mark = Line2D([x + 0.06], [y - 0.075], markersize=5.5, linestyle="", **looks[text])
            mark.set_transform(figure.dpi_scale_trans)
            figure.add_artist(mark)
            text.set_position((x + KEY_INDENT, y))
            x += KEY_INDENT + extent(text)[0] + BETWEEN
        y -= max(map(_height, line)) + GAP
    return y


def _height(text: Text) -> float:
    return extent(text)[1] if text.get_text() else 0.0
