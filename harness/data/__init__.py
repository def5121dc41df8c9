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
from . import covertype, digits, file, flights, higgs, idx, mnist1d, openml, poker, synthetic, teacher, words
from .cache import cached, open_cached
from .listing import lines, listed
from .recipe import About, Recipe

__all__ = ["RECIPES", "is_here", "ladder", "listing", "load", "open_cached", "told"]

RECIPES: dict[str, Recipe] = {
    "covertype": covertype.RECIPE,
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
    recipe = _recipe(name)
    for option in options:
        if option not in recipe.defaults:
            known = ", ".join(recipe.defaults) or "none"
            raise DataError(
                f"data={name} has no option {option!r} (its options: {known})"
                f"{_nearest(option, recipe.defaults)}"
            )
    return cached(name, recipe, {**recipe.defaults, **options}, cache, accept)


def listing() -> list[str]:
    """Every data set in lines: rows, licence, source, and the command where it is not on this machine.

    Nothing is prepared, read or imported for it, so it takes milliseconds.
    """
    return list(lines(listed(RECIPES)))


def told(name: str) -> About:
    """What a person is told of the data set of that name.

    Raises:
        ConfigError: no data set has that name.
    """
    return _recipe(name).about


def is_here(name: str, options: Mapping[str, Any]) -> bool:
    """Whether the data set can be prepared without a network; nothing is read or imported for it.

    Raises:
        ConfigError: no data set has that name.
    """
    recipe = _recipe(name)
    return recipe.about.is_here({**recipe.defaults, **options})


def ladder(pool_rows: int, classes: int) -> tuple[int, ...]:
    """The sizes that `data.sizes: auto` proposes, ascending.

    Powers of two from max(64, 4 rows a class) up to half the pool and at most 32,768; of more than nine, the
    nine largest. A pool with less than twice that start is started at max(16, 2 rows a class).

    Raises:
        DataError: half the pool is less than that.

    >>> ladder(303_345, classes=16)
    (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    >>> ladder(1_297, classes=10), ladder(120, classes=3)
    ((64, 128, 256, 512), (16, 32))
    """
    most = min(pool_rows // 2, 32_768)
    for least in (max(64, 4 * classes), max(16, 2 * classes)):
        start = (least - 1).bit_length()
        sizes = tuple(2**power for power in range(start, most.bit_length()))
        if sizes:
            return sizes[-9:]
    raise DataError(
        f"data.sizes=auto needs a pool of at least {2 ** (start + 1):,} rows for {classes:,} classes, "
        f"got {pool_rows:,}; bring more rows or give data.sizes yourself"
    )


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise ConfigError(f"data must be one of {', '.join(RECIPES)}, got {name!r}{_nearest(name, RECIPES)}")
    return RECIPES[name]


def _nearest(word: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
