from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from harness.curves import Curve, curve
from harness.errors import DataError
from harness.plots import curves_figure, describe, plot_curves, save

SIZES = (128, 256, 512, 1024, 4096, 20480)
LONG = "Every family is tuned with eight trials per cell, then fitted again on all the rows it may use. " * 6


def draw_curves(
    families: int = 5, sizes: tuple[int, ...] = SIZES, repeats: int = 4, label: str = "Family"
) -> list[Curve]:
    """Falling curves that end close to each other; the second ends one size early."""
    rng = np.random.default_rng(0)
    found = []
    for k in range(families):
        until = sizes[:-1] if k == 1 and len(sizes) > 1 else sizes
        errors = {n: rng.random((repeats, 400)) < 2.5 / n ** (0.3 + k / 200) for n in until}
        found.append(curve(f"family_{k}", f"{label} {k}", errors))
    return found


def chart(**options: int | str | tuple[int, ...]) -> Figure:
    curves = draw_curves(**options)  # type: ignore[arg-type]
    return curves_figure(curves, "Scale drives progress", describe(curves))


def visible_texts(figure: Figure) -> list[Text]:
    figure.canvas.draw()
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    ticks = axes.yaxis.get_major_ticks()
    beyond = {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}  # kept, not drawn
    texts = (t for t in figure.findobj(Text) if isinstance(t, Text) and t not in beyond)
    return [t for t in texts if t.get_visible() and t.get_text()]


def lines(figure: Figure) -> list[matplotlib.lines.Line2D]:
    return list(figure.axes[0].get_lines())


def bands(figure: Figure) -> list[PolyCollection]:
    return [c for c in figure.axes[0].collections if isinstance(c, PolyCollection)]


def test_the_axis_of_sizes_is_logarithmic_with_a_tick_at_every_size() -> None:
    axes = chart().axes[0]
    assert axes.get_xscale() == "log"
    assert list(axes.get_xticks()) == list(SIZES)
    assert [t.get_text() for t in axes.get_xticklabels()] == ["128", "256", "512", "1k", "4k", "20k"]
    assert len(axes.get_xticks(minor=True)) == 0


def test_labels_of_sizes_that_would_touch_are_left_out_but_for_the_largest() -> None:
    figure = chart(sizes=(1000, 1024, 1100, 2000, 20480))
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["1,000", "", "", "2,000", "20,480"]


def test_lines_hold_the_errors_in_percent() -> None:
    curves = draw_curves()
    for line, c in zip(lines(curves_figure(curves, "", "")), curves, strict=True):
        assert tuple(line.get_xdata()) == c.sizes
        np.testing.assert_allclose(line.get_ydata(), 100 * np.array(c.mean))


def test_bands_hold_the_limits_in_percent() -> None:
    curves = draw_curves()
    for band, c in zip(bands(curves_figure(curves, "", "")), curves, strict=True):
        corners = {(round(x), round(y, 6)) for x, y in band.get_paths()[0].vertices}
        for limit in (c.low, c.high):
            assert {(n, round(100 * v, 6)) for n, v in zip(c.sizes, limit, strict=True)} <= corners


def test_a_band_is_drawn_only_where_there_are_repeats() -> None:
    rng = np.random.default_rng(0)
    errors = {n: rng.random((r, 50)) < 0.4 for n, r in {16: 3, 32: 3, 64: 1, 128: 1}.items()}
    figure = curves_figure([curve("svm", "SVM", errors)], "", "")
    assert max(x for path in bands(figure)[0].get_paths() for x, _ in path.vertices) == 32
    assert bands(chart(repeats=1)) == []


def test_the_interval_of_a_single_size_is_seen() -> None:
    figure = chart(families=1, sizes=(512,))
    (bar,) = (c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    low, high = bar.get_segments()[0][:, 1]
    assert low < high


def test_nine_families_differ_in_colour_and_in_marker() -> None:
    drawn = lines(chart(families=9))
    assert len({to_hex(line.get_color()) for line in drawn}) == 9
    assert len({line.get_marker() for line in drawn}) == 9


def test_every_family_is_named_in_the_order_of_the_ends() -> None:
    curves = draw_curves(families=9)
    figure = curves_figure(curves, "", "")
    names = {t.get_text(): t.get_window_extent() for t in visible_texts(figure)}
    by_end = sorted(curves, key=lambda c: c.mean[-1])
    heights = [names[c.label].y0 for c in by_end]
    assert heights == sorted(heights)
    assert min(names[c.label].x0 for c in curves) > figure.axes[0].get_window_extent().x1


def test_a_family_that_ends_early_says_so() -> None:
    notes = [t.get_text() for t in visible_texts(chart()) if "ends at" in t.get_text()]
    assert notes == ["ends at 4,096 rows"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"families": 1},
        {"families": 1, "sizes": (512,), "repeats": 1},
        {"repeats": 1},
        {"families": 9},
        {"families": 25},
        {"label": "A family whose name needs several lines and-has-a-word-of-more-than-one-line"},
        {"sizes": tuple(int(64 * 1.2**k) for k in range(30))},
    ],
    ids=["five", "one family", "one point", "one repeat", "nine", "25", "long names", "30 sizes"],
)
@pytest.mark.parametrize("words", ["", LONG], ids=["short", "long"])
def test_no_text_is_clipped_or_overlaps_another(options: dict[str, int | str], words: str) -> None:
    curves = draw_curves(**options)  # type: ignore[arg-type]
    figure = curves_figure(curves, f"Title {words[:200]}", f"Caption {words}\nand {'x' * 200}")
    boxes = [(t.get_text(), t.get_window_extent()) for t in visible_texts(figure)]
    assert len(boxes) > len(curves) + 3
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    for (a, box), (b, other) in combinations(boxes, 2):
        assert not (box.padded(-1).overlaps(other.padded(-1))), (a, b)


def test_a_long_caption_makes_the_page_higher_and_leaves_the_plot_as_it_is() -> None:
    curves = draw_curves()
    short, long = (curves_figure(curves, "Title", words) for words in ("A caption.", LONG))
    assert long.get_figheight() > short.get_figheight() + 0.3
    assert long.get_figwidth() == short.get_figwidth() == 7.2
    for figure in (short, long):
        plot = figure.axes[0].get_position().height * figure.get_figheight()
        assert plot == pytest.approx(3.5)


def test_signs_of_formulas_are_only_letters() -> None:
    figure = curves_figure(draw_curves(), "Costs $5 and $6", "50 % of a_b^c")
    words = [t.get_text() for t in figure.texts]
    assert {"Costs $5 and $6", "50\N{NO-BREAK SPACE}% of a_b^c"} <= set(words)
    assert not any(t.get_parse_math() for t in figure.texts)


def test_the_error_axis_starts_at_zero_unless_the_lines_would_be_flat() -> None:
    assert chart().axes[0].get_ylim()[0] == 0
    rng = np.random.default_rng(0)
    near = curve("lr", "LR", {n: rng.random((3, 2000)) < 0.3 for n in (100, 200)})
    low, high = curves_figure([near], "", "").axes[0].get_ylim()
    assert 20 < low < 100 * min(near.low)
    assert 100 * max(near.high) < high < 40


def test_no_errors_at_all_can_be_drawn() -> None:
    perfect = curve("svm", "SVM", {n: np.zeros((3, 50), dtype=bool) for n in (100, 200)})
    assert curves_figure([perfect], "", "").axes[0].get_ylim()[1] >= 1


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(DataError, match=r"at least one complete cell, got none; sweep"):
        curves_figure([], "", "")


def test_cells_are_drawn_as_their_curves() -> None:
    rng = np.random.default_rng(0)
    wrong = rng.random((4, 16)) < 0.5
    cells = pd.DataFrame(
        {
            "family": "svm", "label": "SVM", "size": size, "repeat": repeat, "outcome": "complete",
            "test_rows": 16, "correct": np.packbits(~wrong[2 * (size == 64) + repeat]).tobytes(),
        }
        for size in (64, 128) for repeat in (0, 1)
    )  # fmt: skip
    figure = plot_curves(cells)
    assert list(lines(figure)[0].get_ydata()) == [100 * wrong[2:].mean(), 100 * wrong[:2].mean()]
    assert any("16 test rows, 2 repeats per size." in t.get_text() for t in visible_texts(figure))


def test_the_description_states_rows_repeats_band_and_shares() -> None:
    rng = np.random.default_rng(0)
    errors = {n: rng.random((r, 1234)) < 0.4 for n, r in {16: 10, 32: 5}.items()}
    drawn = curve("svm", "SVM", errors)
    shares = sorted(round(100 * (i.test_share or 0)) for i in drawn.intervals)
    assert describe([drawn]) == (
        "1,234 test rows, 5 to 10 repeats per size. Bands: 95 % interval of the mean over draws of training "
        f"rows and of test rows; {shares[0]} to {shares[1]} % of its variance comes from the test rows."
    )


def digests(folder: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in save(chart(), folder / "curves")]


def test_the_same_curves_give_the_same_bytes_whatever_the_settings(tmp_path: Path) -> None:
    first = digests(tmp_path)
    with matplotlib.rc_context({"font.size": 20, "savefig.bbox": "tight", "svg.hashsalt": "other"}):
        assert digests(tmp_path) == first


def test_the_same_figure_is_saved_twice_alike(tmp_path: Path) -> None:
    figure = chart()
    one, two = save(figure, tmp_path / "one"), save(figure, tmp_path / "two")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_another_process_writes_the_same_bytes_and_does_without_pyplot(tmp_path: Path) -> None:
    script = (
        "import importlib.util, sys, pathlib\n"
        f"spec = importlib.util.spec_from_file_location('drawing', {str(Path(__file__))!r})\n"
        "drawing = importlib.util.module_from_spec(spec); spec.loader.exec_module(drawing)\n"
        "print(*drawing.digests(pathlib.Path(sys.argv[1])), 'matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "UTC-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [*digests(tmp_path), "False"]


def test_drawing_and_saving_change_no_setting(tmp_path: Path) -> None:
    with matplotlib.rc_context({"font.size": 7.25}):
        before = dict(matplotlib.rcParams)
        save(chart(), tmp_path / "curves")
        assert dict(matplotlib.rcParams) == before


def test_saving_writes_two_small_files_without_a_date_and_nothing_else(tmp_path: Path) -> None:
    png, svg = save(chart(families=9), tmp_path / "flights.v2")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flights.v2.png", "flights.v2.svg"]
    head = png.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert struct.unpack(">I", head[16:20]) == (1080,)
    assert b"Software" not in png.read_bytes()
    text = svg.read_text()
    assert "<dc:date>" not in text
    assert "Matplotlib" not in text
    assert len(text) < 300_000


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "curves.png").write_text("old")
    figure = chart(families=1)

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        save(figure, tmp_path / "curves")
    assert [p.name for p in tmp_path.iterdir()] == ["curves.png"]
    assert (tmp_path / "curves.png").read_text() == "old"


def test_a_notebook_is_given_a_picture() -> None:
    figure = chart(families=1)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
