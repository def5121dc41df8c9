"""The picture of a finding, whatever panels an experiment returns."""

import numpy as np
import pytest

from harness.course.finding import Bars, Curve, Images, Lines
from harness.plots import finding_picture
from harness.plots.style import rendered

LONG = "A title that says in many words what is to be seen in this panel"
LINES = Lines(
    LONG,
    "Steps of gradient descent on all rows",
    "Cross-entropy, mean over repeats",
    {
        f"curve {k}": Curve([1, 10, 100], [3.0, 2.0, k + 0.1], [2.0, 1.0, 0.1], [4.0, 3.0, 9.0])
        for k in range(7)
    },
    log_x=True,
    log_y=True,
)
BARS = Bars(
    LONG,
    "Points (95 % interval)",
    {
        "logistic regression": (2.0, 1.0, 3.0),
        "a family whose name is far too long for one line": (-1.0, -2.0, 0.5),
    },
)
IMAGES = Images(LONG, {f"W[{k}]": np.outer(np.arange(-3, 4), np.ones(5)) for k in range(5)})
PANELS = [(LINES,), (BARS,), (IMAGES,), (LINES, BARS), (IMAGES, IMAGES), (LINES, IMAGES, BARS)]


@pytest.mark.parametrize("panels", PANELS, ids=lambda panels: "-".join(type(one).__name__ for one in panels))
def test_every_word_lies_within_the_picture(panels):
    figure = finding_picture(panels)
    figure.canvas.draw()
    width, height = figure.get_size_inches()
    drawn = figure.get_tightbbox()
    assert drawn.x0 > 0
    assert drawn.y0 > 0
    assert drawn.x1 < width
    assert drawn.y1 < height


def test_the_same_finding_gives_the_same_bytes():
    first, second = (rendered(finding_picture((LINES, BARS, IMAGES)), "png") for _ in range(2))
    assert first == second


def test_images_share_one_scale_about_zero():
    figure = finding_picture((Images("t", {"a": np.ones((2, 2)), "b": -3 * np.ones((2, 2))}),))
    shown = [image for inner in figure.axes[0].child_axes for image in inner.images]
    assert [image.get_clim() for image in shown] == [(-3.0, 3.0)] * 2
