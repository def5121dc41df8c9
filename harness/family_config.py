"""The file of a family, checked: its fields and every entry of its search space.

Whether the estimator exists and takes these parameters is asked later, by `harness.families`, which imports
it; nothing is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.checks import is_number, is_whole, keys, mistake, name, one_of, positive, sequence, text, whole
from harness.errors import ConfigError
from harness.targets import KEY, check_caches, check_estimator, targets

if TYPE_CHECKING:
    from harness.records import Family

SELECTIONS = ("log_loss", "error")
PROGRESSES = ("steps", "rungs")
PREPROCESSES = ("standardize", "none")
REQUIRED = ("label", "estimator", "space")
OPTIONAL = ("selection", "progress", "preprocess", "max_size", "max_parameters", "seconds_per_row")
REGRESSOR = "regressor"  # a group of those fields that are others where the target is a number


def parse_families(tree: object, trusted_modules: tuple[str, ...] = ()) -> tuple[Family, ...]:
    """The families of the group `model`, in the order they were asked for.

    Raises:
        ConfigError: for no family, or the first field or entry of a space that is wrong.
    """
    if not isinstance(tree, Mapping) or not tree:
        raise mistake("model", "at least one family", tree, "e.g. 'model=[logistic_regression,svm]'")
    stray = [key for key in tree if key in (*REQUIRED, *OPTIONAL, REGRESSOR)]
    if stray:
        raise ConfigError(
            f"model.{stray[0]} belongs to no family; "
            "begin the family's file with the line '# @package model.<its name>'"
        )
    return tuple(parse_family(key, fields, trusted_modules) for key, fields in tree.items())


def parse_family(family: object, fields: object, trusted_modules: tuple[str, ...] = ()) -> Family:
    """One family from the fields of its file (`conf/model/<family>.yaml`).

    Raises:
        ConfigError: for the first field or entry of its space that is wrong.
    """
    path = f"model.{family}"
    named = name(family, path)
    if "." in named:
        raise mistake(path, "a name without a dot", family)
    tree = keys(fields, path, REQUIRED, (*OPTIONAL, REGRESSOR))
    other = tree.get(REGRESSOR)
    found = _family(named, tree, path, trusted_modules)
    if other is None:
        return found
    at = f"{path}.{REGRESSOR}"
    changed = keys(other, at, ("estimator",), ("label", "space", *OPTIONAL))
    kept = {key: value for key, value in tree.items() if key != REGRESSOR}
    regressor = _family(named, {**kept, **changed}, at, trusted_modules)
    return replace(found, regressor=regressor)


def _family(named: str, tree: Mapping[str, Any], path: str, trusted_modules: tuple[str, ...]) -> Family:
    from harness.records import Family  # reaches NumPy, which help and completion do without

    optional: dict[str, Callable[[Any, str], Any]] = {
        "selection": lambda value, at: one_of(value, at, SELECTIONS),
        "progress": lambda value, at: one_of(value, at, PROGRESSES),
        "preprocess": lambda value, at: one_of(value, at, PREPROCESSES),
        "max_size": lambda value, at: None if value is None else whole(value, at),
        "max_parameters": lambda value, at: None if value is None else whole(value, at),
        "seconds_per_row": positive,
    }
    return Family(
        name=named,
        label=text(tree["label"], f"{path}.label"),
        estimator=_estimator(tree["estimator"], f"{path}.estimator", trusted_modules),
        space=_space(tree["space"], f"{path}.space", fixed=tree["estimator"]),
        **{key: optional[key](tree[key], f"{path}.{key}") for key in OPTIONAL if key in tree},
    )


def _estimator(tree: object, path: str, trusted_modules: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(tree, Mapping) or KEY not in tree:
        raise mistake(path, f"a group with the key {KEY}", tree, "e.g. {_target_: sklearn.svm.SVC}")
    check_estimator(tree, path, trusted_modules)
    check_caches(tree, path)
    return tree


def _space(tree: object, path: str, fixed: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(tree, Mapping):
        raise mistake(path, "a group of parameters", tree, "e.g. {C: {low: 0.01, high: 100, log: true}}")
    for parameter, entry in tree.items():
        if not isinstance(parameter, str) or not parameter.isidentifier():
            raise mistake(path, "keyed by names of parameters", parameter)
        if parameter in fixed:
            raise ConfigError(
                f"{path}.{parameter} is also fixed in the estimator; take it out of one of them"
            )
        check_entry(entry, f"{path}.{parameter}")
        if list(targets(entry)):
            raise mistake(
                f"{path}.{parameter}", "made of plain values", entry, "estimators go into estimator"
            )
    check_caches(tree, path)
    return tree


def check_entry(entry: object, path: str) -> None:
    """Refuse an entry of a space that no sampler could draw from.

    Raises:
        ConfigError: naming the rule that the entry breaks.

    >>> check_entry({"low": 1e-4, "high": 1e-1, "log": True, "default": 1e-2}, "space.alpha")
    """
    if not isinstance(entry, Mapping):
        return
    if "choices" in entry:
        _choices(entry, path)
    elif "layers" in entry or "units" in entry:
        for part, inner in keys(entry, path, ("layers", "units")).items():
            _whole_entry(inner, f"{path}.{part}")
    else:
        _range(entry, path)


def _choices(entry: Mapping[str, Any], path: str) -> None:
    keys(entry, path, ("choices",), ("default",))
    choices = sequence(entry["choices"], f"{path}.choices", "values")
    for number, choice in enumerate(choices):
        if choice is not None and not isinstance(choice, (bool, int, float, str)):
            raise mistake(f"{path}.choices", "a list of plain values", choice)
        if choice in choices[:number]:
            raise mistake(f"{path}.choices", "free of repetition", choices)
    if "default" in entry and entry["default"] not in choices:
        raise mistake(f"{path}.default", f"one of the choices {choices}", entry["default"])


def _range(entry: Mapping[str, Any], path: str) -> None:
    keys(entry, path, ("low", "high"), ("log", "step", "default"))
    low, high, step, log = entry["low"], entry["high"], entry.get("step"), entry.get("log", False)
    for key, value in entry.items():
        if key == "log" and not isinstance(log, bool):
            raise mistake(f"{path}.log", "true or false", log)
        if key != "log" and not is_number(value) and not (key == "step" and value is None):
            raise mistake(f"{path}.{key}", "a number", value)
    if low >= high:
        raise mistake(f"{path}.low", f"below high ({high})", low, "for a fixed value write it plainly")
    if log and low <= 0:
        raise mistake(f"{path}.low", "above 0 on a log scale", low)
    if step is not None:
        _step(low, high, step, path, log)
    _default(entry, path)


def _step(low: float, high: float, step: float, path: str, log: bool) -> None:
    if log:
        raise ConfigError(f"{path} has both step and log; take one of them out")
    if step <= 0 or not _divides(step, high - low):
        raise mistake(f"{path}.step", f"above 0 and a divisor of high - low ({high - low})", step)


def _default(entry: Mapping[str, Any], path: str) -> None:
    low, high, step = entry["low"], entry["high"], entry.get("step")
    default = entry.get("default", low)
    if not low <= default <= high:
        raise mistake(f"{path}.default", f"from low ({low}) to high ({high})", default)
    if step is not None and not _divides(step, default - low):
        raise mistake(f"{path}.default", f"a number of steps ({step}) above low ({low})", default)
    if is_whole(entry) and not isinstance(default, int):
        raise mistake(f"{path}.default", "a whole number, as its bounds are", default)


def _divides(step: float, distance: float) -> bool:
    steps = distance / step
    return abs(steps - round(steps)) < 1e-9 * max(1.0, abs(steps))


def _whole_entry(entry: object, path: str) -> None:
    """Layers and units: a whole number of at least 1, or a range or choices of such."""
    check_entry(entry, path)
    if not isinstance(entry, Mapping):
        if isinstance(entry, bool) or not isinstance(entry, int) or entry < 1:
            raise mistake(path, "a whole number of at least 1", entry)
        return
    for value in entry.get("choices") or [entry.get("low"), entry.get("high"), entry.get("step") or 1]:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise mistake(path, "made of whole numbers of at least 1", value)
