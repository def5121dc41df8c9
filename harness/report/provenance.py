"""Where every number comes from: the data, the rules, the machine, and the run of each cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.metrics import Metric, in_digits
from harness.records import Task
from harness.report.findings import Findings
from harness.report.words import listed, rows
from harness.verdicts.words import within
from harness.wording import counted

if TYPE_CHECKING:
    from harness.config import SweepConfig

Facts = list[tuple[str, str]]


def data_facts(findings: Findings) -> Facts:
    """The data set."""
    task = findings.plan.task
    return [
        ("Data set", task.name),
        ("Source", task.source or "not stated"),
        ("Licence", task.licence or "not stated"),
        ("Rows to draw on", rows(len(task.y))),
        ("Test rows", f"{rows(len(task.y_test))}, fixed once, used once by each cell"),
        ("Features", rows(len(task.features))),
        _target(task),
        *(("Note", note) for note in task.notes),
        ("Digest", task.digest),
    ]


def _target(task: Task) -> tuple[str, str]:
    """The classes, or how the numbers of the test rows are spread."""
    if task.classes:
        return "Classes", f"{len(task.classes)}: {_some(task.classes)}"
    y = np.asarray(task.y_test)
    low, high, mean, spread = map(in_digits, (y.min(), y.max(), y.mean(), y.std()))
    told = f"on the test rows from {low} to {high}, mean {mean}, standard deviation {spread}"
    return "Target", f"a number: {told}"


def _some(names: tuple[str, ...], most: int = 20) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def protocol(config: SweepConfig, findings: Findings) -> list[str]:
    """How a number is made, in sentences."""
    search, claims = config.search, config.claims
    sizes = sorted({cell.size for cell in findings.plan.cells})
    by_repeats: dict[int, list[int]] = {}
    for size in sizes:
        by_repeats.setdefault(config.repeats.at(size), []).append(size)
    repeats = listed(f"{count} at {listed(map(rows, found))} rows" for count, found in by_repeats.items())
    small = "chosen from the sizes" if claims.small_sizes is None else listed(map(rows, claims.small_sizes))
    forward = findings.plan.task.times is not None
    held_out = "the latest" if forward else "folds up to 2,000 rows, a hold-out above"
    limit = "" if search.trial_seconds is None else f" A trial ends after {search.trial_seconds:g} s."
    return [
        "Size is everything labelled that a learner may use, the rows it is tuned on included.",
        f"Repeats: {repeats}. A repeat is a draw of rows of its own, the same for every family, in which "
        "the smaller sizes are part of the larger ones; its own initialisation; its own search.",
        f"Search: {search.budget} in each cell, the same for every family ({search.sampler}; pruning: "
        f"{search.pruner}).{limit} Settings are compared on validation rows inside the size ({held_out}), "
        "never on test rows; the best is fitted again on all of them and tested once.",
        "Intervals are for new training rows and new test rows at once: a two-way variance over repeats and "
        "test rows, with Satterthwaite's degrees of freedom. The bands of curves with few repeats share the "
        "trend of that variance over sizes; differences keep their own, with slightly fewer degrees.",
        "Comparisons are paired: two families on the same draws and the same test rows.",
        f"Verdicts: families are about as good within {_margin(claims.margin, findings.plan.metric)} (two "
        "one-sided tests); "
        f"sizes for little data: {small}. p are adjusted over the claims by Holm's rule. "
        "Margin, sizes and repeats are those of the configuration: whoever adds repeats or sizes after "
        "seeing a result errs more often than stated.",
        "Forecasts are the median of 12 fits of six forms; their intervals were set on real learning curves.",
        f"Every split, initialisation and search is seeded from seed {config.seed} and from what it is for.",
    ]


def _margin(margin: float, metric: Metric) -> str:
    return f"{100 * margin:g} points" if metric.name == "error" else within(margin, metric)


def made_with(findings: Findings, digest: str) -> Facts:
    """Versions, machine and digest."""
    versions = dict.fromkeys(record.versions for record in findings.records if record.versions)
    facts = [("Cells", _cells(findings)), ("Digest of the cells", digest)]
    facts += [("Versions", text) for text in versions]
    if len(versions) > 1:
        facts.append(
            ("Note", "cells were made with different versions, so numbers may differ for that reason")
        )
    return facts + [("Machine", _machine(found)) for found in findings.environments]


def _cells(findings: Findings) -> str:
    complete = sum(record.outcome == "complete" for record in findings.records)
    trials = sum(record.trials for record in findings.records)
    return f"{complete:,} complete of {counted(len(findings.plan.cells), 'cell')}, {counted(trials, 'trial')}"


def _machine(found: Mapping[str, Any]) -> str:
    kernels = {f"{pool.get('internal_api')} {pool.get('version')}, {pool.get('architecture')}": None
               for pool in found.get("blas", ())}  # fmt: skip
    named = [str(found[key]) for key in ("system", "machine", "processor") if found.get(key)]
    return "; ".join([*named, *kernels])


def cell_columns(findings: Findings) -> tuple[str, ...]:
    """The heads of `cells`."""
    label = findings.plan.metric.label
    return ("Family", "Rows", "Repeat", "Outcome", f"Test {label}", f"Validation {label}", "Run")


def cells(findings: Findings) -> list[tuple[str, ...]]:
    """A row for each cell, with the MLflow run that holds it."""
    labels, shown = findings.plan.labels, findings.shown
    unit = shown.metric.baseline
    return [
        (
            labels.get(record.family, record.family),
            rows(record.size),
            str(record.repeat),
            record.outcome,
            *(
                shown.value(None if score is None else score / unit)
                for score in (record.test_error, record.val_error)
            ),
            record.run_id,
        )
        for record in findings.records
    ]
