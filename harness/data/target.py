"""The target of a file is classes, or a number; which of the two is told from its values, or by `data.kind`.

Values that are all numbers are a number to predict, a regression, where as classes they would be too many:
more than 100, or more than half of the rows, or more than 10 if some have a fraction. All else is classes,
codes with leading zeros among them. A note says so of more than 10 classes that are numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError
from ..records import CLASSIFICATION, REGRESSION, Ints
from .labels import classes_of, indices, present
from .slips import PLAIN_SHARE, signed_numbers
from .table import Table

if TYPE_CHECKING:
    import pandas

KINDS = (CLASSIFICATION, REGRESSION)
MOST_CLASSES = 100
MOST_FRACTIONS = 10  # of values that have a fraction, such as half points
# Trees do not split what varies by less than 1.5e-8, of which the square is float64's precision; float32 ends
# at 3e38. Every shipped learner gives the same error, in deviations of the target, at both ends as at 1.
SPREADS = (1e-4, 1e30)
FARTHEST = 1e4  # deviations that the mean may be from 0: float32 has 7 digits


@dataclass(frozen=True)
class Target:
    """What is learned.

    Attributes:
        classes: none of a regression.
        y: (rows,) int64 indices into them, or float64 numbers.
        reason: why it is of its kind, as the end of a sentence.
        notes: what a person should know of that before anything runs.
    """

    classes: tuple[str, ...]
    y: Any
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Classification or regression."""
        return CLASSIFICATION if self.classes else REGRESSION

    @property
    def strata(self) -> Ints:
        """What a draw keeps the shares of: the classes; a number has none."""
        strata: Ints = self.y if self.classes else np.zeros(len(self.y), dtype=np.int64)
        return strata

    def of(self, table: Table, labels: pandas.Series[str] | None) -> Any:
        """The same of another file.

        Raises:
            DataError: a row has no value, or one that is none of the classes, or no number.
        """
        if self.classes:
            return indices(table, labels, self.classes)
        assert labels is not None, "there is a target"
        return _numbers(table, labels)


def target_of(table: Table, labels: pandas.Series[str], asked: object = None) -> Target:
    """The target of the kind that is asked for, or told from the values where none is.

    Raises:
        DataError: the kind is unknown, or the values are not of it, or they never vary.
    """
    if asked is not None and asked not in KINDS:
        raise DataError(
            f"data.kind must be {' or '.join(KINDS)}, or null to be told from data.target, got {asked!r}; "
            "mend it"
        )
    present(table, labels, "target")
    kind, reason = told(labels)
    if asked is None and kind == CLASSIFICATION:
        _refuse_slips(table, labels)
    if asked is not None:
        kind, reason = str(asked), f"data.kind={asked}"
    if kind == REGRESSION:
        numbers = _numbers(table, labels)
        _refuse_extremes(labels.name, numbers)
        return Target((), numbers, reason)
    classes, y = classes_of(table, labels)
    return Target(classes, y, reason, () if asked else _on_classes(classes))


def _on_classes(classes: tuple[str, ...]) -> tuple[str, ...]:
    """A note where they are numbers, and so many that these may be meant as such."""
    import pandas

    if len(classes) <= MOST_FRACTIONS or _numbers_among(pandas.Series(classes)) is None:
        return ()
    return (
        f"the {len(classes)} numbers of the target are taken as classes; data.kind=regression predicts the "
        "number",
    )


def told(labels: pandas.Series[str]) -> tuple[str, str]:
    """The kind of a target by its values, and why.

    >>> import pandas
    >>> told(pandas.Series(["3", "1", "2"] * 9)), told(pandas.Series([str(n) for n in range(101)]))[0]
    (('classification', 'the target has 3 different values'), 'regression')
    """
    import pandas

    values = pandas.Series(labels.unique())
    count = f"{len(values):,} different values"
    if (numbers := _numbers_among(values)) is None:
        return CLASSIFICATION, f"the target has {count}"
    most = MOST_CLASSES if (numbers % 1 == 0).all() else MOST_FRACTIONS
    if len(values) > min(most, max(2, len(labels) // 2)):
        return REGRESSION, f"the target is a number with {count}"
    return CLASSIFICATION, f"the target has {count}"


def _numbers_among(values: pandas.Series[Any]) -> pandas.Series[Any] | None:
    """The values as numbers; None where some are none, or codes with leading zeros."""
    import pandas

    numbers = pandas.to_numeric(values, errors="coerce")
    return None if numbers.isna().any() or values.astype(str).str.match(r"-?0\d").any() else numbers


def _refuse_slips(table: Table, labels: pandas.Series[str]) -> None:
    """Raise a DataError where more numbers than can be classes have signs, or a few values are none."""
    import pandas

    unsigned = labels.astype(str).str.replace(r"[^-+.\d]", "", regex=True)
    said = signed_numbers(table, labels)
    if said and told(unsigned)[0] == REGRESSION:
        raise DataError(f"{said} (data.kind=classification takes every value as a class)")
    is_number = pandas.to_numeric(labels, errors="coerce").notna()
    if is_number.mean() >= PLAIN_SHARE and not is_number.all() and told(labels[is_number])[0] == REGRESSION:
        row = int((~is_number).to_numpy().argmax())
        raise DataError(
            f"{table.where(row)}: {labels.name!r} is {labels.iloc[row]!r}, and nearly all others are "
            "numbers; mend it, or leave the row out (data.kind=classification takes every value as a class)"
        )


def _refuse_extremes(name: object, y: Any) -> None:
    """Raise a DataError for numbers that some learner cannot tell apart, or cannot hold."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = abs(float(y.mean())), float(y.std())
    if not SPREADS[0] < spread < SPREADS[1]:
        raise DataError(
            f"data.target: {name!r} has a standard deviation of {spread:.3g}; put it in a unit in which that "
            f"is between {SPREADS[0]:g} and {SPREADS[1]:g}"
        )
    if mean > FARTHEST * spread:
        raise DataError(
            f"data.target: {name!r} varies by {spread:.3g} around a mean {mean:.6g} from 0, "
            "too far for single precision; subtract a round number near the mean"
        )


def _numbers(table: Table, labels: pandas.Series[str]) -> Any:
    """The values as float64.

    Raises:
        DataError: one is no finite number, or all are the same.
    """
    import pandas

    present(table, labels, "target")
    found = pandas.to_numeric(labels, errors="coerce").to_numpy(dtype=np.float64)
    if not np.isfinite(found).all():
        row = int((~np.isfinite(found)).argmax())
        raise DataError(
            f"{table.where(row)}: {labels.name!r} is {labels.iloc[row]!r}, and a regression needs a "
            "number in every row; mend it, or leave the row out"
        )
    exact = labels.astype(object).to_numpy().astype(np.float64)
    if (exact == exact[0]).all():
        raise DataError(
            f"data.target: {labels.name!r} is {labels.iloc[0]!r} in every row; choose a target that varies"
        )
    return exact
