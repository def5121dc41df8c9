"""A finding is what an experiment of the course returns: a verdict with its numbers, and a picture to draw.

It computes nothing and draws nothing; as JSON it is the record, and comes back from it as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.verdicts import Answer

Array = NDArray[Any]
Values = Sequence[float] | Array
Row = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Curve:
    """y over x, in a band from low to high where both are given; all of equal length."""

    x: Values
    y: Values
    low: Values | None = None
    high: Values | None = None


@dataclass(frozen=True)
class Lines:
    """A panel of curves, one for each label."""

    title: str
    x_label: str
    y_label: str
    curves: Mapping[str, Curve]
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True)
class Bars:
    """A panel of bars: label -> (value, low, high); `y_label` says what is measured, with its unit."""

    title: str
    y_label: str
    values: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Images:
    """A panel of 2-D arrays on one scale, in diverging colours about 0."""

    title: str
    images: Mapping[str, Array]


Panel = Lines | Bars | Images
PANELS = {kind.__name__.lower(): kind for kind in (Lines, Bars, Images)}


@dataclass(frozen=True)
class Finding:
    """What an experiment found.

    Attributes:
        effect, low, high: the effect and its 95 % interval, or where `is_range` the least and the largest.
        unit: what the effect is of, in words, with its unit.
        sentence: what was found, for a reader: one to three plain sentences with the figures.
        rows: the numbers behind the picture, one table.
        panels: the picture, one to three panels side by side.
        conditions: where the statement is wrong, or holds only under conditions.
    """

    verdict: Answer
    effect: float
    low: float
    high: float
    unit: str
    sentence: str
    rows: tuple[Row, ...]
    panels: tuple[Panel, ...]
    conditions: str = ""
    is_range: bool = False


class NotHere(HarnessError):  # noqa: N818 - an outcome, not a mistake
    """An experiment cannot run, because something it needs is not on this machine.

    >>> print(NotHere("PyTorch is not installed", "uv pip install torch"))
    PyTorch is not installed; uv pip install torch brings it
    """

    def __init__(self, absent: str, command: str) -> None:
        super().__init__(f"{absent}; {command} brings it")
        self.absent, self.command = absent, command

    def __reduce__(self) -> Any:
        return NotHere, (self.absent, self.command)


def as_json(finding: Finding) -> dict[str, Any]:
    """The finding as plain values.

    >>> panel = Lines("t", "x", "y", {"a": Curve(np.arange(2), (0.0, np.float32(1)))})
    >>> found = Finding(Answer.SUPPORTED, 1.0, 0.5, 1.5, "points", "It is.", ({"n": np.int64(1)},), (panel,))
    >>> as_json(found)["panels"][0]["curves"]["a"]["y"], from_json(as_json(found)).rows
    ([0.0, 1.0], ({'n': 1},))
    """
    plain = {**asdict(finding), "verdict": str(finding.verdict)}
    kinds = [type(panel).__name__.lower() for panel in finding.panels]
    plain["panels"] = [{"kind": kind, **panel} for kind, panel in zip(kinds, plain["panels"], strict=True)]
    return {key: _plain(value) for key, value in plain.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [_plain(inner) for inner in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def from_json(plain: Mapping[str, Any]) -> Finding:
    """The finding that `as_json` made these values of."""
    panels = tuple(_panel(**panel) for panel in plain["panels"])
    read = {**plain, "verdict": Answer(plain["verdict"]), "rows": tuple(plain["rows"]), "panels": panels}
    return Finding(**read)


def _panel(kind: str, **fields: Any) -> Panel:
    if kind == "lines":
        fields["curves"] = {label: Curve(**curve) for label, curve in fields["curves"].items()}
    elif kind == "bars":
        fields["values"] = {label: tuple(value) for label, value in fields["values"].items()}
    else:
        fields["images"] = {label: np.asarray(image) for label, image in fields["images"].items()}
    return PANELS[kind](**fields)
