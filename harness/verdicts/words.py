"""What a person reads: differences in points of error or the metric's unit, sizes in rows, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.metrics import ERROR, Metric
from harness.verdicts.comparisons import Comparison, limits


def label(family: str, labels: Mapping[str, str]) -> str:
    """A family's label; its name where it has none."""
    return labels.get(family, family)


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def rows(sizes: Iterable[int]) -> str:
    """Sizes in words; empty where there is none.

    >>> rows([128, 20000])
    '128 and 20,000 rows'
    """
    told = [f"{size:,}" for size in sizes]
    return f"{listed(told)} rows" if told else ""


def sentence(text: str) -> str:
    """A text with a capital first.

    >>> sentence("small network leads.")
    'Small network leads.'
    """
    return text[:1].upper() + text[1:]


def within(margin: float, metric: Metric) -> str:
    """A margin in a sentence.

    >>> within(0.02, ERROR)
    '2.0 points of error'
    >>> within(0.02, Metric("rmse", 77.0))
    '1.5 of RMSE (2 % of what the mean of the target scores)'
    """
    told = f"{metric.apart(margin)} of {metric.label}"
    return f"{told} ({100 * margin:g} % of what {metric.guess} scores)" if metric.guess else told


def described(of: Comparison, labels: Mapping[str, str], level: float, metric: Metric = ERROR) -> str:
    """A difference with its interval, as a sentence without its stop.

    >>> from harness.curves import Interval
    >>> from harness.verdicts.comparisons import comparison
    >>> found = Interval(-0.013, -0.02, -0.006, 9.0, 1e-5, 0.5, 0.5, 10, 2000)
    >>> told = comparison("nn", "svm", 4096, found, 5e-6, margin=0.02)
    >>> described(told, {"nn": "small network", "svm": "SVM (RBF)"}, level=0.95)
    'at 4,096 rows small network has 1.3 points less error than SVM (RBF) (0.6 to 2.0)'
    """
    low, high = limits(of.interval, level)
    a, b = label(of.a, labels), label(of.b, labels)
    more = f"{metric.apart(abs(of.interval.mean))} {'less' if of.interval.mean < 0 else 'more'}"
    measured = f"at {rows([of.size])} {a} has {more} {metric.label} than {b}"
    return measured if low is None or high is None else f"{measured} ({_span(low, high, metric)})"


def _span(low: float, high: float, metric: Metric) -> str:
    """Limits of a difference; both directions are named where the interval has both."""
    if low < 0 < high:
        return f"from {metric.number(-low)} less to {metric.number(high)} more"
    near, far = sorted((abs(low), abs(high)))
    return f"{metric.number(near)} to {metric.number(far)}"
