"""Numbers as a person reads them: one decimal of a point, sizes with their thousands apart, a true minus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.metrics import ERROR, Metric

PERCENT = "\N{NO-BREAK SPACE}%"
MINUS, DASH, TIMES, TO = "\N{MINUS SIGN}", "\N{EN DASH}", "\N{MULTIPLICATION SIGN}", " to "


def number(value: float, decimals: int = 1) -> str:
    """A number with a true minus, and no negative zero.

    >>> number(-1.25), number(-0.01), number(1234.5)
    ('−1.2', '0.0', '1,234.5')
    """
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", MINUS)


@dataclass(frozen=True)
class Shown:
    r"""Scores and differences of a metric as this page has them, given in baselines.

    >>> error, rmse = Shown(ERROR), Shown(Metric("rmse", 77.0))
    >>> error.value(0.1154), rmse.value(0.7), error.points(-0.012), rmse.points(-0.012)
    ('11.5 %', '53.9', '−1.2', '−0.9')
    >>> error.apart(0.012), rmse.apart(0.012), error.difference, rmse.difference
    ('1.2 points', '0.9', 'points', 'RMSE')
    """

    metric: Metric = ERROR

    @property
    def difference(self) -> str:
        """The unit of differences."""
        return "points" if self.metric.is_share else self.metric.label

    def value(self, score: float | None) -> str:
        """A score: a share of the rows in percent, or in the metric's unit."""
        return DASH if score is None else self._number(score) + PERCENT * self.metric.is_share

    def points(self, difference: float | None) -> str:
        """A difference of two scores, without its unit."""
        return DASH if difference is None else self._number(difference)

    def apart(self, difference: float) -> str:
        """A difference of two scores."""
        return f"{self._number(difference)}{' points' * self.metric.is_share}"

    def span(self, low: float | None, high: float | None) -> str:
        """Two limits of a score or a difference."""
        return "none" if low is None or high is None else f"{self._number(low)}{TO}{self._number(high)}"

    def within(self, score: float, low: float | None, high: float | None, apart: str = " ") -> str:
        """A score with its limits, where there are any."""
        told = self.value(score)
        return told if low is None or high is None else f"{told}{apart}({self.span(low, high)})"

    def _number(self, value: float) -> str:
        return number(self.metric.scale * value, self.metric.decimals)


def rows(size: float) -> str:
    """A number of rows.

    >>> rows(20000)
    '20,000'
    """
    return f"{size:,.0f}"


def about(size: float) -> str:
    """A number of rows in two digits: more would pretend.

    >>> about(10857), about(96)
    ('11,000', '96')
    """
    return f"{float(f'{size:.2g}'):,.0f}"


def seconds(value: float) -> str:
    """A duration, in two digits where they matter.

    >>> seconds(0.034), seconds(2.34), seconds(75), seconds(4000)
    ('0.03 s', '2.3 s', '75 s', '67 min')
    """
    if value >= 600:
        return f"{value / 60:,.0f} min"
    return f"{value:.{2 if value < 1 else 1 if value < 10 else 0}f} s"


def probability(p: float | None) -> str:
    """A p value or a probability.

    >>> probability(0.0004), probability(0.0312), probability(1.0), probability(None)
    ('< 0.001', '0.031', '1', '–')
    """
    if p is None:
        return DASH
    if p < 0.001:
        return "< 0.001"
    return "1" if p > 0.9995 else f"{p:.3f}"


def share(value: float) -> str:
    r"""A part of the whole without decimals.

    >>> share(0.004), share(0.25), share(0.0)
    ('<\xa01\xa0%', '25\xa0%', '0\xa0%')
    """
    return f"<\N{NO-BREAK SPACE}1{PERCENT}" if 0 < value < 0.005 else f"{100 * value:.0f}{PERCENT}"


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', '')
    """
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def capital(text: str) -> str:
    """A text with a capital first.

    >>> capital("small network leads")
    'Small network leads'
    """
    return text[:1].upper() + text[1:]
