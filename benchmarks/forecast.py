"""How far forecasts of real learning curves are off, and how often their intervals cover.

Run: python benchmarks/forecast.py CURVES_DIR, a folder as `benchmarks/learning_curves.py` describes. Prints
tables in Markdown, the same on every machine; a minute on one core.

From every size N of a curve with at least 8 sizes up to it, a forecast sees the sizes up to N, each as the
mean of 15, 10 or 5 splits; it is judged at 2N, 4N and 8N, where the curve has such sizes, by their mean over
all splits, those of the forecast among them. Data sets weigh equally, however many learners and sizes they
have; intervals are calibrated on the other data sets. Errors are in points. What is required is meant for N
of 512 rows or more, where the last value is off by .7, 1.3 and 1.8 points in the median at 2x, 4x and 8x;
another table has every N. As sweeps double their sizes, one table looks at every second size only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.judged_forecasts import Judged, Limits, coverage, judge, left_out, quantile, with_constants
from benchmarks.learning_curves import Measured, ends, read
from harness.curves.calibration import HORIZONS, LEVELS, QUANTILES
from harness.errors import DataError, HarnessError

SPLITS = (15, 10, 5)
LARGE = 512  # rows
DOUBLING = 2.0
BELOW = 2**0.5  # a horizon between those that are calibrated
REQUIRED = {2: (0.40, 2.5), 4: (0.64, 4.2), 8: (0.91, 6.2)}  # median |error| and median width, in points
HEADER = (
    *("horizon", "splits", "ends", "data sets", "median error of forecast", "of last value", "of pow3"),
    *("coverage, % [95 % interval]", "median width"),
)


def row(name: str, group: object, judged: Judged, limits: Limits) -> list[object]:
    """What a table says of some forecasts."""
    errors = [judged.median_error(predicted) for predicted in (judged.p, judged.last, judged.pow3)]
    mean, least, most = (100 * share for share in coverage(judged, limits))
    return [
        *(name, group, len(judged.truth), len(np.unique(judged.data))),
        *(f"{100 * error:.2f}" for error in errors),
        f"{mean:.1f} [{least:.1f}, {most:.1f}]",
        f"{100 * quantile(limits.high - limits.low, judged.weights, [0.5])[0]:.2f}",
    ]


def rows_by(name: str, judged: Judged, limits: Limits, by: NDArray[np.generic]) -> list[list[object]]:
    """A row for each value of a column, descending for splits."""
    groups = sorted(set(by.tolist()), reverse=by.dtype.kind == "i")
    return [row(name, group, judged.where(by == group), limits.where(by == group)) for group in groups]


def table(title: str, body: Iterable[Sequence[object]], header: Sequence[str] = HEADER) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for line in body:
        print(f"| {' | '.join(str(cell) for cell in line)} |")


def main_table(judged: Sequence[Judged]) -> None:
    """Per horizon: by splits, pooled, and what is required."""
    body: list[list[object]] = []
    for horizon, each in zip(HORIZONS, judged, strict=True):
        limits, (error, width) = left_out(each), REQUIRED[horizon]
        body += rows_by(f"{horizon}x", each, limits, each.splits)
        body.append(row(f"{horizon}x", "pooled", each, limits))
        asked = (f"at most {error:.2f}", "", "", "90 inside", f"at most {width}")
        body.append([f"{horizon}x", "*required*", "", "", *asked])
    table(f"N of {LARGE} rows or more; intervals calibrated on the other data sets.", body)


def pooled_table(title: str, judged: Sequence[Judged]) -> None:
    """Per horizon, calibrated on the other data sets."""
    table(title, [row(f"{h}x", "pooled", j, left_out(j)) for h, j in zip(HORIZONS, judged, strict=True)])


def learner_table(judged: Sequence[Judged]) -> None:
    """Per horizon and learner, calibrated on the other data sets, whatever their learner."""
    body = [
        line
        for horizon, each in zip(HORIZONS, judged, strict=True)
        for line in rows_by(f"{horizon}x", each, left_out(each), each.learner)
    ]
    table("The same by learner.", body, ("horizon", "learner", *HEADER[2:]))


def constants_table(title: str, judged: Sequence[Judged]) -> None:
    """Per horizon that is reached, also one below those calibrated, with the quantiles the library holds."""
    pairs = [(h, j) for h, j in zip((BELOW, *HORIZONS), judged, strict=True) if len(j.truth)]
    table(title, [row(f"{h:.3g}x", "pooled", j, with_constants(j, h)) for h, j in pairs])


def quantile_table(judged: Sequence[Judged]) -> None:
    """The quantiles of the scores, to be copied into `harness.curves.calibration`, beside those it holds."""
    body: list[list[object]] = []
    for horizon, held, each in zip(HORIZONS, QUANTILES, judged, strict=True):
        measured = quantile(each.scores, each.weights, LEVELS)
        body.append([f"{horizon}x", "measured", *(f"{q:.2f}" for q in measured)])
        body.append([f"{horizon}x", "held", *(f"{q:.2f}" for q in held)])
    table("Quantiles of (truth - p) / s.", body, ("horizon", "", *(str(level) for level in LEVELS)))


def judged_ends(curves: Sequence[Measured], spacing: float = 1.0) -> list[Judged]:
    """With 15, 10 and 5 splits, at sqrt(2) and at the calibrated horizons."""
    horizons = (BELOW, *HORIZONS)
    return judge([end for K in SPLITS for end in ends(curves, K, horizons, spacing)], horizons)


def at_least_two(judged: Sequence[Judged]) -> Sequence[Judged]:
    """What is given.

    Raises:
        DataError: fewer than two data sets reach the last horizon.
    """
    if len(np.unique(judged[-1].data)) < 2:
        raise DataError(
            f"at least 2 data sets must have a curve of {SPLITS[-1]} splits or more, with 8 sizes up to"
            f" {LARGE} rows or more and one at 8 times that; name a folder with longer curves"
        )
    return judged


def main() -> None:
    """Print all tables of the folder named."""
    if len(sys.argv) != 2:
        sys.exit("name one folder of curves: python benchmarks/forecast.py CURVES_DIR")
    try:
        curves = read(Path(sys.argv[1]))
        every, doubled = judged_ends(curves), judged_ends(curves, DOUBLING)
        large = at_least_two([each.where(each.size >= LARGE) for each in every])
    except HarnessError as error:
        sys.exit(str(error))
    names = {c.data for c in curves}, {c.learner for c in curves}
    print(f"{len(curves)} curves: {len(names[0])} data sets, learners {', '.join(sorted(names[1]))}")
    main_table(large[1:])
    learner_table(large[1:])
    pooled_table("Every N with 8 sizes up to it.", every[1:])
    constants_table(f"N of {LARGE} rows or more, with the library's quantiles.", large)
    constants_table("Every second size only, 6 of them up to N, with the library's quantiles.", doubled)
    quantile_table(large[1:])


if __name__ == "__main__":
    main()
