"""How many repeats would settle a claim, if the differences are what was measured.

More repeats shrink the part of the variance that comes from the rows drawn; the part that comes from the
test rows stays (`Comparison.floor`), so some differences no number of repeats can settle.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log, log1p

from scipy.special import ndtri, stdtrit

from harness.verdicts.comparisons import Comparison, careful_df

MOST_REPEATS = 2000
ROUNDED_ABOVE = 10  # larger numbers are rounded up to a multiple of 5: the estimate is no finer
ROUNDED_ROWS = 500


@dataclass(frozen=True)
class Way:
    """A way to an answer: comparisons that must all pass a one-sided test.

    Attributes:
        rooms: each comparison with how far its measured difference is on the right side of the tested
            bound, a share of the test rows.
        level: of each test.
        power: wanted for each, the true difference being the measured one.
    """

    rooms: tuple[tuple[Comparison, float], ...]
    level: float
    power: float

    def repeats(self) -> dict[int, int]:
        """The repeats needed, by size; empty where one comparison would not pass."""
        needed: dict[int, int] = {}
        for of, room in self.rooms:
            count = repeats_needed(of, room, self.level, self.power)
            if count is None:
                return {}
            needed[of.size] = max(count, needed.get(of.size, 0))
        return needed

    def test_rows(self) -> int | None:
        """The test rows that many repeats would need; None where no number follows from what was measured.

        That is so where a difference is on the wrong side of the tested bound, or within a standard error.
        """
        if any(of.floor is None or room <= (of.interval.variance or 0.0) ** 0.5 for of, room in self.rooms):
            return None
        z = float(ndtri(1 - self.level) + ndtri(self.power))
        wanted = max(z**2 * (of.floor or 0.0) / room**2 * of.interval.test_rows for of, room in self.rooms)
        alike = max(log(self.level) / log1p(-min(room, 0.5)) for _, room in self.rooms)  # if none differs
        return ceil(max(wanted, alike) / ROUNDED_ROWS) * ROUNDED_ROWS


def repeats_needed(of: Comparison, room: float, level: float, power: float) -> int | None:
    """The fewest repeats at which a one-sided test passes with the given probability.

    With V0 the part of the variance V that stays, R the repeats so far, and r those needed, df made careful::

        V(r) = V0 + (V - V0) R / r      df(r) = V(r)^2 / ((V(r) - V0)^2 / (r - 1) + V0^2 / (M - 1))
        smallest r with (t(df(r); 1 - level) + t(df(r); power)) sqrt(V(r)) <= room

    Where nothing varied, V = 0, it is 2 if (1 - room)^M <= level, and else no number.

    Returns:
        The number, above 10 rounded up to a multiple of 5; None where the difference is on the wrong side
        (room at most 0), where one repeat tells no variance, or where 2,000 repeats are too few.
    """
    if room <= 0 or of.floor is None or of.interval.variance is None:
        return None
    V0, R, M = of.floor, of.interval.repeats, of.interval.test_rows
    falling = max(of.interval.variance - V0, 0.0) * R

    def enough(r: int) -> bool:
        V = V0 + falling / r
        if V == 0.0:
            return (1 - min(room, 1.0)) ** M <= level
        df = careful_df(V**2 / ((falling / r) ** 2 / (r - 1) + V0**2 / (M - 1)), r)
        return bool((stdtrit(df, 1 - level) + stdtrit(df, power)) * V**0.5 <= room)

    counts = range(2, MOST_REPEATS + 1)
    found = bisect_left(counts, True, key=enough)
    return _rounded(counts[found]) if found < len(counts) else None


def _rounded(repeats: int) -> int:
    return repeats if repeats <= ROUNDED_ABOVE else -(-repeats // 5) * 5


def override(repeats: Mapping[int, int]) -> str:
    """The words on the command line that ask for these repeats at these sizes.

    >>> override({128: 25, 256: 25, 512: 5, 1024: 5}), override({128: 5, 256: 5})
    ("'repeats=[25@256,5]'", 'repeats=5')
    """
    sizes = sorted(repeats)
    steps = [f"{repeats[n]}@{n}" for n, after in pairwise(sizes) if repeats[n] != repeats[after]]
    last = repeats[sizes[-1]]
    return f"'repeats=[{','.join([*steps, str(last)])}]'" if steps else f"repeats={last}"
