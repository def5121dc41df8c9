"""A lever is one of the three things a person can do: more data, a bigger model, more tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.curves import Curve
from harness.metrics import ERROR
from harness.report.words import Shown

ERRORS = Shown()

LIKELY = 0.8
HOPEFUL = 3.0  # half widths of an interval in gains: beyond, a gain is hardly likelier than two in three

Gain = tuple[float | None, float | None, float | None]  # expected, low, high


@dataclass(frozen=True)
class Lever:
    """One of the three things a person can do, and what it would bring.

    Attributes:
        name: "more data", "a bigger model" or "more tuning".
        brief: what was found, in plain words.
        finding: the same with its figures.
        cost: what it takes.
        gain, low, high: the expected gain and its interval, shares; None where not known.
        level: of the interval, such as "90 %".
        word: the lever's worth in a few words, where its gain alone does not say it.
        chance: that there is a gain at all, where a forecast tells it.
        shown: how gains are told.
        columns, lines: the evidence as a table.
        note: what the table does not say by itself.
    """

    name: str
    brief: str
    finding: str
    cost: str
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    level: str = "95 %"
    columns: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    word: str = ""
    chance: float | None = None
    shown: Shown = ERRORS

    @property
    def likely(self) -> bool:
        """True where a gain is likelier than four in five."""
        return self.helps or (self.chance is not None and self.chance >= LIKELY)

    @property
    def hopeful(self) -> bool:
        """True where a gain is expected, and not lost in an interval that is many times as wide."""
        if self.gain is None or self.low is None:
            return False
        return self.gain > 0 and self.gain - self.low < HOPEFUL * self.gain

    @property
    def helps(self) -> bool:
        """True where the whole interval is a gain."""
        return self.low is not None and self.low > 0

    @property
    def harms(self) -> bool:
        """True where the whole interval is a loss."""
        return self.high is not None and self.high < 0

    @property
    def answer(self) -> str:
        """The lever's worth in a few words."""
        if self.word:
            return self.word
        if self.gain is None:
            return "not known"
        if self.harms:
            return "it did harm"
        if self.helps:
            return fewer(self.shown, self.gain)
        return "likely to help" if self.likely else "no evidence that it would help"


def fewer(shown: Shown, gain: float) -> str:
    """A gain in words.

    >>> from harness.metrics import Metric
    >>> fewer(Shown(), 0.012), fewer(Shown(Metric("rmse", 77.0)), 0.012)
    ('1.2 points fewer errors', '0.9 less RMSE')
    """
    return f"{shown.apart(gain)} {'fewer errors' if shown.metric == ERROR else f'less {shown.metric.label}'}"


def best(curves: Sequence[Curve]) -> Curve:
    """The curve with the least error at the largest size that any reaches."""
    largest = max(curve.sizes[-1] for curve in curves)
    return min((curve for curve in curves if curve.sizes[-1] == largest), key=lambda curve: curve.mean[-1])
