"""What a person reads: differences in points of error, sizes in rows, families by their labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def points(share: float) -> str:
    """A share of the test rows in points.

    >>> points(0.02)
    '2.0 points'
    """
    return f"{100 * share:.1f} points"


def sentence(text: str) -> str:
    """A text with a capital first.

    >>> sentence("small network leads.")
    'Small network leads.'
    """
    return text[:1].upper() + text[1:]


def described(of: Comparison, labels: Mapping[str, str], level: float) -> str:
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
    measured = f"at {rows([of.size])} {a} has {_more(of.interval.mean)} error than {b}"
    return measured if low is None or high is None else f"{measured} ({_span(low, high)})"


def _more(difference: float) -> str:
    return f"{points(abs(difference))} {'less' if difference < 0 else 'more'}"


def _span(low: float, high: float) -> str:
    """Limits in points; both directions are named where the interval has both."""
    if low < 0 < high:
        return f"from {-100 * low:.1f} less to {100 * high:.1f} more"
    near, far = sorted((abs(low), abs(high)))
    return f"{100 * near:.1f} to {100 * far:.1f}"
