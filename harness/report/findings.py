"""Findings: everything a report shows, computed once from the cells of a sweep and their trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness import convergence, curves, verdicts
from harness.convergence import SearchSummary
from harness.curves import Curve, Errors, Forecast, NoForecast
from harness.metrics import Metric
from harness.plan import Plan
from harness.records import Cell, ClaimSettings, Family, Flag, SearchSettings, Trial
from harness.report.words import Shown
from harness.search import importances
from harness.space import on_data
from harness.verdicts import Verdict
from harness.verdicts.questions import ask

if TYPE_CHECKING:
    import pandas as pd

    from harness.tracking.reading import CellRecord


@dataclass(frozen=True)
class Findings:
    """What a sweep found.

    Attributes:
        records: the ended cells of the plan, in its order, their scores as they were recorded.
        errors: family -> size -> per-example errors; like all that follow in baselines of the metric.
        summaries, flags: what each search did, and what makes it doubtful.
        forecasts: one for each curve, in its order.
        importances: family -> parameter -> share; families without one are left out.
        halves: family -> what the second half of the budget bought in each of its cells at its largest size.
        tunings: the same for what the search bought over the default setting.
        environments: the machines and packages that made the cells, each once.
    """

    plan: Plan
    records: tuple[CellRecord, ...]
    curves: tuple[Curve, ...]
    errors: Mapping[str, Mapping[int, Errors]]
    summaries: tuple[SearchSummary, ...]
    flags: tuple[Flag, ...]
    verdicts: tuple[Verdict, ...]
    forecasts: tuple[Forecast | NoForecast, ...]
    importances: Mapping[str, Mapping[str, float]]
    halves: Mapping[str, tuple[float, ...]]
    tunings: Mapping[str, tuple[float, ...]]
    environments: tuple[Mapping[str, Any], ...]

    @property
    def shown(self) -> Shown:
        """How scores are told."""
        return Shown(self.plan.metric)

    @property
    def labels(self) -> dict[str, str]:
        """Families with a curve -> label, in the order that gives their looks."""
        return {curve.family: curve.label for curve in self.curves}

    def summary(self, family: str, size: int) -> SearchSummary | None:
        """What the searches of one family at one size did."""
        return next((of for of in self.summaries if (of.family, of.size) == (family, size)), None)


def gather(
    plan: Plan,
    search: SearchSettings,
    claims: ClaimSettings,
    records: Sequence[CellRecord],
    cells: pd.DataFrame,
    trials: Mapping[str, Sequence[Trial]],
    environments: Sequence[Mapping[str, Any]],
) -> Findings:
    """The findings of the cells that ended.

    Args:
        plan: what was asked for.
        search: the budget, the same for every cell.
        claims: what the verdicts are judged by.
        records: the plan's ended cells.
        cells: the same as a table (`reading.frame`), with at least one that is complete.
        trials: their trials, by key.
        environments: see `Findings`.
    """
    metric = plan.metric
    by_key = {record.key: _in_baselines(record, metric) for record in records}
    trials = {key: [_trial_in_baselines(of, metric) for of in each] for key, each in trials.items()}
    planned = _repeats_planned(plan)
    questions = ask(claims, plan.labels, planned, metric)
    compared = [(a, b, size) for of in questions for a, b in of.pairs for size in of.sizes]
    families = {cell.family.name: cell.family for cell in plan.cells}
    summaries = convergence.summarise(plan.cells, by_key, trials, plan.task.times is not None)
    flags = convergence.flags(summaries, families.values(), search, compared, metric)
    drawn, errors = curves.from_cells(cells), curves.errors_of(cells)
    single = _cells_at_the_top(plan, drawn, by_key, trials)
    return Findings(
        plan=plan,
        records=tuple(records),
        curves=tuple(drawn),
        errors=errors,
        summaries=tuple(summaries),
        flags=tuple(flags),
        verdicts=verdicts.judge(errors, plan.labels, claims, flags, planned, metric),
        forecasts=tuple(curves.forecast(curve, _widening(families[curve.family])) for curve in drawn),
        importances=_importances(plan, trials),
        halves={name: tuple(_halves(found)) for name, found in single.items()},
        tunings={name: tuple(_tunings(found)) for name, found in single.items()},
        environments=tuple(environments),
    )


def _in_baselines(record: CellRecord, metric: Metric) -> CellRecord:
    """The scores of a cell in the unit of its curves."""
    tuned = None if record.val_error is None else record.val_error / metric.baseline
    tested = None if record.test_error is None else record.test_error / metric.baseline
    return replace(record, val_error=tuned, test_error=tested)


def _trial_in_baselines(trial: Trial, metric: Metric) -> Trial:
    return trial if trial.error is None else replace(trial, error=trial.error / metric.baseline)


def _repeats_planned(plan: Plan) -> dict[str, dict[int, int]]:
    """Family -> size -> repeats asked for."""
    planned: dict[str, dict[int, int]] = {}
    for cell in plan.cells:
        by_size = planned.setdefault(cell.family.name, {})
        by_size[cell.size] = by_size.get(cell.size, 0) + 1
    return planned


def _halves(cells: Iterable[SearchSummary]) -> Iterator[float]:
    return (of.second_half for of in cells if of.second_half is not None)


def _tunings(cells: Iterable[SearchSummary]) -> Iterator[float]:
    for of in cells:
        if of.default_error is not None and of.tuned_error is not None:
            yield of.default_error - of.tuned_error


def cell_seconds(findings: Findings, family: str, size: int) -> float:
    """Mean seconds of a family's complete cells at one size: search, refit and test."""
    spent = [
        record.seconds
        for record in findings.records
        if (record.family, record.size, record.outcome) == (family, size, "complete")
    ]
    return sum(spent) / len(spent) if spent else 0.0


def _cells_at_the_top(
    plan: Plan,
    drawn: Sequence[Curve],
    records: Mapping[str, CellRecord],
    trials: Mapping[str, Sequence[Trial]],
) -> dict[str, list[SearchSummary]]:
    """Each family's complete cells at its largest size, summarised one by one: means hide their spread."""
    tops = {(curve.family, curve.sizes[-1]) for curve in drawn}
    found: dict[str, list[SearchSummary]] = {}
    forward = plan.task.times is not None
    for cell in plan.cells:
        record = records.get(cell.key)
        if record and record.outcome == "complete" and (cell.family.name, cell.size) in tops:
            one = convergence.summarise([cell], records, trials, forward)
            found.setdefault(cell.family.name, []).extend(one)
    return found


def _widening(family: Family) -> float:
    is_svm = str(family.estimator["_target_"]).startswith(("sklearn.svm.", "models.svm."))
    return curves.SVM_WIDENING if is_svm else 1.0


def _importances(plan: Plan, trials: Mapping[str, Sequence[Trial]]) -> dict[str, dict[str, float]]:
    by_family: dict[str, list[Cell]] = {}
    for cell in plan.cells:
        by_family.setdefault(cell.family.name, []).append(cell)
    found = {
        name: importances(on_data(cells[0].family, plan.task), [trials.get(cell.key, ()) for cell in cells])
        for name, cells in by_family.items()
    }
    return {name: shares for name, shares in found.items() if shares}
