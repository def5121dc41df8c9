"""`harness course`: run the experiments that are not recorded yet, record what they find, write the page."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import data
from harness.course import page
from harness.course.finding import Finding, NotHere, as_json, from_json
from harness.course.keys import key_of
from harness.course.processes import Ended, Work, run_all
from harness.environment import environment
from harness.errors import HarnessError
from harness.explain import one_line
from harness.interrupt import interrupting
from harness.secrets import hidden
from harness.tracking import course as record
from harness.tracking.store import Store, open_store

if TYPE_CHECKING:
    from harness.course.default_sweep import DefaultSweep
    from harness.course_config import CourseConfig, Experiment
    from harness.records import Task


@dataclass(frozen=True)
class Prepared:
    """An experiment with what it is given; `reason` where that is not on this machine."""

    experiment: Experiment
    key: str = ""
    work: Work | None = None
    reason: str = ""


def run(config: CourseConfig) -> int:
    """Run what is asked for and not recorded; exit status 1 where one failed."""
    page.prepare(config)
    store = open_store(config.root, config.uri)
    shown = {*config.only, *record.names(store)}
    prepared = [_prepare(one, config) for one in config.experiments if one.name in shown]
    ended = {name: _read(name, text) for name, text in _recorded(store, prepared).items()}
    works = {
        one.experiment.name: one
        for one in prepared
        if one.experiment.name in config.only and one.experiment.name not in ended
    }
    recorded = [name for name in config.only if name in ended]
    counted = f"{len(recorded)} recorded in {store.label}, {len(works)} to run"
    print(f"course: {len(config.only)} experiments, {counted}", flush=True)
    runnable = {name for name, one in works.items() if one.work is not None}
    if absent := _absent(config, {*ended, *runnable}):
        print(absent, flush=True)
    for name in recorded:
        print(_line(ended[name], "recorded"), flush=True)
    for one in _run(works):
        ended[one.name] = one
        if one.finding is not None:
            _record(store, works[one.name], one)
        print(_line(one, f"{one.seconds:.0f} s"), flush=True)
        if one.trace and os.environ.get("HYDRA_FULL_ERROR") == "1":
            print(one.trace, file=sys.stderr)
    for place in page.write(config, ended):
        print(f"page: {place}")
    return 1 if any(ended[name].outcome == "failed" for name in config.only) else 0


def _absent(config: CourseConfig, shown: set[str]) -> str:
    """A warning, where a page that is there would be replaced by one without some of the findings."""
    left = [one.name for one in config.experiments if one.name not in shown]
    if config.page is None or not config.page.exists() or not left:
        return ""
    remedies = []
    if not set(left) <= set(config.only):
        remedies.append("harness course without only= runs all")
    if set(left) & set(config.only):
        remedies.append("what is not on this machine is said below")
    return (
        f"warning: {config.page} is replaced, and will say that {', '.join(left)} "
        f"{'is' if len(left) == 1 else 'are'} not run; {'; '.join(remedies)}"
    )


def _prepare(experiment: Experiment, config: CourseConfig) -> Prepared:
    """The experiment with its data, prepared where the cache lacks it."""
    try:
        tasks = {name: _loaded(name, config) for name in experiment.data}
    except HarnessError as absent:
        return Prepared(experiment, reason=str(absent))
    settings = experiment.settings
    digests, given = [task.digest for task in tasks.values()], dict[str, Any]()
    if experiment.sweep:
        try:
            given["sweep"] = _sweep(config)
        except NotHere as absent:
            return Prepared(experiment, reason=str(absent))
        digests.append(given["sweep"].digest)
    key = key_of(experiment.name, settings, digests)
    folders = {name: task.path for name, task in tasks.items()}
    return Prepared(experiment, key, Work(experiment.name, settings, folders, given))


def _loaded(name: str, config: CourseConfig) -> Task:
    """The data set as it is by default: the course has no options of data that would bring it otherwise.

    Raises:
        NotHere: with the command that `harness data` tells, where the data set is not on this machine.
        HarnessError: where it is, and cannot be read.
    """
    try:
        return data.load(name, {}, config.root / "cache")
    except HarnessError:
        about = data.told(name)
        if about.yours or data.is_here(name, {}):
            raise
        raise NotHere(f"the data set {name} is not on this machine", about.command) from None


def _sweep(config: CourseConfig) -> DefaultSweep:
    from harness.course.default_sweep import default_sweep  # reaches Dask, which few experiments need

    return default_sweep(config.root, config.uri)


def _recorded(store: Store, prepared: Iterable[Prepared]) -> dict[str, str]:
    """Name -> the recorded text of those experiments that have one."""
    names = {one.key: one.experiment.name for one in prepared if one.key}
    return {names[key]: text for key, text in record.recorded(store, names).items()}


def _read(name: str, text: str) -> Ended:
    held = json.loads(text)
    return Ended(name, "complete", from_json(held["finding"]), seconds=held["seconds"])


def _run(works: Mapping[str, Prepared]) -> Iterable[Ended]:
    for name, one in works.items():
        if one.work is None:
            yield Ended(name, "not run", reason=one.reason)
    with interrupting():
        yield from run_all(one.work for one in works.values() if one.work is not None)


def _record(store: Store, prepared: Prepared, ended: Ended) -> None:
    finding, experiment = ended.finding, prepared.experiment
    assert finding is not None, "only a finding is recorded"
    held = {
        "experiment": experiment.name,
        "statement": experiment.statement,
        "settings": dict(experiment.settings),
        "seconds": ended.seconds,
        "environment": environment(),
        "finding": as_json(finding),
    }
    files = {
        record.FINDING: json.dumps(hidden(held), indent=1).encode(),
        "rows.csv": _table(finding).encode(),
        f"{experiment.name}.png": ended.picture,
    }
    metrics = {"effect": finding.effect, "low": finding.low, "high": finding.high, "seconds": ended.seconds}
    params = {
        "statement": experiment.statement,
        "verdict": str(finding.verdict),
        "unit": finding.unit,
        **{f"settings.{name}": repr(value) for name, value in experiment.settings.items()},
    }
    record.record(store, experiment.name, prepared.key, metrics, params, files)


def _table(finding: Finding) -> str:
    columns: dict[str, Any] = {name: None for row in finding.rows for name in row}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_json(finding)["rows"])
    return text.getvalue()


def _line(ended: Ended, when: str) -> str:
    """How an experiment ended, in one line."""
    if ended.finding is None:
        where = "; HYDRA_FULL_ERROR=1 in the environment shows where" if ended.trace else ""
        return f"{ended.name}: {ended.outcome}: {one_line(ended.reason)}{where}"
    return f"{ended.name}: {ended.finding.verdict}, {page.effect(ended.finding)} ({when})"
