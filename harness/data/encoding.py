"""An encoding is the fixed width of a table: its numeric columns as they are, then a column for each level.

The levels are schema: they come from the unlabelled pool, once for the data set. A missing number stays NaN.
A missing level, or one that the pool lacks, sets no column, and no other level does that.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..records import Floats

if TYPE_CHECKING:
    import pandas

OTHER = "(other)"


@dataclass(frozen=True)
class Encoding:
    """How rows of a table become rows of numbers.

    Attributes:
        numeric: the columns taken as they are.
        levels: column -> its levels, each a one-hot column. Where the last is `OTHER`, it is set by every
            level that is present and not among the rest.
    """

    numeric: tuple[str, ...]
    levels: Mapping[str, tuple[Hashable, ...]]

    @property
    def features(self) -> tuple[str, ...]:
        """The name of each column of the result: `age`, `city=Oslo`, `city=(other)`."""
        one_hot = [f"{column}={level}" for column, levels in self.levels.items() for level in levels]
        return (*self.numeric, *one_hot)

    def encode(self, table: pandas.DataFrame) -> Floats:
        """The rows of the table as (rows, features) float32.

        >>> import pandas
        >>> table = pandas.DataFrame({"age": [30, None, 50], "city": ["Oslo", "Rome", None]})
        >>> Encoding(("age",), {"city": ("Oslo", "Rome")}).encode(table).tolist()
        [[30.0, 1.0, 0.0], [nan, 0.0, 1.0], [50.0, 0.0, 0.0]]
        """
        result = np.zeros((len(table), len(self.features)), dtype=np.float32)
        with np.errstate(invalid="ignore"):  # a NaN of odd bits is a NaN
            for place, column in enumerate(self.numeric):
                result[:, place] = table[column]
        start = len(self.numeric)
        for column, levels in self.levels.items():
            codes = _codes(table[column], levels)
            rows = np.flatnonzero(codes >= 0)
            result[rows, start + codes[rows]] = 1
            start += len(levels)
        return result


def frequent_levels(values: pandas.Series, most: int) -> tuple[Hashable, ...]:
    """The levels of a column in their order; of more than `most`, the `most - 1` most frequent and `OTHER`.

    >>> import pandas
    >>> frequent_levels(pandas.Series(list("abbccc")), most=3)
    ('a', 'b', 'c')
    >>> frequent_levels(pandas.Series(list("abbccc")), most=2)
    ('c', '(other)')

    A level that is itself named `OTHER` then belongs to the rest.
    """
    counts = values.value_counts().sort_index()  # so that equal counts are ranked by name
    if len(counts) <= most:
        return tuple(counts.index)
    kept = counts.drop(OTHER, errors="ignore").sort_values(ascending=False, kind="stable").index[: most - 1]
    return (*sorted(kept), OTHER)


def _codes(values: pandas.Series, levels: tuple[Hashable, ...]) -> NDArray[np.intp]:
    """Each row's index into the levels, or -1."""
    import pandas

    codes = pandas.Index(list(levels)).get_indexer(pandas.Index(values))
    if levels and levels[-1] == OTHER:
        codes[(codes < 0) & values.notna().to_numpy()] = len(levels) - 1
    return codes
