"""Whether families suit what is asked of them: their files, the kind of the data's target, and the metric."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier, is_regressor

from harness import evaluate, metrics
from harness.errors import ConfigError
from harness.families import build
from harness.metrics import LABELS
from harness.records import CLASSIFICATION, REGRESSION, Family, Task
from harness.space import default_setting, on_data

if TYPE_CHECKING:
    from harness.config import SweepConfig

LEAST_OF_A_CLASS = 10  # test rows; with fewer an interval of its error is too narrow


def check_families(config: SweepConfig) -> None:
    """Make a learner of every family, so that a mistake in its file is told before anything begins.

    Raises:
        ConfigError: where an estimator is absent or does not take its arguments.
    """
    for family in config.families:
        for each in filter(None, (family, family.regressor)):
            try:
                _check_family(each, config.trusted_modules)
            except ConfigError as error:
                raise ConfigError(f"model.{family.name}: {error}") from error


def _check_fits(family: Family, task: Task) -> None:
    """Refuse networks that are above their cap on this data, however narrow."""
    try:
        on_data(family, task)
    except ConfigError as error:
        raise ConfigError(f"model.{family.name}: {error}, or leave the family out") from error


def _check_family(family: Family, trusted_modules: tuple[str, ...]) -> None:
    learner = build(family, default_setting(family.space), family.space, 0, trusted_modules)
    if family.progress == "steps" and not hasattr(learner, "iter_fit"):
        raise ConfigError(
            "progress=steps needs an estimator with iter_fit and preprocess=none; set progress=rungs"
        )
    if family.progress == "steps" and getattr(learner, "early_stopping", False):
        raise ConfigError("a search stops a network by its own validation rows; set early_stopping=false")
    if family.selection == "log_loss" and is_classifier(learner) and not hasattr(learner, "predict_proba"):
        raise ConfigError("selection=log_loss needs predict_proba; set selection=error")


def of_the_kind(config: SweepConfig, task: Task) -> SweepConfig:
    """The configuration with the metric and the families for the kind of target that the data has.

    Raises:
        ConfigError: where one of them is for the other kind, or a network is above its cap, however narrow.
    """
    metric = config.metric or metrics.default(task)
    if metric not in LABELS[task.kind]:
        told = "classes" if task.kind == CLASSIFICATION else "a number"
        raise ConfigError(
            f"metric={metric} cannot judge {task.name}, whose target is {told}; "
            f"choose from {', '.join(LABELS[task.kind])}"
        )
    _check_test_rows(metric, task)
    families = tuple(
        family.regressor if family.regressor and task.kind == REGRESSION else family
        for family in config.families
    )
    unsuited: dict[str, ConfigError] = {}
    for family in families:
        try:
            _check_kind(family, task, metric, config.trusted_modules)
        except ConfigError as error:
            unsuited[family.name] = error
    for name, mistake in unsuited.items():
        suited = ",".join(family.name for family in families if family.name not in unsuited)
        without = f", or leave it out: 'model=[{suited}]'" if suited else ""
        raise ConfigError(f"model.{name}: {mistake}{without}") from mistake
    for family in families:
        _check_fits(family, task)
    return replace(config, families=families, metric=metric)


def _check_test_rows(metric: str, task: Task) -> None:
    """Refuse test rows that cannot tell one learner from another by this metric."""
    y = np.asarray(task.y_test)
    if metric not in metrics.SHARES and (y == y[0]).all():
        raise ConfigError(
            f"metric={metric} cannot judge {task.name}: the target is the same in all {len(y):,} test rows; "
            "choose others (data.test_path, data.time), or rows that vary"
        )
    if metric != "balanced_error":
        return
    counts = np.bincount(y, minlength=len(task.classes))
    if counts.min() < LEAST_OF_A_CLASS:
        raise ConfigError(
            f"metric=balanced_error needs {LEAST_OF_A_CLASS} test rows of each class, and "
            f"{task.classes[counts.argmin()]!r} has {counts.min()}; have more test rows, "
            "or take metric=log_loss"
        )


def _check_kind(family: Family, task: Task, metric: str, trusted_modules: tuple[str, ...]) -> None:
    """Refuse a family that does not learn this kind of target, or cannot be judged by the metric."""
    learner = build(family, default_setting(family.space), family.space, 0, trusted_modules)
    target = family.estimator["_target_"]
    if task.kind == CLASSIFICATION and not is_classifier(learner):
        raise ConfigError(
            f"{target} must be a classifier, for the data has "
            "classes to tell apart; choose the classifier of that kind"
        )
    if task.kind == REGRESSION and not is_regressor(learner):
        raise ConfigError(
            f"{target} must be a regressor, for the target is a number; name a regressor in the family's file"
        )
    by_loss = task.kind == CLASSIFICATION and evaluate.selection(family, metric) == "log_loss"
    if by_loss and not hasattr(learner, "predict_proba"):
        raise ConfigError(f"metric={metric} needs predict_proba, which {target} lacks; choose another metric")
