"""What a report does not show: the limits that apply to this sweep, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from harness.curves import Forecast
from harness.metrics import Metric
from harness.records import SearchSettings
from harness.report.findings import Findings
from harness.report.words import listed, rows

FEW_TEST_ROWS = 2000


def limits(findings: Findings, search: SearchSettings) -> list[str]:
    """Sentences, the weightiest first."""
    return [*_of_the_data(findings), *_of_the_searches(findings, search), *_of_the_curves(findings)]


def _of_the_data(findings: Findings) -> Iterator[str]:
    task, sizes = findings.plan.task, sorted({cell.size for cell in findings.plan.cells})
    yield f"One data set, {task.name}: on another, any of this may be otherwise."
    yield _of_the_metric(findings.plan.metric)
    if len(task.y_test) < FEW_TEST_ROWS:
        yield (
            f"The test set has {rows(len(task.y_test))} rows: below {rows(FEW_TEST_ROWS)}, differences of "
            f"{_small(findings)} may stay open, however many the repeats."
        )
    if task.groups is not None:
        yield (
            "Test rows of one group resemble one another, which the intervals do not know: they are narrower "
            "than they should be. A larger size is more rows, of the same groups and of others alike."
        )
    if task.times is not None:
        yield (
            "Every test row is later than those learnt from, so an error that more rows do not lower may be "
            "the change over time; and each search judged its settings on one hold-out, not on folds."
        )
    if len(task.y) < 2 * sizes[-1]:
        yield (
            "The largest size is more than half of the rows there are to draw on, so its repeats share rows "
            "and its interval is narrower than it should be."
        )
    repeats = {interval.repeats for curve in findings.curves for interval in curve.intervals}
    if 1 in repeats:
        yield "Where there is one repeat there is no interval: another draw of rows may give something else."
    elif min(repeats) < 5:
        yield f"Some sizes have only {min(repeats)} repeats: intervals are wide, and few claims are settled."


def _of_the_metric(metric: Metric) -> str:
    """What the metric does not see."""
    if metric.name == "error":
        return "Error is the share of wrong answers: that one mistake may cost more than another is not seen."
    said = {
        "balanced_error": "a rare class counts as much as a frequent one, and mistakes within a class alike",
        "log_loss": "it judges probabilities, so the family with the least may still give more wrong answers",
        "rmse": "a few rows that are far off count most, and too high costs as much as too low",
        "mae": "twice as far off counts twice, and too high costs as much as too low",
    }
    return f"{metric.meaning}: {said[metric.name]}."


def _small(findings: Findings) -> str:
    shown = findings.shown
    return "a point or two" if shown.metric.is_share else f"{shown.points(0.01)} or {shown.points(0.02)}"


def _of_the_searches(findings: Findings, search: SearchSettings) -> Iterator[str]:
    yield (
        f"Each family was searched within the ranges its file fixes and with {search.budget} a cell: "
        "a wider range or a longer search may do better."
    )
    if findings.plan.task.name == "flights":
        yield (
            "The networks' default settings, which every search tries first, were chosen on validation rows "
            "of this data set, at up to 20,480 rows: on other data they may be worse first guesses."
        )
    yield (
        f"The validation {findings.plan.metric.label} of a tuned setting is the least of several, so it "
        "looks better than it is."
    )
    failed = [record for record in findings.records if record.outcome != "complete"]
    if failed:
        yield f"{len(failed)} of {len(findings.records)} cells failed and are left out of every mean."
    absent = len(findings.plan.cells) - len(findings.records)
    if absent:
        yield f"{absent} of {len(findings.plan.cells)} cells are not recorded yet."
    for family, reason in {skip.family: skip.reason for skip in findings.plan.skipped}.items():
        sizes = [rows(skip.size) for skip in findings.plan.skipped if skip.family == family]
        label = findings.plan.labels.get(family, family)
        yield f"{label} was not run at {listed(sizes)} rows ({reason}): nothing here speaks for it there."


def _of_the_curves(findings: Findings) -> Iterator[str]:
    yield "Bands that overlap say nothing on a difference: paired differences have a picture of their own."
    forecasts = [of for of in findings.forecasts if isinstance(of, Forecast)]
    if forecasts:
        yield (
            "Forecasts stop at eight times the last size, and hold for more rows of the same kind; what a "
            "curve tends to beyond is not the least error there can be."
        )
        yield (
            "Forecast intervals were set on learning curves of other data sets, where nine of ten held the "
            "truth; of one data set nobody can promise that."
        )
        if findings.plan.metric.name != "error":
            yield (
                f"Those were curves of errors: how often such an interval holds the "
                f"{findings.plan.metric.label} has not been measured."
            )
    yield "Seconds are those of the machine named above, while it also ran other cells."
