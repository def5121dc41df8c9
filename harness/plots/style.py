"""How every picture looks: colours and markers, text in inches, bytes without date or version."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, NullLocator

from harness.metrics import Metric

DPI = 150
WIDE, NARROW = 7.2, 3.75  # inches, like all that follow; for a page and for a phone
PAD, GAP = 0.14, 0.07  # around everything; between two names
# Okabe and Ito's colours without yellow, then Tol's wine and olive: told apart by colour-blind readers
COLOURS = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333", "#882255", "#999933"
MARKERS = "osD^v<>PX*"  # one more than the colours, so that the pairs repeat after 90
INK, FAINT, LINES = "#222222", "#666666", "#999999"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a caption is a dollar
    "axes.edgecolor": LINES,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "svg.fonttype": "path",  # looks the same where the font is absent
    "svg.hashsalt": "scale-harness",
}


class Chart(Figure):
    """A matplotlib figure that a notebook shows by itself."""

    def _repr_png_(self) -> bytes:
        return rendered(self, "png")


@contextmanager
def own_style() -> Iterator[None]:
    """Draw by `STYLE` alone, whatever the settings outside."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def new_chart(width: float, height: float) -> Chart:
    """An empty figure of a size in inches, with the canvas that measures text."""
    figure = Chart(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def look(index: int) -> dict[str, Any]:
    """Colour and marker of the family at this place in the order of the families."""
    colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
    return {"color": colour, "marker": marker, "markeredgecolor": "white", "markeredgewidth": 0.6}


def block(figure: Figure, text: str, width: float, size: float, **font: Any) -> Text:
    """Text wrapped to a width; its position, yet to be set, is its upper left corner, all in inches."""
    made = figure.text(0, 0, "", size=size, va="top", linespacing=1.25, **font)
    made.set_transform(figure.dpi_scale_trans)
    paragraphs = text.replace(" %", "\N{NO-BREAK SPACE}%").split("\n")
    narrowest = 0.5 * size / 72  # letters, on average over a line
    for columns in range(int(width / narrowest), 0, -1):
        lines = [line for paragraph in paragraphs for line in wrap(paragraph, columns) or [""]]
        made.set_text("\n".join(lines))
        if extent(made)[0] <= width:
            break
    return made


def extent(text: Text) -> tuple[float, float]:
    """Width and height of a text, in inches."""
    box = text.get_window_extent()
    return box.width / DPI, box.height / DPI


def size_ticks(axes: Axes, sizes: Sequence[int], font: float = 9.5) -> None:
    """A tick at every size; a label at the largest, and at those where it touches no other."""
    labels = [short(n) for n in sizes]
    if len(set(labels)) < len(labels):
        labels = [f"{n:,}" for n in sizes]
    width = 0.009 * font * max(map(len, labels)) + 0.08  # inches a digit, and between two labels
    at = [axes.transData.transform((n, 0))[0] / DPI for n in sizes]
    taken = -np.inf
    for i, x in enumerate(at[:-1]):
        if taken + width <= x <= at[-1] - width:
            taken = x
        else:
            labels[i] = ""
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sizes, labels)


def value_ticks(axes: Axes, metric: Metric) -> None:
    """Labels of the y axis that fit beside it, for a metric of any unit; shares are as they are."""
    if not metric.is_share:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))


def compact(value: float) -> str:
    """A number in at most four digits.

    >>> [compact(v) for v in (0.0, 0.25, 1250.0, 48_000.0, 2.5e6, 3e12, 2e-5)]
    ['0', '0.25', '1,250', '48k', '2.5M', '3T', '2e-05']
    """
    size = abs(value)
    for unit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if 10_000 <= size < 1e15 and size >= unit:
            return f"{value / unit:.4g}{letter}"
    return f"{value:,.4g}" if size < 10_000 else f"{value:.3g}"


def short(n: int) -> str:
    """A size from 1,000 on in one digit if that is within 3 %, else in two.

    >>> [short(n) for n in (128, 1024, 1500, 4096, 20480, 2_000_000)]
    ['128', '1k', '1.5k', '4k', '20k', '2M']
    """
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if n >= unit:
            one, two = (float(f"{n / unit:.{digits}g}") for digits in (1, 2))
            return f"{one if abs(one * unit - n) <= 0.03 * n else two:g}{letter}"
    return str(n)


def save(figure: Figure, path_without_suffix: str | Path) -> tuple[Path, Path]:
    """Write `<path>.png` (150 dots per inch) and `<path>.svg`, each under another name, then renamed.

    Returns the two paths. The same figure gives the same bytes: no date, no version, no random ids.
    """
    path = Path(path_without_suffix)
    png, svg = (path.with_name(f"{path.name}.{form}") for form in ("png", "svg"))
    for target in (png, svg):
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            partial.write_bytes(rendered(figure, target.suffix[1:]))
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return png, svg


def rendered(figure: Figure, form: str) -> bytes:
    """The bytes of a figure, as "png" or "svg"."""
    unsigned = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    with own_style(), BytesIO() as buffer:
        figure.savefig(buffer, format=form, dpi=DPI, metadata=unsigned[form])
        return buffer.getvalue()
