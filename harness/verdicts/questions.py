"""A question is a claim made testable before the run: which pairs are compared, at which sizes.

It is made from the plan, not from the results, so that no result can choose where it is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from harness.metrics import ERROR, Metric
from harness.records import ClaimSettings
from harness.verdicts.words import label, listed, rows, within

SMALL_DATA, NETWORK_BEATS_SVM, BIGGER_IS_BETTER = CLAIMS = (
    "small_data",
    "network_beats_svm",
    "bigger_is_better",
)
SMALL_SIZES = (128, 256)
BIG_SIZES = 2  # the second claim is judged at as many of the largest sizes

Planned = Mapping[str, Mapping[int, int]]  # family -> size -> repeats asked for


@dataclass(frozen=True)
class Question:
    """One claim as asked of one sweep.

    Attributes:
        pairs: (a, b), where the claim is about error_a - error_b.
        sizes: the sizes that decide, ascending.
        obstacle: why the claim cannot be judged; empty where it can.
        remedy: what would remove the obstacle.
        notes: what the verdict does not speak for.
        metric: what error is.
    """

    claim: str
    statement: str
    pairs: tuple[tuple[str, str], ...]
    sizes: tuple[int, ...] = ()
    obstacle: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()
    metric: Metric = ERROR


def ask(
    claims: ClaimSettings, labels: Mapping[str, str], planned: Planned, metric: Metric = ERROR
) -> tuple[Question, ...]:
    """The three questions of the chart, in its order.

    >>> planned = {name: {64: 5, 128: 5} for name in ("logistic_regression", "svm", "small_nn")}
    >>> for question in ask(ClaimSettings(networks=("small_nn",)), {"small_nn": "small network"}, planned):
    ...     print(question.sizes, question.statement)
    (64, 128) With little data (64 and 128 rows), small network does about as well as logistic_regression \
and svm, within 2.0 points of error
    (64, 128) With much data (64 and 128 rows), small network beats svm
    () With the most data, the bigger network is the better one
    """
    asked = (
        _small_data(claims, labels, planned, metric),
        _network_beats_svm(claims, labels, planned),
        _bigger_is_better(claims, labels, planned),
    )
    return tuple(replace(question, metric=metric) for question in asked)


def _small_data(
    claims: ClaimSettings, labels: Mapping[str, str], planned: Planned, metric: Metric
) -> Question:
    others = (claims.linear, claims.kernel)
    common = _common(planned, (*claims.networks, *others))
    usual = SMALL_SIZES if set(SMALL_SIZES) <= set(common) else common[: len(SMALL_SIZES)]
    sizes = usual if claims.small_sizes is None else claims.small_sizes
    networks = [label(name, labels) for name in claims.networks]
    statement = (
        f"With little data{_at(sizes)}, {listed(networks)} {'does' if len(networks) == 1 else 'do'} about as "
        f"well as {listed(label(name, labels) for name in others)}, within {within(claims.margin, metric)}"
    )
    pairs = tuple((network, other) for network in claims.networks for other in others)
    obstacle, remedy = _missing((*claims.networks, *others), sizes, labels, planned)
    return Question(SMALL_DATA, statement, pairs, sizes, obstacle, remedy)


def _network_beats_svm(claims: ClaimSettings, labels: Mapping[str, str], planned: Planned) -> Question:
    network, kernel = claims.networks[0], claims.kernel
    sizes = _common(planned, (network, kernel))[-BIG_SIZES:]
    statement = f"With much data{_at(sizes)}, {label(network, labels)} beats {label(kernel, labels)}"
    obstacle, remedy = _missing((network, kernel), sizes, labels, planned)
    beyond = [size for size in sorted(planned.get(network, {})) if sizes and size > sizes[-1]]
    alone = f"{rows(beyond)} were run without {label(kernel, labels)}: this verdict does not speak for them."
    notes = (alone,) if beyond else ()
    return Question(NETWORK_BEATS_SVM, statement, ((network, kernel),), sizes, obstacle, remedy, notes)


def _bigger_is_better(claims: ClaimSettings, labels: Mapping[str, str], planned: Planned) -> Question:
    names = [label(name, labels) for name in claims.networks]
    if len(names) < 2:
        return Question(
            BIGGER_IS_BETTER,
            "With the most data, the bigger network is the better one",
            pairs=(),
            obstacle=f"Only one network, {names[0]}, is named to be compared by size.",
            remedy="name two or more in claims.networks, small to large",
        )
    pairs = tuple(zip(claims.networks[1:], claims.networks[:-1], strict=True))
    sizes = _common(planned, claims.networks)[-1:]
    each = [f"{label(a, labels)} beats {label(b, labels)}" for a, b in reversed(pairs)]
    obstacle, remedy = _missing(claims.networks, sizes, labels, planned)
    return Question(
        BIGGER_IS_BETTER,
        f"With the most data{_at(sizes)}, the bigger network is the better one: {listed(each)}",
        pairs,
        sizes,
        obstacle,
        remedy,
    )


def _at(sizes: Iterable[int]) -> str:
    told = rows(sizes)
    return f" ({told})" if told else ""


def _common(planned: Planned, families: Iterable[str]) -> tuple[int, ...]:
    """The sizes at which all of them are run."""
    ladders = [set(planned.get(name, {})) for name in families]
    return tuple(sorted(set.intersection(*ladders)))


def _missing(
    families: Iterable[str], sizes: tuple[int, ...], labels: Mapping[str, str], planned: Planned
) -> tuple[str, str]:
    """What the plan lacks for a claim, and the remedy; two empty texts where it lacks nothing."""
    families = tuple(families)
    absent = [name for name in families if name not in planned]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        wanted = ",".join([*planned, *absent])
        return (
            f"{listed(absent)} {verb} not part of this sweep.",
            f"harness sweep 'model=[{wanted}]', or name families that you have in claims.linear, "
            "claims.kernel and claims.networks",
        )
    common = _common(planned, families)
    unrun = [size for size in sizes if size not in common]
    together = f"{listed(label(name, labels) for name in families)} are not all run at"
    if not common:
        return f"{together} one size.", "add a smaller one to data.sizes, or raise the families' max_size"
    if unrun:
        return f"{together} {rows(unrun)}.", f"choose from {rows(common)} in claims.small_sizes"
    return "", ""
