"""A search space is a table from parameter names to what they may be; a setting is one row of choices.

An entry of a space is a plain value (fixed), a range {low, high[, log][, step][, default]}, a list of
{choices[, default]}, or, for `hidden`, {layers: range, units: range}, meaning `(units,) * layers`.
Only ranges and choices are searched; they are named by their path, such as `hidden.units`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigError
from harness.records import Family, ParamValue, Task
from models import count_parameters


def is_searched(entry: object) -> bool:
    """True for a range or a list of choices, False for a fixed value.

    >>> is_searched({"low": 1, "high": 3}), is_searched(0.5)
    (True, False)
    """
    return isinstance(entry, Mapping) and ("low" in entry or "choices" in entry)


def searched(space: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The searched entries of a space, by path, in the order of their names, whatever the file's.

    The order decides which random number a parameter gets, so it must not depend on how a file is laid out.

    >>> list(searched({"hidden": {"layers": 1, "units": {"low": 4, "high": 32}}, "slope": 0.01}))
    ['hidden.units']
    """
    flat: dict[str, Mapping[str, Any]] = {}
    for name, entry in space.items():
        if is_searched(entry):
            flat[name] = entry
        elif isinstance(entry, Mapping):
            flat |= {f"{name}.{inner}": part for inner, part in entry.items() if is_searched(part)}
    return dict(sorted(flat.items()))


def default_setting(space: Mapping[str, Any]) -> dict[str, ParamValue]:
    """The setting tried first: each entry's `default`, else its first choice or its lower bound.

    >>> default_setting({"C": {"low": 0.1, "high": 10.0, "default": 1.0}, "kernel": {"choices": ["rbf"]}})
    {'C': 1.0, 'kernel': 'rbf'}
    """
    return {
        path: entry.get("default", entry["choices"][0] if "choices" in entry else entry["low"])
        for path, entry in searched(space).items()
    }


def arguments(space: Mapping[str, Any], setting: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for the estimator: the fixed values of the space and the chosen ones.

    >>> arguments({"hidden": {"layers": 2, "units": {"low": 4, "high": 32}}}, {"hidden.units": 8})
    {'hidden': (8, 8)}
    """
    chosen: dict[str, Any] = {}
    for name, entry in space.items():
        if is_searched(entry):
            chosen[name] = setting[name]
        elif isinstance(entry, Mapping) and set(entry) == {"layers", "units"}:
            layers, units = (setting.get(f"{name}.{part}", entry[part]) for part in ("layers", "units"))
            chosen[name] = (units,) * layers
        else:
            chosen[name] = entry
    return chosen


def capped(space: Mapping[str, Any], inputs: int, outputs: int, cap: int | None) -> dict[str, Any]:
    """The space with `hidden.units` bounded so that every network has at most `cap` parameters on this data.

    So a class of networks stays a class on wide data.

    Raises:
        ConfigError: where even the smallest width is above the cap.

    >>> capped({"hidden": {"layers": 1, "units": {"low": 4, "high": 64}}}, 784, 10, 10_000)["hidden"]
    {'layers': 1, 'units': {'low': 4, 'high': 12}}
    """
    hidden = space.get("hidden")
    if cap is None or not isinstance(hidden, Mapping):
        return dict(space)
    deepest, units = _bounds(hidden["layers"])[1], hidden["units"]
    low, high = _bounds(units)

    def parameters(width: int) -> int:
        return count_parameters(inputs, (width,) * deepest, outputs)

    high = low - 1 + bisect_right(range(low, high + 1), cap, key=parameters)
    if isinstance(units, Mapping) and "choices" in units:
        high = max([choice for choice in units["choices"] if choice <= high], default=low - 1)
    if high < low:
        raise ConfigError(
            f"a network of {deepest} layers of {low} units has "
            f"{parameters(low):,} parameters on {inputs} inputs, "
            f"max_parameters is {cap:,}; raise max_parameters or lower space.hidden"
        )
    return {**space, "hidden": {"layers": hidden["layers"], "units": _at_most(units, high)}}


def on_data(family: Family, task: Task) -> dict[str, Any]:
    """The space of a family on a data set: `capped` for its features and classes, or its one number.

    Raises:
        ConfigError: as `capped`.
    """
    classes = len(task.classes)
    outputs = classes if classes > 2 else 1
    return capped(family.space, len(task.features), outputs, family.max_parameters)


def _at_most(entry: Any, high: int) -> Any:
    """An integer entry without its values above `high`, which is at least its lowest.

    >>> _at_most({"low": 8, "high": 64, "step": 8, "default": 32}, 18)
    {'low': 8, 'high': 16, 'step': 8, 'default': 16}
    """
    if not isinstance(entry, Mapping):
        return entry
    kept = dict(entry)
    if "choices" in entry:
        kept["choices"] = [choice for choice in entry["choices"] if choice <= high]
    else:
        step = entry.get("step") or 1
        kept["high"] = entry["low"] + (min(entry["high"], high) - entry["low"]) // step * step
    if "default" in entry:
        kept["default"] = min(entry["default"], max(kept.get("choices", [kept.get("high")])))
    return kept


def _bounds(entry: Any) -> tuple[int, int]:
    """Lowest and highest value of an integer entry, searched or fixed."""
    if isinstance(entry, Mapping):
        if "choices" in entry:
            return min(entry["choices"]), max(entry["choices"])
        return int(entry["low"]), int(entry["high"])
    return int(entry), int(entry)
