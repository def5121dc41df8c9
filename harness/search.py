"""A search is a row of studies that can be rebuilt from its recorded trials at any moment.

The only importer of Optuna. A fresh sampler, seeded from (study seed, trial number), is set before each ask,
so a search that was interrupted and refilled asks what the uninterrupted one would have asked. Most searches
are one study; `studies=(K, T)` makes K of T trials, each with its own seed, sampler and pruner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState
from scipy.stats import rankdata

from harness.checks import is_whole
from harness.records import Outcome, ParamValue, SearchSettings, Trial
from harness.seeds import seed_for
from harness.space import default_setting, searched

optuna.logging.set_verbosity(optuna.logging.WARNING)

STARTUP_TRIALS = 2  # complete trials before any is pruned
# A setting is compared with complete trials only, which have passed the test themselves: beyond the median,
# the bar rises until little but the best passes, and late risers are lost (test_pruning.py measures it).
PRUNED_BEYOND = 75.0  # percent
MOST_TRIALS = 1000  # on a budget of seconds: settings that all fail at once would go on for thousands

# Optuna's default, PED-ANOVA, is faster (.02 s against .8 s a family), but orders the parameters of the same
# trials otherwise when their values are centred instead of ranked; fANOVA does not, nor for another seed.
IMPORTANCE = "fANOVA"
_EVALUATORS: dict[str, Callable[[], optuna.importance.BaseImportanceEvaluator]] = {
    "fANOVA": lambda: optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=0),
    "PED-ANOVA": optuna.importance.PedAnovaImportanceEvaluator,
}
FEWEST_RANKED = 20  # trials that importance is estimated from

_STATES = {Outcome.COMPLETE: TrialState.COMPLETE, Outcome.PRUNED: TrialState.PRUNED}


def distribution(entry: Mapping[str, Any]) -> BaseDistribution:
    """Optuna's form of a searched entry; whole bounds without a fractional step make an integer range.

    >>> distribution({"low": 1, "high": 4})
    IntDistribution(high=4, log=False, low=1, step=1)
    >>> distribution({"low": 0.01, "high": 1, "log": True})
    FloatDistribution(high=1.0, log=True, low=0.01, step=None)
    """
    if "choices" in entry:
        return CategoricalDistribution(list(entry["choices"]))
    low, high, log, step = entry["low"], entry["high"], bool(entry.get("log", False)), entry.get("step")
    if is_whole(entry):
        return IntDistribution(low, high, log=log, step=step or 1)
    return FloatDistribution(low, high, log=log, step=step)


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=5)


def _pruner(name: str, warmup: int) -> optuna.pruners.BasePruner:
    if name == "none":
        return optuna.pruners.NopPruner()
    return optuna.pruners.PercentilePruner(
        PRUNED_BEYOND, n_startup_trials=STARTUP_TRIALS, n_warmup_steps=warmup
    )


def goes_on(settings: SearchSettings, ended: Sequence[Trial]) -> bool:
    """True where the budget of a cell has room for another trial, given those that ended.

    A trial begun within `seconds` runs to its end and counts, and one trial is always run. Only recorded
    durations are asked, never a clock: a cell that is resumed goes on exactly as long as it had left.

    >>> trial = Trial(0, {}, Outcome.COMPLETE, seconds=20.0)
    >>> [goes_on(SearchSettings(seconds=30.0), [trial] * count) for count in range(4)]
    [True, True, False, False]
    >>> [goes_on(SearchSettings(studies=(2, 1)), [trial] * count) for count in range(4)]
    [True, True, False, False]
    """
    if settings.seconds is None:
        return len(ended) < (settings.trials_in_all or 0)
    spent = sum(trial.seconds for trial in ended)
    return not ended or (len(ended) < MOST_TRIALS and spent < settings.seconds)


class Search:
    """One cell's search: `ask` for a setting, `should_prune` while it runs, `tell` how it ended.

    Trials are numbered through all studies. The first trial of the first study is the family's default
    setting; a study knows nothing of those before it.

    Args:
        space: the family's space on this data (`space.capped`).
        warmup: steps before which nothing is pruned (`evaluate.warmup`).
        seed: the cell's search seed.
        recorded: trials that ended before, in the order of their numbers.
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        settings: SearchSettings,
        warmup: int,
        seed: int,
        recorded: Iterable[Trial] = (),
    ) -> None:
        self._space, self._settings, self._warmup, self._seed = space, settings, warmup, seed
        self._distributions = _distributions(space)
        self._number = 0  # of the next trial
        self._study = self._new_study()
        self._asked: optuna.trial.Trial | None = None
        for trial in recorded:
            self._study.add_trial(_frozen(trial, self._distributions))
            self._advance()

    def ask(self) -> tuple[int, dict[str, ParamValue]]:
        """The number and the setting of the next trial."""
        number = self._number
        if number == 0:
            self._study.enqueue_trial(default_setting(self._space))
        self._study.sampler = _sampler(self._settings.sampler, seed_for("ask", seed=self._seed, trial=number))
        self._asked = self._study.ask(self._distributions)
        return number, {path: self._asked.params[path] for path in self._distributions}

    def should_prune(self, step: int, value: float) -> bool:
        """Report the selection metric at a step; True where the trial should stop."""
        assert self._asked is not None, "ask before should_prune"
        self._asked.report(value, step)
        return self._asked.should_prune()

    def tell(self, trial: Trial) -> None:
        """Close the trial that was asked last, by its outcome."""
        assert self._asked is not None, "ask before tell"
        state = _STATES.get(trial.outcome, TrialState.FAIL)
        values = trial.value if state is TrialState.COMPLETE else None
        self._study.tell(self._asked, values, state=state)
        self._asked = None
        self._advance()

    def _advance(self) -> None:
        self._number += 1
        if self._settings.studies is not None and self._number % self._settings.studies[1] == 0:
            self._study = self._new_study()

    def _new_study(self) -> optuna.Study:
        return optuna.create_study(pruner=_pruner(self._settings.pruner, self._warmup))


def _distributions(space: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    return {path: distribution(entry) for path, entry in searched(space).items()}


def _frozen(trial: Trial, distributions: Mapping[str, BaseDistribution]) -> optuna.trial.FrozenTrial:
    """Optuna's form of an ended trial."""
    state = _STATES.get(trial.outcome, TrialState.FAIL)
    return optuna.trial.create_trial(
        state=state,
        value=trial.value if state is TrialState.COMPLETE else None,
        params={path: trial.params[path] for path in distributions},
        distributions=dict(distributions),
        intermediate_values=dict(sorted(trial.points)),
    )


def importances(
    space: Mapping[str, Any], cells: Iterable[Sequence[Trial]], evaluator: str = IMPORTANCE
) -> dict[str, float]:
    """How much each searched parameter of a family decides how well a setting does: shares that sum to 1.

    The share is of the variance of a setting's rank that its parameter alone explains, by the evaluator of
    that name, over the complete trials of all cells. Ranks are within a cell, from 0 (best) to 1, so
    that neither the size nor the draw of rows counts. Pruned trials are left out: a parameter whose bad
    values are always pruned looks less important than it is.

    Args:
        space: the family's space on this data (`space.on_data`).
        cells: the trials of each cell.
        evaluator: "fANOVA" or "PED-ANOVA", which can disagree.

    Returns:
        Parameter -> share, the largest first; empty where too few trials are complete or nothing varies.

    Sources: Watanabe, Bansal, Hutter, "PED-ANOVA", 2023, and
    Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance", 2014.
    """
    distributions = _distributions(space)
    study = optuna.create_study()
    for trials in cells:
        study.add_trials(_ranked(trials, distributions))
    ranked = study.get_trials(deepcopy=False)
    varies = any(len({trial.params[path] for trial in ranked}) > 1 for path in distributions)
    if len(ranked) < FEWEST_RANKED or not varies or len({trial.value for trial in ranked}) == 1:
        return {}
    found = optuna.importance.get_param_importances(study, evaluator=_EVALUATORS[evaluator]())
    return {path: float(share) for path, share in found.items()}


def _ranked(
    trials: Sequence[Trial], distributions: Mapping[str, BaseDistribution]
) -> list[optuna.trial.FrozenTrial]:
    """The complete trials of a cell with their rank as value; none where there is nothing to rank."""
    complete = [trial for trial in trials if trial.outcome is Outcome.COMPLETE]
    if len(complete) < 2:
        return []
    ranks = (rankdata([trial.value for trial in complete]) - 1) / (len(complete) - 1)
    return [
        _frozen(replace(trial, value=float(rank)), distributions)
        for trial, rank in zip(complete, ranks, strict=True)
    ]
