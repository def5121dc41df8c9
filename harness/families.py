"""A family becomes an estimator here, and nothing but an estimator.

`harness.targets` has checked the letters of every target before anything is imported. A prefix alone is no
boundary (`sklearn.os.system` resolves), so a target is a module imported by its own name, then one attribute,
which is a `BaseEstimator` subclass defined below an allowed prefix.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.records import Family, ParamValue
from harness.space import arguments
from harness.targets import KEY, TRUSTED, is_below, targets


def resolve(target: str, trusted_modules: tuple[str, ...] = ()) -> type[Any]:
    """The estimator class a target names.

    Raises:
        ConfigError: where it is not a scikit-learn estimator class defined below a trusted module.

    >>> resolve("sklearn.svm.SVC").__name__
    'SVC'
    """
    allowed = (*TRUSTED, *trusted_modules)
    module_name, _, attribute = target.rpartition(".")
    if not module_name or not is_below(module_name, allowed):
        raise ConfigError(
            f"_target_ {target!r} is outside the trusted modules ({', '.join(allowed)}); "
            "if you trust it, add its module to trusted_modules"
        )
    if trusted_modules and "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last, so that it shadows nothing
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # the user's own module may raise anything
        raise ConfigError(
            f"_target_ {target!r}: cannot import {module_name} ({type(error).__name__}: {error}); "
            "install it, or mend the path of the class"
        ) from error
    return _estimator_class(getattr(module, attribute, None), target, module, allowed)


def _estimator_class(found: Any, target: str, module: Any, allowed: tuple[str, ...]) -> type[Any]:
    from sklearn.base import BaseEstimator

    is_estimator = inspect.isclass(found) and issubclass(found, BaseEstimator)
    if not is_estimator or not is_below(found.__module__, allowed):
        raise ConfigError(
            f"_target_ {target!r} is not an estimator class of {module.__name__}; "
            "name a subclass of sklearn.base.BaseEstimator"
        )
    return found  # type: ignore[no-any-return]


def build(
    family: Family,
    setting: Mapping[str, ParamValue],
    space: Mapping[str, Any],
    random_state: int,
    trusted_modules: tuple[str, ...] = (),
) -> Any:
    """An unfitted learner of a family at a setting: the estimator, behind its preprocessing.

    `standardize` means a pipeline that imputes means and scales to unit variance, both fitted on the
    training rows of each fit and nothing else.

    Raises:
        ConfigError: for a target that is refused or arguments the estimator does not take.
    """
    learner = _instantiate(family.estimator, trusted_modules, arguments(space, setting))
    seeded = [name for name in learner.get_params() if name.split("__")[-1] == "random_state"]
    learner.set_params(**dict.fromkeys(seeded, random_state))
    if family.preprocess == "none":
        return learner
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    impute = SimpleImputer(keep_empty_features=True)
    return Pipeline([("impute", impute), ("scale", StandardScaler()), ("model", learner)])


def _instantiate(tree: Mapping[str, Any], trusted_modules: tuple[str, ...], more: Mapping[str, Any]) -> Any:
    kind = resolve(str(tree["_target_"]), trusted_modules)
    fixed = {name: _nested(value, trusted_modules) for name, value in tree.items() if name != KEY}
    given = {**fixed, **more}
    parameters = inspect.signature(kind).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    unknown = [name for name in given if name not in parameters and not takes_any]
    if unknown:
        raise ConfigError(
            f"{kind.__name__} takes no {unknown[0]!r}; it takes {', '.join(sorted(parameters))}; "
            "mend the family's estimator or space"
        )
    try:
        return _on_one_thread(kind(**given))
    except ImportError as absent:
        raise ConfigError(f"{kind.__name__} needs what is not installed: {absent}") from absent
    except Exception as error:  # the user's own class may raise anything
        raise ConfigError(
            f"{kind.__name__} cannot be made from {', '.join(given) or 'no arguments'} "
            f"({type(error).__name__}: {error}); mend the family's estimator or space"
        ) from error


def _on_one_thread(learner: Any) -> Any:
    """The learner, on one thread unless its file says otherwise: to LightGBM and XGBoost None means all."""
    foreign = not is_below(type(learner).__module__, ("models", "sklearn"))  # to those None means one
    if foreign and learner.get_params(deep=False).get("n_jobs", 1) is None:
        learner.set_params(n_jobs=1)
    return learner


def _nested(value: Any, trusted_modules: tuple[str, ...]) -> Any:
    """A value with every target in it, at any depth, built."""
    if isinstance(value, Mapping):
        if KEY in value:
            return _instantiate(value, trusted_modules, {})
        return {name: _nested(inner, trusted_modules) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_nested(item, trusted_modules) for item in value)
    return value


def source_digest(family: Family, trusted_modules: tuple[str, ...]) -> str:
    """Hash of the source files of a user's own estimators; empty for the project's and scikit-learn's."""
    own = sorted({t for t in targets([family.estimator, family.space]) if not is_below(t, TRUSTED)})
    if not own:
        return ""
    digest = hashlib.sha256()
    for target in own:
        file = inspect.getsourcefile(resolve(target, trusted_modules))
        digest.update(Path(file).read_bytes() if file else target.encode())
    return digest.hexdigest()
