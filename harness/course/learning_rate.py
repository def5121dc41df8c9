"""How much each hyperparameter matters, over trials drawn at random, by two evaluators of importance.

Each trial trains a network by gradient descent in mini-batches, as the course does, and is judged by its
held-out log-loss. The ranges are those in which people try: the learning rate over four powers of ten, and
with it batch size, number of steps, layers, units, activation, start and L2. Drawn at random, not by a
search, so that no part of the ranges is favoured. The rows are one draw of each data set, the same for all
trials, so intervals are of trials and not of rows. Importance is that of `harness.search.importances`: of the
ranks of the trials, by fANOVA and by PED-ANOVA, which weighs the best trials.

Rule. In each of several independent batches of trials, the share of the learning rate less that of each other
parameter; mean and 95 % t interval over batches. It leads where every one of these lies above 0, which needs
no correction for their number, and does not where one lies below 0. Supported where it leads on every data
set by both evaluators; contradicted where it does not on every data set by both. Else undetermined. The
effect is the smallest of these differences, by fANOVA, of the means over data sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, product
from typing import Any

import numpy as np

from harness.course.finding import Bars, Curve, Finding, Lines, Row
from harness.course.intervals import mean_interval
from harness.course.rows import Rows, draw
from harness.course.watching import judged
from harness.records import Outcome, ParamValue, Task, Trial
from harness.search import importances
from harness.seeds import seed_for
from harness.verdicts import Answer
from models import Diverged, NeuralNetworkClassifier

SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"low": 0.0005, "high": 5.0, "log": True},
    "batch_size": {"low": 8, "high": 128, "log": True},
    "steps": {"low": 50, "high": 800, "log": True},
    "layers": {"low": 1, "high": 4},
    "units": {"low": 8, "high": 128, "log": True},
    "activation": {"choices": ["relu", "leaky_relu", "tanh", "sigmoid"]},
    "initializer": {"choices": ["auto", "small_normal"]},
    "l2": {"low": 1e-6, "high": 0.1, "log": True},
}
EVALUATORS = ("fANOVA", "PED-ANOVA")
WORST = 20.0  # the log-loss that counts for a training that diverged


def run(*, trials: int, batches: int, rows: int, seed: int, data: Mapping[str, Task]) -> Finding:
    """Draw settings, train each, and weigh the parameters."""
    tried: dict[str, list[list[Trial]]] = {}
    for name, task in data.items():
        drawn = draw(task, rows, rows, seed=seed, data=name).known()
        rng = np.random.default_rng(seed_for("settings", seed=seed))  # the same for every data set
        settings = [[_setting(rng) for _ in range(trials)] for _ in range(batches)]
        tried[name] = [[_trial(k, one, drawn, seed) for k, one in enumerate(batch)] for batch in settings]
    shares = {
        (name, by): [importances(SPACE, [batch], by) for batch in tried[name]]
        for name, by in product(data, EVALUATORS)
    }
    return _judged(tried, shares)


def _setting(rng: np.random.Generator) -> dict[str, ParamValue]:
    found: dict[str, ParamValue] = {}
    for name, entry in SPACE.items():
        if "choices" in entry:
            found[name] = str(rng.choice(entry["choices"]))
            continue
        low, high = float(entry["low"]), float(entry["high"])
        value = (
            float(np.exp(rng.uniform(np.log(low), np.log(high))))
            if "log" in entry
            else rng.uniform(low, high + 1)
        )
        found[name] = int(value) if isinstance(entry["low"], int) else value
    return found


def _trial(number: int, setting: Mapping[str, ParamValue], rows: Rows, seed: int) -> Trial:
    given: dict[str, Any] = dict(setting)
    hidden = (given.pop("units"),) * given.pop("layers")
    network = NeuralNetworkClassifier(
        hidden,
        optimizer="gradient_descent",
        schedule="constant",
        random_state=seed_for("start", seed=seed, trial=number),
        **given,
    )
    try:
        loss, error = judged(network.fit(rows.X, rows.y), rows.X_held, rows.y_held)
    except Diverged:
        loss, error = WORST, 1.0
    return Trial(number, dict(setting), Outcome.COMPLETE, min(loss, WORST), error)


def leads(shares: Sequence[Mapping[str, float]]) -> tuple[float, float, float]:
    """The least of what the learning rate's share is more than another's, over the other parameters.

    The mean, the lower and the upper limit over batches are each the least of theirs: so the lower lies above
    0 where every interval does, and the upper below 0 where one interval does.

    >>> [round(each, 2) for each in leads([dict.fromkeys(SPACE, 0.1) | {"learning_rate": 0.3}] * 2)]
    [0.2, 0.2, 0.2]
    """
    others = [name for name in SPACE if name != "learning_rate"]
    found = [mean_interval([each["learning_rate"] - each[name] for each in shares]) for name in others]
    mean, low, high = (min(each) for each in zip(*found, strict=True))
    return mean, low, high


def answer(limits: Iterable[tuple[float, ...]]) -> Answer:
    """The verdict, by the limits of the lead on every data set by every evaluator."""
    held = list(limits)
    if all(low > 0 for low, _ in held):
        return Answer.SUPPORTED
    return Answer.CONTRADICTED if all(high < 0 for _, high in held) else Answer.UNDETERMINED


def _judged(
    tried: Mapping[str, Sequence[Sequence[Trial]]],
    shares: Mapping[tuple[str, str], list[dict[str, float]]],
) -> Finding:
    limits = {case: leads(found)[1:] for case, found in shares.items()}
    named = zip(*(shares[name, EVALUATORS[0]] for name in tried), strict=True)
    mean = [{key: float(np.mean([one[key] for one in batch])) for key in SPACE} for batch in named]
    told = "; ".join(f"{name} by {by}: {_ranking(found)}" for (name, by), found in shares.items())
    batches = next(iter(tried.values()))
    effect, low, high = (100 * each for each in leads(mean))
    return Finding(
        answer(limits.values()),
        *(effect, low, high),
        unit="percent of importance (fANOVA) by which the learning rate leads the next parameter",
        sentence=f"Importance in {len(batches)} batches of {len(batches[0])} random trials: {told}.",
        rows=tuple(_rows(tried)),
        panels=(*(_bars(shares, by) for by in EVALUATORS), _sensitivity(tried)),
        conditions=(
            "Importance belongs to the ranges: over a narrow range any parameter is unimportant. The rows "
            "are one draw of each data set, so the intervals do not tell of other rows. "
            + " ".join(_against(limits))
        ),
    )


def _ranking(shares: Sequence[Mapping[str, float]]) -> str:
    mean = {name: float(np.mean([batch[name] for batch in shares])) for name in SPACE}
    first = sorted(mean.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name.replace('_', ' ')} {100 * share:.0f} %" for name, share in first)


def _against(limits: Mapping[tuple[str, str], Sequence[float]]) -> list[str]:
    return [
        f"On {name} by {by} it {'leads' if low > 0 else 'is not first' if high < 0 else 'may lead or not'} "
        f"({100 * low:.0f} to {100 * high:.0f} %)."
        for (name, by), (low, high) in limits.items()
    ]


def _rows(tried: Mapping[str, Sequence[Sequence[Trial]]]) -> list[Row]:
    return [
        {
            "data": name,
            "batch": k,
            "trial": trial.number,
            **{each: value for each, value in trial.params.items() if value is not None},
            "loss": float(trial.value or 0.0),
        }
        for name, batches in tried.items()
        for k, batch in enumerate(batches)
        for trial in batch
    ]


def _bars(shares: Mapping[tuple[str, str], list[dict[str, float]]], by: str) -> Bars:
    """The mean share over data sets, with its interval over batches."""
    found = [each for (_, one), each in shares.items() if one == by]
    values = {
        name.replace("_", " "): mean_interval(
            100 * np.mean([[batch[name] for batch in each] for each in found], axis=0)
        )
        for name in SPACE
    }
    values = dict(sorted(values.items(), key=lambda item: -item[1][0]))
    return Bars(by, "Importance, % (mean of data sets)", values)


def _sensitivity(tried: Mapping[str, Sequence[Sequence[Trial]]]) -> Lines:
    """The median loss of the trials in each sixth of the learning rates."""
    curves = {}
    for name, batches in tried.items():
        tried_rates = ((trial.params["learning_rate"], trial.value) for trial in chain.from_iterable(batches))
        points = np.array(list(tried_rates), float)
        parts = np.array_split(points[points[:, 0].argsort(kind="stable")], 6)
        low, middle, high = zip(*(np.percentile(part[:, 1], (25, 50, 75)) for part in parts), strict=True)
        curves[name] = Curve([float(np.exp(np.log(p[:, 0]).mean())) for p in parts], middle, low, high)
    return Lines("Loss over the rate", "Learning rate", "Log-loss (median, middle half)", curves, True, True)
