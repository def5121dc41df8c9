"""A verdict is a claim's answer, with its reason, its evidence and what would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from harness.metrics import ERROR, Metric
from harness.verdicts.comparisons import Comparison
from harness.verdicts.crossing import Crossing


class Answer(StrEnum):
    """What the evidence says of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Verdict:
    """One claim, judged.

    Attributes:
        claim: "small_data", "network_beats_svm" or "bigger_is_better".
        statement: the claim as tested, with its sizes.
        because: the reason, in points of error (hundredths of the test rows) or the metric's unit.
        p, p_adjusted: of the test that supports the claim, alone and after Holm over the claims; None
            where something the test needs is absent.
        p_against, p_against_adjusted: the same for the test that contradicts it.
        sizes: the sizes that decide.
        comparisons: the evidence at those sizes.
        crossing: for network_beats_svm, from which size on the network is ahead.
        remedy: what would settle an undetermined claim; empty for the others.
        notes: what else a reader must know.
    """

    claim: str
    statement: str
    answer: Answer
    because: str
    p: float | None
    p_adjusted: float | None
    p_against: float | None
    p_against_adjusted: float | None
    sizes: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    crossing: Crossing | None
    remedy: str
    notes: tuple[str, ...]


def as_json(verdicts: Sequence[Verdict], metric: Metric = ERROR) -> dict[str, Any]:
    """The verdicts as plain values: texts, lists, finite numbers and None. Differences are shares.

    Of a metric that is no share of wrong rows they are in its baseline.

    >>> as_json([])
    {'unit': 'share of the test rows', 'verdicts': []}
    >>> as_json([], Metric("rmse", 77.0))["unit"]
    '77.0, the RMSE of the mean of the target'
    """
    unit = f"{metric.baseline}, the {metric.label} of {metric.guess}"
    if metric.is_share:
        unit = "share of the test rows" if metric == ERROR else metric.label
    return {"unit": unit, "verdicts": [_plain(asdict(each)) for each in verdicts]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, StrEnum) else value
