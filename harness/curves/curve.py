"""A curve is a family's test error over sizes, each with an interval for new rows to learn and to test on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.curves.intervals import EXTRA_DF, Interval, interval, row_variances
from harness.errors import DataError, StoreError
from harness.records import Outcome

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("family", "label", "size", "repeat", "correct", "test_rows", "outcome")


@dataclass(frozen=True)
class Curve:
    """One family's test error over sizes, ascending; `intervals` is aligned with `sizes`."""

    family: str
    label: str
    sizes: tuple[int, ...]
    intervals: tuple[Interval, ...]

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
        wrong: (R, M), a row per repeat and a column per test row, True where the answer is wrong.
    """

    repeats: tuple[int, ...]
    wrong: NDArray[np.bool_]


def curve(family: str, label: str, errors: Mapping[int, NDArray[np.bool_]]) -> Curve:
    """The curve of one family from its per-example errors: size -> (R, M), True where the answer is wrong.

    Each interval is `interval` at 95 % with the variance of `row_variances`, clipped to [0, 1].

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
    return Curve(family, label, sizes, tuple(_within_unit(i) for i in found))


def _row_variance(D: NDArray[np.bool_]) -> float:
    """Variance of the row means, from counts: repeats that err equally often give 0, not its rounding."""
    return float(D.sum(axis=1).var(ddof=1)) / D.shape[1] ** 2 if len(D) > 1 else 0.0


def _within_unit(found: Interval) -> Interval:
    if found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0))


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
    return [
        curve(family, labels[family], {size: found.wrong for size, found in by_size.items()})
        for family, by_size in errors.items()
    ]


def errors_of(cells: pd.DataFrame) -> dict[str, dict[int, Errors]]:
    """Per-example errors by family and size, in order of first appearance; repeats ascend.

    Needs the columns family, label, size, repeat, outcome, correct (`numpy.packbits` of one bit per test
    row, 1 where it is answered rightly) and test_rows. Only rows whose outcome is "complete" count.

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
    for column in COLUMNS:
        if column not in cells.columns:
            raise DataError(f"cells must have the column {column!r}; pass what harness.read_cells returns")
    found: dict[str, dict[int, dict[int, NDArray[np.bool_]]]] = {}
    for family, _label, size, repeat, correct, test_rows, outcome in zip(
        *(cells[column] for column in COLUMNS), strict=True
    ):
        if outcome != Outcome.COMPLETE:
            continue
        repeats = found.setdefault(family, {}).setdefault(int(size), {})
        if repeat in repeats:
            raise DataError(
                "one complete cell is allowed per family, size and repeat,"
                f" got two of {family} at size {size}, repeat {repeat}; keep the cells of one sweep"
            )
        repeats[int(repeat)] = _unpacked(correct, int(test_rows), f"{family} at size {size}, repeat {repeat}")
    return {
        family: {size: _stack(rows, family, size) for size, rows in by_size.items()}
        for family, by_size in found.items()
    }


def _unpacked(correct: bytes, test_rows: int, where: str) -> NDArray[np.bool_]:
    # unpackbits would fill missing bits with 0, which here means wrong
    if len(correct) != -(-test_rows // 8):
        raise StoreError(
            f"the record of {where} must hold {test_rows} bits of test rows, got {len(correct)} bytes;"
            " remove that run and sweep again"
        )
    bits = np.unpackbits(np.frombuffer(correct, dtype=np.uint8), count=test_rows)
    return np.equal(bits, 0)


def _stack(rows: Mapping[int, NDArray[np.bool_]], family: str, size: int) -> Errors:
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

    >>> wrong = np.array([[True, False]])
    >>> summary_rows([curve("svm", "SVM", {128: wrong})])
    [{'family': 'svm', 'size': 128, 'mean': 0.5, 'low': None, 'high': None, 'repeats': 1}]
    """
    return [
        {
            "family": drawn.family,
            "size": size,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "repeats": found.repeats,
        }
        for drawn in curves
        for size, found in zip(drawn.sizes, drawn.intervals, strict=True)
    ]
