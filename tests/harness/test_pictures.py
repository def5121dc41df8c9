"""The report's pictures: nothing clipped or overlapping in either width, and few bytes."""

import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text

from harness import plots
from harness.convergence import SearchSummary
from harness.curves import curve, forecast
from harness.plots.searches import chosen
from harness.plots.svg import compact
from harness.verdicts import compare

SIZES = (128, 256, 512, 1024, 2048, 4096, 8192, 20000)
NAMES = ("logistic regression", "SVM (RBF)", "small network", "medium network", "large network")
WIDTHS = (plots.WIDE, plots.NARROW)


def errors_of(family, sizes=SIZES, repeats=5):
    from harness.curves import Errors

    rng = np.random.default_rng(family)
    return {n: Errors(tuple(range(repeats)), rng.random((repeats, 400)) < 2 / n**0.3) for n in sizes}


def draw_all(families=5, sizes=SIZES, label="{}"):
    """Every picture as a function of its width, by name."""
    names = [label.format(NAMES[k % 5]) + (f" {k}" if k > 4 else "") for k in range(families)]
    errors = {f"f{k}": errors_of(k, sizes) for k in range(families)}
    labels = dict(zip(errors, names, strict=True))
    curves = [curve(f, labels[f], {n: of.wrong for n, of in found.items()}) for f, found in errors.items()]
    falling = tuple(0.5 - k / 99 for k in range(8))
    summaries = [
        SearchSummary(f, labels[f], n, 5, 8.0, 1.0, 0.5, 0.4, 0.4, 0.1, 0.0, falling, 0.0, ())
        for f in errors
        for n in sizes
    ]
    costs = [plots.Cost(f, n, n**0.5 / 20, m) for f, c in zip(errors, curves, strict=True)
             for n, m in zip(c.sizes, c.mean, strict=True)]  # fmt: skip
    shares = {f: {"learning_rate": 0.5, "hidden.units": 0.3, "weight_decay": 0.2} for f in errors}
    lines = tuple(tuple(compare(f, "f0", errors, 0.02).values()) for f in list(errors)[1:])
    drawn = {
        "chart": lambda width: plots.curves_picture(curves, width),
        "forecasts": lambda width: plots.forecasts_picture(curves, [forecast(c) for c in curves], width),
        "searches": lambda width: plots.searches_picture(summaries, labels, width),
        "importances": lambda width: plots.importances_picture(shares, labels, width),
        "seconds": lambda width: plots.seconds_picture(costs, labels, width),
    }
    if lines:
        panel = plots.Panel(f"Against {names[0]}", lines, frozenset({("f1", "f0", sizes[0])}), 0.02)
        drawn["differences"] = lambda width: plots.differences_picture([panel, panel], labels, width)
    return drawn


def visible_texts(figure):
    figure.canvas.draw()
    beyond = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            beyond |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}  # kept, not drawn
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text() and t not in beyond]


@pytest.mark.parametrize("width", WIDTHS, ids=["wide", "narrow"])
@pytest.mark.parametrize(
    "options",
    [{}, {"families": 1, "sizes": (512,)}, {"families": 9}, {"label": "a {} with a name of great length"}],
    ids=["five", "one", "nine", "long names"],
)
def test_no_text_of_a_picture_is_clipped_or_overlaps_another(options, width):
    for name, draw in draw_all(**options).items():
        figure = draw(width)
        assert figure.get_figwidth() == width
        right, top = figure.get_size_inches() * figure.dpi
        boxes = [(t.get_text(), t.get_window_extent()) for t in visible_texts(figure)]
        for text, box in boxes:
            assert min(box.x0, box.y0) >= 0, (name, text)
            assert box.x1 <= right, (name, text)
            assert box.y1 <= top, (name, text)
        if name == "seconds":  # the names of points may lie on the axes' own labels
            continue
        for (a, box), (b, other) in combinations(boxes, 2):
            assert not box.padded(-1).overlaps(other.padded(-1)), (name, a, b)


def test_families_keep_their_looks_from_picture_to_picture():
    drawn = draw_all()
    for name in ("chart", "searches", "seconds"):
        for width in WIDTHS:
            found = {line.get_color() for axes in drawn[name](width).axes for line in axes.get_lines()}
            assert set(plots.COLOURS[:5]) <= found, name


def test_a_forecast_is_dashed_and_ends_at_four_times_the_last_size():
    figure = draw_all(families=2)["forecasts"](plots.WIDE)
    for axes in figure.axes:
        (dashed,) = (line for line in axes.get_lines() if line.is_dashed() and len(line.get_xdata()) == 3)
        assert list(dashed.get_xdata()) == [20000, 40000, 80000]


def test_differences_are_drawn_in_points_filled_where_they_decide():
    figure = draw_all()["differences"](plots.WIDE)
    marks = [line for line in figure.axes[0].get_lines() if line.get_marker() not in ("None", None)]
    filled = [line for line in marks if line.get_markerfacecolor() != "white"]
    assert len(marks) == 4 * len(SIZES)
    assert len(filled) == 1
    expected = compare("f1", "f0", {"f0": errors_of(0), "f1": errors_of(1)}, 0.02)[128]
    assert list(filled[0].get_ydata()) == [pytest.approx(100 * expected.interval.mean)]


def test_of_many_sizes_some_have_a_panel_the_first_and_the_last_among_them():
    sizes = tuple(range(100, 130))
    assert chosen(sizes, 8)[0] == 100
    assert chosen(sizes, 8)[-1] == 129
    assert len(draw_all(families=1, sizes=sizes)["searches"](plots.WIDE).axes) == 8


def test_a_compact_drawing_keeps_its_paths_its_pointers_and_its_size():
    figure = draw_all()["chart"](plots.WIDE)
    before, after = plots.style.rendered(figure, "svg").decode(), plots.as_svg(figure)
    assert len(after) < 0.75 * len(before)
    for tag in ("path", "use", "clipPath", "g"):
        assert before.count(f"<{tag}") == after.count(f"<{tag}")
    pointers = set(re.findall(r'(?:href="#|url\(#)([\w.-]+)', after))
    assert pointers == set(re.findall(r' id="([^"]+)"', after))
    assert 'width="518.4pt"' in after
    assert compact(after) == after


def test_an_address_of_a_drawing_holds_nothing_that_ends_it():
    address = plots.data_uri(plots.as_svg(draw_all(families=1)["seconds"](plots.NARROW)))
    assert not set(address) & set(' "<>#\n')


def test_the_same_results_give_the_same_drawing():
    one, two = (plots.as_svg(draw_all()["differences"](plots.NARROW)) for _ in range(2))
    assert one == two
