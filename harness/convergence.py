"""Convergence asks of a search that ended whether more of it, or a wider space, would have found better.

Two flags answer. *Boundary*: the best settings of a family crowd one bound of a range. *Not converged*: of
two families, one still gains much more than the other in the second half of its budget, so that comparing
them compares their tuning. Both are asked of all repeats together: in one cell they fire on selection noise.

Pure: cells and their trials in, tables and sentences out. Source: `Search` in the protocol.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from scipy.special import stdtr

from harness.boundary import beyond, crowded
from harness.evaluate import winner
from harness.metrics import ERROR, Metric
from harness.records import Cell, Family, Flag, Outcome, SearchSettings, Trial
from harness.space import searched
from harness.splits import validation_rows

if TYPE_CHECKING:
    from harness.tracking.reading import CellRecord

MOST_APART = 0.005  # difference of two second-half gains in error that counts as equal
LUCK = 0.5  # standard errors of one validation error: what the luckiest of several trials seems to gain
CHANCE = 0.05  # one-sided p, over the pairs of a size, above which a larger difference may be noise
LEAST_TRIALS = 8  # what a budget of one trial is raised to

Pair = tuple[str, str, int]  # two families and the size at which a verdict compares them


@dataclass(frozen=True)
class SearchSummary:
    """What the searches of one family at one size did, over its repeats. Errors are shares of rows.

    Attributes:
        repeats: complete cells; the errors are means over these.
        trials, seconds: mean per ended cell, of search only.
        default_error, tuned_error: validation error of trial 0, the default setting, and of the winner.
        test_error: of the winner, refitted.
        pruned, failed: shares of all trials; failed is every end but complete and pruned.
        best_so_far: validation error of the best setting after 1, 2, ... trials, the best by the selection
            metric (so it may rise); a cell that ended earlier keeps its last, None before any is complete.
        second_half: how much that error fell over the second half of the budget (of its trials, or of its
            seconds), the mean of `gains`; None where one trial is all there was.
        boundary: bounds that the winners crowd, such as "C.high".
        gains: the second-half gain of each complete repeat.
        forward: they judged on their latest rows alone, as data with times has it.
    """

    family: str
    label: str
    size: int
    repeats: int
    trials: float
    seconds: float
    default_error: float | None
    tuned_error: float | None
    test_error: float | None
    pruned: float
    failed: float
    best_so_far: tuple[float | None, ...]
    second_half: float | None
    boundary: tuple[str, ...]
    gains: Mapping[int, float] = field(default_factory=dict)
    forward: bool = False


def summarise(
    cells: Iterable[Cell],
    records: Mapping[str, CellRecord],
    trials: Mapping[str, Sequence[Trial]],
    forward: bool = False,
) -> list[SearchSummary]:
    """A summary for every family and size that has an ended cell, in the order of the cells.

    Args:
        cells: those asked for, as in a plan.
        records: the ended cells, by key (`reading.ended_cells`).
        trials: their trials, by key (`reading.trials_of`).
        forward: the data has times.
    """
    groups: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        if cell.key in records and trials.get(cell.key):
            groups.setdefault((cell.family.name, cell.size), []).append(cell)
    return [_summary(group, records, trials, forward) for group in groups.values()]


def _summary(
    cells: Sequence[Cell],
    records: Mapping[str, CellRecord],
    trials: Mapping[str, Sequence[Trial]],
    forward: bool,
) -> SearchSummary:
    family, searches = cells[0].family, [trials[cell.key] for cell in cells]
    complete = [cell for cell in cells if records[cell.key].outcome == "complete"]
    finished = [trials[cell.key] for cell in complete]
    winners = [best for best in map(winner, finished) if best is not None]
    outcomes = [trial.outcome for search in searches for trial in search]
    failed = [outcome for outcome in outcomes if outcome not in (Outcome.COMPLETE, Outcome.PRUNED)]
    gains = {cell.repeat: gain for cell in complete if (gain := _gain(cell, trials[cell.key])) is not None}
    return SearchSummary(
        family=family.name,
        label=family.label,
        size=cells[0].size,
        repeats=len(complete),
        trials=len(outcomes) / len(cells),
        seconds=sum(trial.seconds for search in searches for trial in search) / len(cells),
        default_error=_mean(search[0].error for search in finished),
        tuned_error=_mean(best.error for best in winners),
        test_error=_mean(records[cell.key].test_error for cell in complete),
        pruned=outcomes.count(Outcome.PRUNED) / len(outcomes),
        failed=len(failed) / len(outcomes),
        best_so_far=_mean_history([incumbent_errors(search) for search in finished]),
        second_half=_mean(gains.values()),
        boundary=crowded(family.space, [best.params for best in winners]),
        gains=gains,
        forward=forward,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of those there are."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def incumbent_errors(trials: Sequence[Trial]) -> list[float | None]:
    """The validation error of the best setting after 1, 2, ... trials, the best by the selection metric.

    >>> complete = [(0.9, 0.30), (0.7, 0.32), (0.8, 0.10)]
    >>> incumbent_errors([Trial(k, {}, Outcome.COMPLETE, v, e) for k, (v, e) in enumerate(complete)])
    [0.3, 0.32, 0.32]
    """
    bests = accumulate(trials, lambda best, trial: winner((best, trial)) or trial)
    return [best.error if best.outcome is Outcome.COMPLETE else None for best in bests]


def _mean_history(histories: Sequence[Sequence[float | None]]) -> tuple[float | None, ...]:
    longest = max(map(len, histories), default=0)
    return tuple(_mean(each[min(after, len(each) - 1)] for each in histories) for after in range(longest))


def _gain(cell: Cell, trials: Sequence[Trial]) -> float | None:
    """What the second half of the budget gained; 0 where the space leaves no choice."""
    if not searched(cell.family.space):
        return 0.0
    errors = incumbent_errors(trials)
    before, after = errors[_half(trials, cell.search) - 1], errors[-1]
    return None if len(trials) == 1 or before is None or after is None else before - after


def _half(trials: Sequence[Trial], settings: SearchSettings) -> int:
    """How many trials the first half of the budget held: half of them, or those ended in half the seconds."""
    if settings.seconds is None:
        return (len(trials) + 1) // 2
    ends = list(accumulate(trial.seconds for trial in trials))
    return max(1, sum(end <= ends[-1] / 2 for end in ends))


def flags(
    summaries: Sequence[SearchSummary],
    families: Iterable[Family],
    search: SearchSettings,
    pairs: Iterable[Pair],
    metric: Metric = ERROR,
) -> list[Flag]:
    """The flags of a sweep: every crowded bound, and the pairs whose searches are not equally converged.

    A pair is flagged where its second-half gains differ, in the mean over repeats, by more than half a point
    of error, by more than luck brings (half a standard error of one repeat's validation error) and by more
    than chance explains (one-sided paired t, at 5 % over the pairs of that size), and where the search of one
    was too short to have a second half.

    Luck: the least of several noisy errors is smaller than it deserves, so a family selected on error seems
    to gain by trying: about half a point at 2,048 rows and 1.5 at 128 on flights, a third to half of a
    standard error, after 8 trials as after 32.

    Without the last condition five repeats would flag two equally converged families in every other sweep:
    on flights at 2,048 and 4,096 rows the paired difference has a standard deviation of 1 to 2 points between
    repeats, after 8 trials as after 32, for it is the noise of 400 to 800 validation rows. With it a size has
    a false flag in at most 10 % of sweeps (either way), and a true difference of 2 points (standard deviation
    1.3, five repeats, one pair) is found in 87 %.

    Args:
        summaries: as `summarise` makes them.
        families: those summarised, for the ranges of their spaces.
        search: the budget they had.
        pairs: (family, family, size) that a verdict compares.
        metric: what the errors of the summaries are, in its baselines.
    """
    spaces = {family.name: searched(family.space) for family in families}
    boundary = [
        _boundary_flag(each, bound, spaces[each.family]) for each in summaries for bound in each.boundary
    ]
    found = {(each.family, each.size): each for each in summaries}
    compared = [
        (found[a, n], found[b, n]) for a, b, n in dict.fromkeys(pairs) if {(a, n), (b, n)} <= set(found)
    ]
    at_size = Counter(a.size for a, _ in compared)
    asked = [_pair_flag(a, b, search, CHANCE / at_size[a.size], metric) for a, b in compared]
    return boundary + [flag for flag in asked if flag is not None]


def _boundary_flag(of: SearchSummary, bound: str, space: Mapping[str, Any]) -> Flag:
    path, _, side = bound.rpartition(".")
    end = "upper" if side == "high" else "lower"
    sentence = (
        f"At {of.size:,} rows the best {path} of {of.label} lies at the {end} end of its range, "
        f"{_typed(space[path][side])}, in most repeats, so better settings may lie beyond; "
        f"model.{of.family}.space.{bound}={_typed(beyond(space[path], side))} would tell."
    )
    return Flag("boundary", (of.family,), of.size, sentence)


def _typed(bound: float) -> str:
    """A bound as it is typed: a whole one with all its digits, for Hydra reads 1e+07 as no whole number."""
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _pair_flag(
    a: SearchSummary, b: SearchSummary, search: SearchSettings, chance: float, metric: Metric
) -> Flag | None:
    pair, at = (a.family, b.family), f"At {a.size:,} rows"
    for each in (a, b):
        if each.second_half is None:
            sentence = (
                f"{at} the search of {each.label} ({search.budget}) is too short to tell whether it is "
                f"tuned; {_enlarged(search, LEAST_TRIALS)} would tell."
            )
            return Flag("not converged", pair, a.size, sentence)
    apart = [a.gains[repeat] - b.gains[repeat] for repeat in sorted(a.gains.keys() & b.gains)]
    least = max(MOST_APART, luck(a, metric), luck(b, metric))
    if not apart or abs(mean(apart)) <= least or p_of(apart) > chance:
        return None
    more, less = (a, b) if mean(apart) > 0 else (b, a)
    sentence = (
        f"{at} {more.label} still gained {_gained(more, metric)} of validation {metric.label} in the second "
        f"half of its search ({search.budget}), {less.label} {_gained(less, metric)}, so they may not be "
        f"tuned equally well; "
        f"{_enlarged(search, _times(mean(apart)))} would tell."
    )
    return Flag("not converged", pair, a.size, sentence)


def luck(of: SearchSummary, metric: Metric = ERROR) -> float:
    """What a search may seem to gain by choosing among noisy errors: half a standard error in one repeat.

    That is sqrt(e (1 - e) / m), e the winner's validation error on m rows (`Metric.standard_error`).
    """
    e = 0.0 if of.tuned_error is None else of.tuned_error
    return LUCK * metric.standard_error(e, validation_rows(of.size, of.forward))


def p_of(apart: Sequence[float]) -> float:
    """One-sided p of a mean difference this far from 0, by t; 0 with one repeat, which cannot excuse itself.

    >>> round(p_of([0.01, 0.02, 0.03]), 4)
    0.0371
    """
    if len(apart) < 2 or (spread := stdev(apart)) == 0:
        return 0.0
    return float(stdtr(len(apart) - 1, -abs(mean(apart)) / (spread / len(apart) ** 0.5)))


def _gained(of: SearchSummary, metric: Metric) -> str:
    return metric.apart(of.second_half or 0.0)


def _times(apart: float) -> int:
    """How many times the budget: gains about halve with each doubling; three doublings at most."""
    return 1 << min(3, math.ceil(math.log2(abs(apart) / MOST_APART)))


def _enlarged(search: SearchSettings, times: int) -> str:
    """The budget that many times as large, as it is typed."""
    if search.seconds is not None:
        return f"search.seconds={search.seconds * times:g}"
    if search.studies is not None:
        return f"search.studies={search.studies[0]}x{search.studies[1] * times}"
    return f"search.trials={(search.trials or 1) * times}"
