"""A search is a study that can be rebuilt from its recorded trials at any moment.

The only importer of Optuna. A fresh sampler, seeded from (cell seed, trial number), is set before each ask,
so a search that was interrupted and refilled asks what the uninterrupted one would have asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from harness.records import Outcome, ParamValue, SearchSettings, Trial
from harness.seeds import seed_for
from harness.space import default_setting, searched

optuna.logging.set_verbosity(optuna.logging.WARNING)

STARTUP_TRIALS = 2  # complete trials before any is pruned

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
    if all(isinstance(bound, int) for bound in (low, high, step or 1)):
        return IntDistribution(low, high, log=log, step=step or 1)
    return FloatDistribution(low, high, log=log, step=step)


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=5)


def _pruner(name: str, warmup: int) -> optuna.pruners.BasePruner:
    if name == "none":
        return optuna.pruners.NopPruner()
    return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=warmup)


class Search:
    """One cell's search: `ask` for a setting, `should_prune` while it runs, `tell` how it ended.

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
        self._space, self._settings, self._seed = space, settings, seed
        self._distributions = {path: distribution(entry) for path, entry in searched(space).items()}
        self._study = optuna.create_study(pruner=_pruner(settings.pruner, warmup))
        self._asked: optuna.trial.Trial | None = None
        for trial in recorded:
            self._study.add_trial(self._frozen(trial))

    def ask(self) -> tuple[int, dict[str, ParamValue]]:
        """The number and the setting of the next trial; the first is the family's default setting."""
        number = len(self._study.get_trials(deepcopy=False))
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

    def _frozen(self, trial: Trial) -> optuna.trial.FrozenTrial:
        state = _STATES.get(trial.outcome, TrialState.FAIL)
        return optuna.trial.create_trial(
            state=state,
            value=trial.value if state is TrialState.COMPLETE else None,
            params={path: trial.params[path] for path in self._distributions},
            distributions=self._distributions,
            intermediate_values=dict(sorted(trial.points)),
        )
