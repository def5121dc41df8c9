"""A target is the dotted path of an estimator's class, `_target_` in a family's file, checked by its letters.

Nothing is imported here: a target outside the trusted modules is refused before anything could run. What it
names is looked at by `harness.families`, for a prefix alone is no boundary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.checks import mistake
from harness.errors import ConfigError

TRUSTED = ("models", "sklearn")
KEY = "_target_"


def targets(tree: Any) -> Iterator[Any]:
    """Every `_target_` in a configuration tree.

    >>> list(targets({"_target_": "sklearn.svm.SVC", "inner": [{"_target_": "models.X"}]}))
    ['sklearn.svm.SVC', 'models.X']
    """
    if isinstance(tree, Mapping):
        if KEY in tree:
            yield tree[KEY]
        for value in tree.values():
            yield from targets(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from targets(value)


def check_estimator(tree: Any, path: str, trusted_modules: tuple[str, ...]) -> None:
    """Refuse every target outside the trusted modules, at any depth, and every key that is no argument.

    Raises:
        ConfigError: naming the target, the modules allowed, and the key that adds one.

    >>> check_estimator({"_target_": "os.system", "command": "true"}, "model.x.estimator", ())
    Traceback (most recent call last):
    harness.errors.ConfigError: model.x.estimator: _target_ 'os.system' is outside the trusted modules \
(models, sklearn); if you trust it, add its module to trusted_modules
    """
    if isinstance(tree, (list, tuple)):
        for value in tree:
            check_estimator(value, path, trusted_modules)
    if not isinstance(tree, Mapping):
        return
    if KEY in tree:
        _check_target(tree[KEY], path, trusted_modules)
    if len({type(key) for key in tree}) > 1:  # the hash of a cell sorts them
        raise mistake(path, "keyed by names or by numbers, not by both", list(tree))
    for key, value in tree.items():
        if key != KEY:
            _check_key(key, path, is_argument=KEY in tree)
            check_estimator(value, f"{path}.{key}", trusted_modules)


def _check_target(target: object, path: str, trusted_modules: tuple[str, ...]) -> None:
    if not isinstance(target, str) or not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", target, re.ASCII):
        raise mistake(f"{path}.{KEY}", "the dotted path of a class", target, "e.g. sklearn.svm.SVC")
    allowed = (*TRUSTED, *trusted_modules)
    if not is_below(target, allowed):
        raise ConfigError(
            f"{path}: _target_ {target!r} is outside the trusted modules ({', '.join(allowed)}); "
            "if you trust it, add its module to trusted_modules"
        )


def _check_key(key: object, path: str, is_argument: bool) -> None:
    """Keys of an estimator are names of arguments; `_args_`, `_partial_` and their like mean nothing here."""
    if isinstance(key, str) and re.fullmatch(r"_\w+_", key):
        raise mistake(path, f"made of arguments and {KEY}", key, "write every argument as name: value")
    if is_argument and not (isinstance(key, str) and key.isidentifier()):
        raise mistake(path, "keyed by names of arguments", key)


def check_caches(tree: Any, path: str) -> None:
    """Refuse every `memory` but null, at any depth.

    It would keep results of fits as pickles in a folder, and load what lies there. An estimator that sets
    parameters of another (`param_grid`) names it `memory` or `base__memory`, with a list of values.

    Raises:
        ConfigError: naming the key.

    >>> check_caches({"param_grid": {"memory": [None], "base__memory": [None, "/tmp"]}}, "space")
    Traceback (most recent call last):
    harness.errors.ConfigError: space.param_grid.base__memory must be null, for a cache of fits is a folder \
of pickles, got [None, '/tmp']; take it out
    """
    if isinstance(tree, (list, tuple)):
        for value in tree:
            check_caches(value, path)
    if not isinstance(tree, Mapping):
        return
    for key, value in tree.items():
        is_cache = isinstance(key, str) and (key == "memory" or key.endswith("__memory"))
        if is_cache and any(each is not None for each in _alternatives(value)):
            rule = "null, for a cache of fits is a folder of pickles"
            raise mistake(f"{path}.{key}", rule, value, "take it out")
        check_caches(value, f"{path}.{key}")


def _alternatives(value: Any) -> Iterable[Any]:
    """What an argument may become: the choices of an entry of a space, the items of a list, or itself."""
    if isinstance(value, Mapping) and "choices" in value and set(value) <= {"choices", "default"}:
        return [*_alternatives(value["choices"]), value.get("default")]
    return value if isinstance(value, (list, tuple)) else [value]


def is_below(name: str, prefixes: Iterable[str]) -> bool:
    """True for one of the modules or a name inside one.

    >>> is_below("sklearn.svm", ["sklearn"]), is_below("sklearnx.svm", ["sklearn"])
    (True, False)
    """
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)
