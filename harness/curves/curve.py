"""A curve is a family's test error over sizes, each with an interval for new rows to learn and to test on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.curves.intervals import EXTRA_DF, Interval, interval, row_variances
from harness.errors import DataError, StoreError
from harness.metrics import ERROR, Metric
from harness.records import Outcome

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("family", "label", "size", "repeat", "test_rows", "outcome")


@dataclass(frozen=True)
class Curve:
    """One family's test error over sizes, ascending; `intervals` is aligned with `sizes`.

    Of another metric than the error, all numbers are in its baselines.
    """

    family: str
    label: str
    sizes: tuple[int, ...]
    intervals: tuple[Interval, ...]
    metric: Metric = ERROR

    @property
    def mean(self) -> tuple[float, ...]:
        """Test error at each size, a share in [0, 1]."""
        return tuple(i.mean for i in self.intervals)

    @property
    def low(self) -> tuple[float | None, ...]:
        """Lower limit at each size; None where there is one repeat."""
        return tuple(i.low for i in self.intervals)

    @property
    def high(self) -> tuple[float | None, ...]:
        """Upper limit at each size; None where there is one repeat."""
        return tuple(i.high for i in self.intervals)

    @property
    def repeats(self) -> tuple[int, ...]:
        """Repeats at each size."""
        return tuple(i.repeats for i in self.intervals)


class Errors(NamedTuple):
    """Who erred where, at one family and size.

    Attributes:
        repeats: the repeats, ascending.
        wrong: (R, M), a row per repeat and a column per test row, True where the answer is wrong; of another
            metric its losses, float64 in baselines.
    """

    repeats: tuple[int, ...]
    wrong: NDArray[Any]


def curve(family: str, label: str, errors: Mapping[int, NDArray[Any]], metric: Metric = ERROR) -> Curve:
    """The curve of one family from its per-example errors: size -> (R, M), True where the answer is wrong.

    Each interval is `interval` at 95 % with the variance of `row_variances`, clipped to [0, 1]; of a metric
    that is no share, of whose losses they may be made, to 0 and above.

    >>> wrong = np.array([[1, 0, 0, 1], [1, 0, 1, 1], [1, 0, 0, 0]], dtype=bool)
    >>> drawn = curve("svm", "SVM", {256: wrong, 128: wrong[:1]})
    >>> drawn.sizes, drawn.mean, drawn.low, drawn.repeats
    ((128, 256), (0.5, 0.5), (None, 0.0), (1, 3))
    """
    sizes = tuple(sorted(errors))
    matrices = [errors[n] for n in sizes]
    shrunk = row_variances(sizes, [_row_variance(D) for D in matrices], [len(D) for D in matrices])
    found = (
        interval(D, row_variance=s2, extra_df=0.0 if s2 is None else EXTRA_DF)
        for D, s2 in zip(matrices, shrunk, strict=True)
    )
    return Curve(family, label, sizes, tuple(_clipped(i, metric.most) for i in found), metric)


def _row_variance(D: NDArray[Any]) -> float:
    """Variance of the row means, from counts: repeats that err equally often give 0, not its rounding."""
    return float(D.sum(axis=1).var(ddof=1)) / D.shape[1] ** 2 if len(D) > 1 else 0.0


def _clipped(found: Interval, most: float) -> Interval:
    if found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, most))


def from_cells(cells: pd.DataFrame) -> list[Curve]:
    """The curves in a table of cells, one per family, in order of first appearance.

    Columns, rows that count and errors raised are those of `errors_of`.

    >>> import pandas as pd
    >>> cell = {"family": "svm", "label": "SVM", "size": 128, "outcome": "complete", "test_rows": 4}
    >>> cells = pd.DataFrame([{**cell, "repeat": r, "correct": bytes([0b01010000])} for r in (0, 1)])
    >>> from_cells(cells)[0].mean
    (0.5,)
    """
    errors = errors_of(cells)
    complete = cells[cells["outcome"] == Outcome.COMPLETE].drop_duplicates("family")
    labels = dict(zip(complete["family"], complete["label"], strict=True))
    metric = metric_of(cells)
    return [
        curve(family, labels[family], {size: found.wrong for size, found in by_size.items()}, metric)
        for family, by_size in errors.items()
    ]


def metric_of(cells: pd.DataFrame) -> Metric:
    """What a table of cells is judged by: the error, unless its columns metric and baseline say otherwise.

    Raises:
        DataError: they say several things.
    """
    complete = cells[cells["outcome"] == Outcome.COMPLETE]
    if "metric" not in cells.columns or complete.empty:
        return ERROR
    found = {Metric(*pair) for pair in zip(complete["metric"], complete["baseline"], strict=True)}
    if len(found) > 1:
        named = sorted({each.name for each in found})
        raise DataError(f"cells must share one metric and test set, got {named}; keep the cells of one sweep")
    return found.pop()


def errors_of(cells: pd.DataFrame) -> dict[str, dict[int, Errors]]:
    """Per-example errors by family and size, in order of first appearance; repeats ascend.

    Needs the columns family, label, size, repeat, outcome, correct (`numpy.packbits` of one bit per test
    row, 1 where it is answered rightly) and test_rows; for another metric than the error instead of correct
    losses (a float32 per test row), metric and baseline. Only rows whose outcome is "complete" count.

    Raises:
        DataError: a column is missing, two cells share family, size and repeat, or the cells of one
            family and size have different numbers of test rows.
        StoreError: a cell's bits do not fit its number of test rows.

    >>> import pandas as pd
    >>> cell = {"family": "svm", "label": "SVM", "size": 128, "outcome": "complete", "test_rows": 4}
    >>> cells = pd.DataFrame([{**cell, "repeat": r, "correct": bytes([0b01010000])} for r in (7, 2)])
    >>> found = errors_of(cells)["svm"][128]
    >>> found.repeats, found.wrong[0].tolist()
    ((2, 7), [True, False, True, False])
    """
    is_error = "losses" not in cells.columns
    per_row = "correct" if is_error else "losses"
    for column in (*COLUMNS, per_row):
        if column not in cells.columns:
            raise DataError(f"cells must have the column {column!r}; pass what harness.read_cells returns")
    unit = metric_of(cells).baseline
    found: dict[str, dict[int, dict[int, NDArray[Any]]]] = {}
    for family, _label, size, repeat, test_rows, outcome, held in zip(
        *(cells[column] for column in (*COLUMNS, per_row)), strict=True
    ):
        if outcome != Outcome.COMPLETE:
            continue
        repeats = found.setdefault(family, {}).setdefault(int(size), {})
        if repeat in repeats:
            raise DataError(
                "one complete cell is allowed per family, size and repeat,"
                f" got two of {family} at size {size}, repeat {repeat}; keep the cells of one sweep"
            )
        where = f"{family} at size {size}, repeat {repeat}"
        repeats[int(repeat)] = (
            _unpacked(held, int(test_rows), where)
            if is_error
            else _losses(held, int(test_rows), where) / unit
        )
    return {
        family: {size: _stack(rows, family, size) for size, rows in by_size.items()}
        for family, by_size in found.items()
    }


def _losses(held: bytes, test_rows: int, where: str) -> NDArray[np.float64]:
    if len(held) != 4 * test_rows:
        raise StoreError(
            f"the record of {where} must hold {test_rows} losses of test rows, got {len(held)} bytes;"
            " remove that run and sweep again"
        )
    return np.frombuffer(held, dtype=np.float32).astype(np.float64)


def _unpacked(correct: bytes, test_rows: int, where: str) -> NDArray[np.bool_]:
    # unpackbits would fill missing bits with 0, which here means wrong
    if len(correct) != -(-test_rows // 8):
        raise StoreError(
            f"the record of {where} must hold {test_rows} bits of test rows, got {len(correct)} bytes;"
            " remove that run and sweep again"
        )
    bits = np.unpackbits(np.frombuffer(correct, dtype=np.uint8), count=test_rows)
    return np.equal(bits, 0)


def _stack(rows: Mapping[int, NDArray[Any]], family: str, size: int) -> Errors:
    """Repeats in ascending order, so that the order of cells changes no bit of the result."""
    lengths = sorted({len(row) for row in rows.values()})
    if len(lengths) > 1:
        raise DataError(
            f"cells of {family} at size {size} must share one test set,"
            f" got {lengths[0]} and {lengths[-1]} rows; keep the cells of one data set"
        )
    repeats = tuple(sorted(rows))
    return Errors(repeats, np.stack([rows[repeat] for repeat in repeats]))


def summary_rows(curves: Sequence[Curve]) -> list[dict[str, str | int | float | None]]:
    """One dictionary per family and size: family, size, mean, low, high, repeats (None: no interval).

    Shares of wrong rows, or what another metric measures in its own unit.

    >>> wrong = np.array([[True, False]])
    >>> summary_rows([curve("svm", "SVM", {128: wrong})])
    [{'family': 'svm', 'size': 128, 'mean': 0.5, 'low': None, 'high': None, 'repeats': 1}]
    """
    return [
        {
            "family": drawn.family,
            "size": size,
            "mean": drawn.metric.baseline * found.mean,
            "low": None if found.low is None else drawn.metric.baseline * found.low,
            "high": None if found.high is None else drawn.metric.baseline * found.high,
            "repeats": found.repeats,
        }
        for drawn in curves
        for size, found in zip(drawn.sizes, drawn.intervals, strict=True)
    ]
