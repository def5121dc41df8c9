"""The rules for an estimator's settings: a table of choices, one of ranges; a broken rule is one sentence."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from models.activations import ACTIVATIONS
from models.initializers import INITIALIZERS
from models.optimizers import OPTIMIZERS, SCHEDULES

_CHOICES: dict[str, tuple[str, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "initializer": ("auto", *INITIALIZERS),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "dtype": ("float32", "float64"),
    "output": ("identity", "relu"),
}
# (lowest, highest, whether the lowest itself is allowed); the highest is excluded
_RANGES: dict[str, tuple[float, float, bool]] = {
    "learning_rate": (0.0, math.inf, False),
    "slope": (0.0, 1.0, True),
    "momentum": (0.0, 1.0, True),
    "weight_decay": (0.0, math.inf, True),
    "l2": (0.0, math.inf, True),
    "dropout": (0.0, 1.0, True),
    "input_dropout": (0.0, 1.0, True),
    "noise": (0.0, math.inf, True),
    "label_smoothing": (0.0, 1.0, True),
    "clip": (0.0, math.inf, False),
    "validation_fraction": (0.0, 1.0, False),
}
_SWITCHES = ("batch_norm", "early_stopping", "standardize")
_NONE = ("clip",)  # of the ranges: which settings may be None
_COUNTS: dict[str, tuple[Any, ...]] = {
    "batch_size": ("auto", None),
    "steps": ("auto",),
    **dict.fromkeys(("patience", "epochs", "channels", "units"), ()),
}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ValueError at the first setting that breaks its rule.

    >>> check_settings({"activation": "swish"})
    Traceback (most recent call last):
    ...
    ValueError: activation must be one of sigmoid, tanh, relu, leaky_relu, identity; got 'swish'
    """
    for name, value in settings.items():
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}; got {value!r}")
        if name in _SWITCHES and not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name} must be True or False; got {value!r}")
        if name in _RANGES and not (_inside(value, *_RANGES[name]) or (value is None and name in _NONE)):
            low, high, closed = _RANGES[name]
            above = f"at least {low:g}" if closed else f"above {low:g}"
            below = "finite" if high == math.inf else f"below {high:g}"
            others = " or None" if name in _NONE else ""
            raise ValueError(f"{name} must be {above} and {below}{others}; got {value!r}")
        if name in _COUNTS and not (_is_count(value) or value in _COUNTS[name]):
            others = "".join(f" or {other!r}" for other in _COUNTS[name])
            raise ValueError(f"{name} must be a whole number of at least 1{others}; got {value!r}")
        if name == "hidden" and not _are_counts(value):
            raise ValueError(f"hidden must be a tuple of units per layer, such as (64,) or (); got {value!r}")


def _inside(value: Any, low: float, high: float, closed: bool) -> bool:
    return (
        isinstance(value, int | float | np.number)
        and bool(low <= value if closed else low < value)
        and bool(value < high)
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 1)


def _are_counts(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str) and all(map(_is_count, value))
