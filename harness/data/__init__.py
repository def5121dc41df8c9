"""A data set is a name and options that become a Task once, and then a folder of arrays that workers map.

Preparing (parsing, encoding, drawing the test set) happens in the driver, and only where the cache lacks it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DataError
from ..records import Task
from . import (
    air_time,
    covertype,
    diabetes,
    digits,
    file,
    flights,
    higgs,
    idx,
    mnist1d,
    openml,
    poker,
    synthetic,
    teacher,
    words,
)
from .cache import cached, open_cached
from .ladder import ladder, proposed
from .listing import lines, listed
from .recipe import About, Options, Recipe

__all__ = ["RECIPES", "describe", "is_here", "ladder", "listing", "load", "open_cached", "proposed", "told"]

RECIPES: dict[str, Recipe] = {
    "air_time": air_time.RECIPE,
    "covertype": covertype.RECIPE,
    "diabetes": diabetes.RECIPE,
    "digits": digits.RECIPE,
    "fashion_mnist": idx.RECIPES["fashion_mnist"],
    "file": file.RECIPE,
    "flights": flights.RECIPE,
    "higgs": higgs.RECIPE,
    "mnist": idx.RECIPES["mnist"],
    "mnist1d": mnist1d.RECIPE,
    "openml": openml.RECIPE,
    "parity": synthetic.RECIPES["parity"],
    "poker": poker.RECIPE,
    "teacher": teacher.RECIPE,
    "tent_map": synthetic.RECIPES["tent_map"],
    "words": words.RECIPE,
    "xor": synthetic.RECIPES["xor"],
}


def load(
    name: str, options: Mapping[str, Any], cache: Path, accept: Callable[[Task], object] = lambda _: None
) -> Task:
    """The data set of that name, memory-mapped from `cache`, prepared first where the cache lacks it.

    Args:
        name: of one of the data sets in `listing()`.
        options: of the data set, as in `conf/data/<name>.yaml`; those left out take their defaults.
        cache: folder of prepared data sets, made where it is missing.
        accept: is given the Task before any of it is written, and raises where it is of no use.

    Raises:
        ConfigError: no data set has that name.
        HarnessError: what `accept` raises; nothing is then left in `cache` that was not there.
        DataError: an option is unknown or unsuited, or the source is absent, unreadable or unsuited.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as cache:
    ...     task = load("digits", {}, Path(cache))
    >>> task.X.shape, task.X_test.shape, len(task.classes)
    ((1297, 64), (500, 64), 10)
    """
    recipe, stated = _recipe(name, options)
    return cached(name, recipe, stated, cache, accept)


def describe(name: str, options: Options) -> list[str]:
    """What was found in a data set and what was decided, in lines. Nothing is written.

    Raises:
        ConfigError, DataError: as `load`, but a file needs no target.
    """
    from . import description

    recipe, stated = _recipe(name, options)
    if name == "file":
        return list(description.of_file(file.examine(stated)))
    return list(description.of_task(recipe.prepare(stated)))


def listing() -> list[str]:
    """Every data set in lines: rows, licence, source, and the command where it is not on this machine.

    Nothing is prepared, read or imported for it, so it takes milliseconds.
    """
    return [*lines(listed(RECIPES)), "", "harness data data=digits says more of one"]


def told(name: str) -> About:
    """What a person is told of the data set of that name.

    Raises:
        ConfigError: no data set has that name.
    """
    return _recipe(name, {})[0].about


def is_here(name: str, options: Options) -> bool:
    """Whether the data set can be prepared without a network; nothing is read or imported for it.

    Raises:
        ConfigError, DataError: no data set has that name, or it has no such option.
    """
    recipe, stated = _recipe(name, options)
    return recipe.about.is_here(stated)


def _recipe(name: str, options: Options) -> tuple[Recipe, Options]:
    """The recipe of that name, and all its options.

    Raises:
        ConfigError: no data set has that name.
        DataError: an option is unknown.
    """
    if name not in RECIPES:
        raise ConfigError(f"data must be one of {', '.join(RECIPES)}, got {name!r}{_nearest(name, RECIPES)}")
    recipe = RECIPES[name]
    for option in options:
        if option not in recipe.defaults:
            known = ", ".join(recipe.defaults) or "none"
            raise DataError(
                f"data={name} has no option {option!r} (its options: {known})"
                f"{_nearest(option, recipe.defaults)}"
            )
    return recipe, {**recipe.defaults, **options}


def _nearest(word: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
