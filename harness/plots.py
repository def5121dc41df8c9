"""A chart of curves: test error over training-set size, one line with its band and its name per family.

The only importer of matplotlib, by its objects and never by pyplot: nothing global changes, and the same
curves give the same bytes whatever the settings of the person who draws.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import NullLocator
from scipy.optimize import isotonic_regression

from harness.curves import Curve, from_cells
from harness.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

DPI = 150
WIDTH, PLOT_HEIGHT = 7.2, 3.5  # inches, like all that follow
PAD, GAP = 0.14, 0.07  # around everything; between two names
LEFT, BELOW = 0.52, 0.6  # room for what stands left of the axes and below them
NAME_WIDTH, NAME_INDENT = 1.55, 0.46  # the indent holds the line that leads to a name and its marker
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
        return _rendered(self, "png")


def plot_curves(cells: pd.DataFrame) -> Figure:
    """The chart of a table of cells: the columns and errors of `curves.from_cells`.

    >>> import numpy as np
    >>> import pandas as pd
    >>> cell = {"family": "svm", "label": "SVM", "repeat": 0, "outcome": "complete", "test_rows": 8}
    >>> cells = pd.DataFrame([{**cell, "size": n, "correct": bytes([n - 1])} for n in (64, 128)])
    >>> plot_curves(cells).axes[0].get_xscale()
    'log'
    """
    curves = from_cells(cells)
    return curves_figure(curves, "Test error over training-set size", describe(curves))


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
        f"{facts} Bands: 95 % interval for a new draw of training rows and of test rows;"
        f" the test rows make {_span(shares)} % of its variance."
    )


def _span(values: Sequence[int]) -> str:
    least, most = min(values), max(values)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def curves_figure(curves: Sequence[Curve], title: str, caption: str) -> Figure:
    """The chart: n on a logarithmic axis, test error in %, a line, a band and a name per family.

    The names stand at the right, in the order of the lines' last errors. A family that ends before the
    largest size says so under its name. Colours and markers follow the order of `curves`. The height
    grows with the title, the caption and the number of families.

    Raises:
        DataError: there is nothing to draw.
    """
    if not curves:
        raise DataError("a chart needs at least one complete cell, got none; sweep, or mend what failed")
    with _own_style():
        figure = Chart(figsize=(WIDTH, PLOT_HEIGHT), dpi=DPI)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        for index, c in enumerate(curves):
            _draw(axes, c, index)
        _limits(axes, curves)
        names = _names(figure, curves)
        _arrange(figure, axes, names, title, caption)
        _place_names(figure, axes, names, curves)
        _size_ticks(axes, sorted({n for c in curves for n in c.sizes}))
    return figure


@contextmanager
def _own_style() -> Iterator[None]:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def _look(index: int) -> dict[str, Any]:
    colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
    return {"color": colour, "marker": marker, "markeredgecolor": "white", "markeredgewidth": 0.6}


def _draw(axes: Axes, c: Curve, index: int) -> None:
    look = _look(index)
    low, high = (100 * np.array(limit, dtype=np.float64) for limit in (c.low, c.high))  # None becomes NaN
    if np.isfinite(low).any():
        axes.fill_between(c.sizes, low, high, color=look["color"], alpha=0.16, linewidth=0)
        axes.vlines(c.sizes, low, high, color=look["color"], alpha=0.45, linewidth=1.1)
    axes.plot(c.sizes, 100 * np.array(c.mean), label=c.label, linewidth=1.8, markersize=5.5, zorder=3, **look)


def _limits(axes: Axes, curves: Sequence[Curve]) -> None:
    """Error from 0, unless the lines would fill less than half of that; then only around them."""
    ends = [100 * v for c in curves for limit in (c.low, c.mean, c.high) for v in limit if v is not None]
    bottom, top = min(ends), max(*ends, 1.0)
    from_zero = bottom < top / 2
    margin = 0.06 * (top if from_zero else max(top - bottom, 1.0))
    axes.set_ylim(0.0 if from_zero else bottom - margin, top + margin)
    axes.set_xscale("log")
    axes.set_xlim(min(c.sizes[0] for c in curves) / 1.15, max(c.sizes[-1] for c in curves) * 1.08)


def _block(figure: Figure, text: str, width: float, size: float, **font: Any) -> Text:
    """Text wrapped to a width; its position, yet to be set, is its upper left corner, all in inches."""
    block = figure.text(0, 0, "", size=size, va="top", linespacing=1.25, **font)
    block.set_transform(figure.dpi_scale_trans)
    paragraphs = text.replace(" %", "\N{NO-BREAK SPACE}%").split("\n")
    narrowest = 0.5 * size / 72  # letters, on average over a line
    for columns in range(int(width / narrowest), 0, -1):
        lines = [line for paragraph in paragraphs for line in wrap(paragraph, columns) or [""]]
        block.set_text("\n".join(lines))
        if _size(block)[0] <= width:
            break
    return block


def _size(block: Text) -> tuple[float, float]:
    extent = block.get_window_extent()
    return extent.width / DPI, extent.height / DPI


def _names(figure: Figure, curves: Sequence[Curve]) -> list[list[Text]]:
    """Per family its name and, where it ends early, a note; not yet placed."""
    largest = max(c.sizes[-1] for c in curves)
    names = [[_block(figure, c.label, NAME_WIDTH, 10)] for c in curves]
    for c, name in zip(curves, names, strict=True):
        if c.sizes[-1] < largest:
            name.append(_block(figure, f"ends at {c.sizes[-1]:,} rows", NAME_WIDTH, 8.5, color=FAINT))
    return names


def _height(name: list[Text]) -> float:
    return sum(_size(text)[1] for text in name)


def _arrange(figure: Figure, axes: Axes, names: list[list[Text]], title: str, caption: str) -> None:
    """Title above, caption below, names at the right; the figure as high as they need."""
    head = _block(figure, title, WIDTH - 2 * PAD, 12.5, weight="bold")
    unit = _block(figure, "Test error (%)", WIDTH, 9.5)
    foot = _block(figure, caption, WIDTH - 2 * PAD, 8.5, color=FAINT)
    axes.set_xlabel("Training rows (validation included, log scale)", size=9.5, color=INK, labelpad=5)
    axes.tick_params(color=LINES, labelcolor=INK, labelsize=9.5)
    right = NAME_INDENT + PAD + max(_size(text)[0] for name in names for text in name)
    plot = max(PLOT_HEIGHT, sum(_height(name) + GAP for name in names))
    bottom = PAD + _height([foot]) + BELOW
    unit_top = bottom + plot + PAD + _height([unit])
    height = unit_top + PAD + _height([head]) + PAD
    figure.set_size_inches(WIDTH, height)
    axes.set_position((LEFT / WIDTH, bottom / height, (WIDTH - LEFT - right) / WIDTH, plot / height))
    head.set_position((PAD, height - PAD))
    unit.set_position((PAD, unit_top))
    foot.set_position((PAD, PAD + _height([foot])))


def _place_names(figure: Figure, axes: Axes, names: list[list[Text]], curves: Sequence[Curve]) -> None:
    """Each name at the height of its line's end, or as near as the others let it, beside its marker."""
    (_, bottom), (right, top) = axes.transAxes.transform([(0, 0), (1, 1)]) / DPI
    ends = [axes.transData.transform((c.sizes[-1], 100 * c.mean[-1])) / DPI for c in curves]
    heights = [_height(name) + GAP for name in names]
    centres = _spread([y - bottom for _, y in ends], heights, top - bottom)
    x, largest = right + NAME_INDENT, max(c.sizes[-1] for c in curves)
    for index, (name, end) in enumerate(zip(names, ends, strict=True)):
        y = bottom + centres[index] + _height(name) / 2
        line_height = _size(name[0])[1] / (name[0].get_text().count("\n") + 1)
        path = [(x - 0.15, y - line_height / 2)]
        if curves[index].sizes[-1] == largest:  # a line that leads there
            path.insert(0, (end[0] + 0.06, end[1]))
        key = Line2D(*zip(*path, strict=True), linewidth=0.7, markersize=6, markevery=[-1], **_look(index))
        key.set_transform(figure.dpi_scale_trans)
        figure.add_artist(key)
        for text in name:
            text.set_position((x, y))
            y -= _size(text)[1]


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


def _size_ticks(axes: Axes, sizes: Sequence[int]) -> None:
    """A tick at every size; a label at the largest, and at those where it touches no other."""
    short = [_short(n) for n in sizes]
    labels = short if len(set(short)) == len(short) else [f"{n:,}" for n in sizes]
    width = 0.085 * max(map(len, labels)) + 0.08  # inches a digit, and between two labels
    at = [axes.transData.transform((n, 0))[0] / DPI for n in sizes]
    taken = -np.inf
    for i, x in enumerate(at[:-1]):
        if taken + width <= x <= at[-1] - width:
            taken = x
        else:
            labels[i] = ""
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sizes, labels)


def _short(n: int) -> str:
    """A size from 1,000 on in one digit if that is within 3 %, else in two.

    >>> [_short(n) for n in (128, 1024, 1500, 4096, 20480, 2_000_000)]
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
            partial.write_bytes(_rendered(figure, target.suffix[1:]))
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return png, svg


def _rendered(figure: Figure, form: str) -> bytes:
    unsigned = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    with _own_style(), BytesIO() as buffer:
        figure.savefig(buffer, format=form, dpi=DPI, metadata=unsigned[form])
        return buffer.getvalue()
