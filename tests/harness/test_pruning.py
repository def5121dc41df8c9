"""Pruning must not change which setting wins by more than noise: the pruner replayed over recorded trials.

The trials are of real cells that ran without a pruner (record_trials.py says how they were made): networks,
which are pruned on steps, and support vector machines, on rungs. The rule, for searches of 8 and 16 trials:
the winner with pruning is at most one standard error of its validation metric above the winner without, in
every cell ("one-SE rule": Breiman et al., Classification and Regression Trees, 1984, 3.4.3), and at most a
tenth of one in the mean over the cells of a kind.
"""

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from harness import evaluate, search
from harness.evaluate import Point
from harness.records import Family, Outcome, SearchSettings, Trial

RECORDED = json.loads(Path(__file__).with_name("recorded_trials.json").read_text())
MOST_LOST = 1.0  # standard errors, in any cell
MOST_LOST_IN_THE_MEAN = 0.1


@dataclass(frozen=True)
class Replay:
    """What pruning did to a cell: how much the winner lost, in standard errors, and the share of work left.

    Work is counted in gradient steps, or in rows fitted, the early rungs included; that of a search without
    pruning in full schedules, or in fits on all rows. (A kernel's cost falls faster than its rows.)
    """

    progress: str
    lost: float
    work: float


def replay(cell: dict, trials: int) -> Replay:
    """The first trials of a recorded cell under the pruner, which sees what they reported and no more."""
    family = Family(cell["family"], "", {}, {}, progress=cell["progress"])
    steps, curves = cell["steps"], cell["trials"][:trials]
    study = search.Search({}, SearchSettings(trials=trials), evaluate.warmup(family, steps[-1]), seed=0)
    ended = [watched(study, family, steps, curve) for curve in curves]
    whole = [trial_of(number, family, steps, curve) for number, curve in enumerate(curves)]
    with_pruning, without = evaluate.winner(ended), evaluate.winner(whole)
    return Replay(
        progress=family.progress,
        lost=(with_pruning.value - without.value) / cell["noise"],
        work=sum(work(family, trial) for trial in ended) / (len(ended) * steps[-1]),
    )


def watched(study: search.Search, family: Family, steps: list[int], curve: list[float]) -> Trial:
    number, _ = study.ask()
    whole = trial_of(number, family, steps, curve)
    stops = (
        reported
        for reported, point in enumerate(whole.points, 1)
        if study.should_prune(*point) and point[0] != steps[-1]
    )
    stop = next(stops, None)
    trial = whole if stop is None else Trial(number, {}, Outcome.PRUNED, points=whole.points[:stop])
    study.tell(trial)
    return trial


def trial_of(number: int, family: Family, steps: list[int], curve: list[float]) -> Trial:
    points = tuple(zip(steps, curve, strict=False))
    if len(points) < len(steps):
        return Trial(number, {}, Outcome.DIVERGED, points=points)
    chosen = evaluate.choice(family, [Point(step, value, error=0.0) for step, value in points])
    return Trial(number, {}, Outcome.COMPLETE, value=chosen.value, points=points)


def work(family: Family, trial: Trial) -> int:
    steps = [step for step, _ in trial.points]
    return max(steps) if family.progress == "steps" else sum(steps)


def replays(trials: int) -> list[Replay]:
    return [replay(cell, trials) for cell in RECORDED]


def losses_beyond_noise(found: list[Replay]) -> list[str]:
    """What breaks the rule."""
    broken = [f"a cell lost {each.lost:.2f} standard errors" for each in found if each.lost > MOST_LOST]
    for progress in ("steps", "rungs"):
        mean = np.mean([each.lost for each in found if each.progress == progress])
        if mean > MOST_LOST_IN_THE_MEAN:
            broken.append(f"{progress} lost {mean:.2f} standard errors in the mean")
    return broken


def test_the_records_are_of_both_kinds_and_of_two_data_sets():
    kinds = {(cell["data"], cell["progress"]) for cell in RECORDED}
    assert kinds == set(product(("flights", "digits"), ("steps", "rungs")))
    assert all(len(cell["trials"]) == 16 for cell in RECORDED)


@pytest.mark.parametrize("trials", [8, 16])
def test_the_winner_is_kept(trials):
    assert losses_beyond_noise(replays(trials)) == []


@pytest.mark.parametrize("trials", [8, 16])
@pytest.mark.parametrize(("progress", "low", "high"), [("steps", 0.5, 0.7), ("rungs", 0.6, 1.0)])
def test_work_is_saved(trials, progress, low, high):
    left = np.mean([each.work for each in replays(trials) if each.progress == progress])
    assert low < left < high


@pytest.mark.parametrize("percentile", [10.0, 50.0])
def test_the_rule_finds_a_pruner_that_loses_the_winner(monkeypatch, percentile):
    """The median does: its bar is of trials that passed it, and rises until late risers are lost."""
    monkeypatch.setattr(search, "PRUNED_BEYOND", percentile)
    assert any("a cell lost" in broken for broken in losses_beyond_noise(replays(16)))
