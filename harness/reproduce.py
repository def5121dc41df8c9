"""`harness reproduce RUN_ID`: a recorded run is rebuilt from its record, run again, and compared.

A cell's key is a hash of all its numbers depend on. So the configuration is taken from the record like any
other, the data is loaded anew, and where the plan holds a cell of the recorded key, it *is* that cell.
Nothing in the record may run code: its targets pass the allow-list, its trusted modules do not count.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import threadpoolctl

from harness import cli, data
from harness import config as configurations
from harness import plan as planning
from harness.environment import differences, environment
from harness.errors import ConfigError
from harness.records import Cell, Task
from harness.rerun import Comparison, Difference, compare_cell, compare_trial
from harness.secrets import MASK
from harness.suited import of_the_kind
from harness.targets import TRUSTED, is_below, targets
from harness.tracking.reading import existing_store
from harness.tracking.recorded import Origin, RecordedCell, origin, recorded_cell
from harness.wording import counted

if TYPE_CHECKING:
    from harness.config import SweepConfig
    from harness.reproduce_config import ReproduceConfig
    from harness.tracking.store import Store

SHOWN = 5  # differences; their number is told as well


@dataclass(frozen=True)
class Rebuilt:
    """What the record asks for, on the data as it is now."""

    config: SweepConfig
    task: Task
    cells: Mapping[str, Cell]


def run(config: ReproduceConfig) -> int:
    """Run it again and say how it compares; exit status 0 where every number is the same, 1 otherwise."""
    store = existing_store(config.root, config.uri)
    asked = origin(store, config.run_id)
    recorded = recorded_cell(store, asked.cells[0])
    sweep = _configuration(asked, config)
    task = data.load(sweep.data.name, sweep.data.options, config.root / "cache")
    if task.digest != recorded.digest:
        changed = Difference(sweep.data.name, "data", recorded.digest[:16], task.digest[:16])
        reason = f"the data changed ({sweep.data.options.get('path') or sweep.data.name})"
        return _say(config, asked, Comparison(differences=(changed,)), [reason])
    cells = {cell.key: cell for cell in planning.make(sweep, task).cells}
    rebuilt = Rebuilt(of_the_kind(sweep, task), task, cells)
    return _say(config, asked, *_compare(store, asked, rebuilt))


def _configuration(asked: Origin, config: ReproduceConfig) -> SweepConfig:
    """The recorded configuration, checked as any other, with the places and the trust of this command line.

    Raises:
        ConfigError: where it is broken, or would have code run that this command line does not trust.
    """
    try:
        tree = cli.tree_of(asked.source, "config.yaml")
        trusted = configurations.modules(tree.get("trusted_modules", []))
        if untrusted := [name for name in trusted if name not in config.trusted_modules]:
            listed = ",".join([*config.trusted_modules, *untrusted])
            raise ConfigError(
                f"it trusts {', '.join(untrusted)}, and the record's trust does not count; "
                f"if you trust it, add 'trusted_modules=[{listed}]'"
            )
        tree["trusted_modules"] = list(config.trusted_modules)
        sweep = configurations.parse(tree, asked.source)
    except ConfigError as error:
        raise ConfigError(f"the configuration recorded with run {asked.run_id}: {error}") from error
    return replace(sweep, root=config.root, uri=config.uri)


def _compare(store: Store, asked: Origin, rebuilt: Rebuilt) -> tuple[Comparison, list[str]]:
    """Every cell in turn, and the likely reasons of what differs."""
    found, reasons = Comparison(), dict[str, None]()
    for number, run_id in enumerate(asked.cells, start=1):
        recorded = recorded_cell(store, run_id)
        cell = rebuilt.cells.get(recorded.key)
        one = _strange(recorded) if cell is None else _again(asked, rebuilt.task, cell, recorded)
        if one.differences:
            why = _why_no_cell(rebuilt, asked, recorded) if cell is None else _why_other_numbers(recorded)
            reasons.update(dict.fromkeys(why))
        if len(asked.cells) > 1:
            word = "different" if one.differences else "identical"
            print(f"{number}/{len(asked.cells)} {recorded.name}: {word}", file=sys.stderr, flush=True)
        found += one
    return found, list(reasons)


def _again(asked: Origin, task: Task, cell: Cell, recorded: RecordedCell) -> Comparison:
    if asked.trial is not None:
        return compare_trial(cell, task, recorded.trials, asked.trial, recorded.name)
    return compare_cell(cell, task, recorded.trials, recorded.result, recorded.name)


def _strange(recorded: RecordedCell) -> Comparison:
    return Comparison(differences=(Difference(recorded.name, "key", recorded.key, "no cell of that key"),))


def _why_no_cell(rebuilt: Rebuilt, asked: Origin, recorded: RecordedCell) -> Iterator[str]:
    """Why the recorded configuration and the same data do not give the recorded key."""
    family = next((f for f in rebuilt.config.families if f.name == recorded.definition["name"]), None)
    then = environment_of(recorded)
    if MASK in asked.source:
        yield f"a secret was taken out of the recorded configuration ({MASK}); give it as ${{oc.env:NAME}}"
    if family is None or not _is_defined_as(family, recorded.definition):
        yield f"the recorded configuration is not the one that {recorded.name} was made with"
        return
    own = sorted(t for t in targets([family.estimator, family.space]) if not is_below(t, TRUSTED))
    code = [text for text in differences(then, environment()) if "source" in text or "scale-harness" in text]
    if own:
        yield f"the source of {', '.join(own)} changed"
    yield from code
    if not own and not code:
        yield "the recorded configuration or the key was changed: size, repeat, seed or search"


def _is_defined_as(family: Any, recorded: Mapping[str, Any]) -> bool:
    now = json.loads(json.dumps(planning.definition(family), default=str))
    return all(recorded.get(name, value) == value for name, value in now.items())


def _why_other_numbers(recorded: RecordedCell) -> Iterator[str]:
    if not recorded.result.environment:
        yield "not known: a cell that did not complete has no environment recorded"
        return
    with threadpoolctl.threadpool_limits(1):
        changed = differences(environment_of(recorded), environment())
    yield from changed
    if not changed:
        yield (
            "nothing known: versions, processor, BLAS and the harness's source are as recorded, "
            "so the record was changed or the estimator gives other numbers each time"
        )


def environment_of(recorded: RecordedCell) -> Mapping[str, Any]:
    """The recorded environment; a cell that failed has none."""
    return recorded.result.environment or {}


def _say(config: ReproduceConfig, asked: Origin, found: Comparison, reasons: list[str]) -> int:
    """Print how it compares; the exit status."""
    if config.format == "json":
        print(json.dumps(_as_json(asked, found, reasons), indent=1))
    else:
        print("\n".join(_as_text(asked, found, reasons)))
    return 1 if found.differences else 0


def _as_json(asked: Origin, found: Comparison, reasons: list[str]) -> dict[str, Any]:
    return {
        "run_id": asked.run_id,
        "kind": asked.kind,
        "identical": not found.differences,
        "trials": found.trials,
        "replayed": found.replayed,
        "metrics": found.metrics,
        "differences": [
            {"where": each.where, "name": each.name, "recorded": str(each.recorded), "now": str(each.now)}
            for each in found.differences
        ],
        "reasons": reasons,
    }


def _as_text(asked: Origin, found: Comparison, reasons: list[str]) -> Iterator[str]:
    what = asked.name if asked.name.startswith(asked.kind) else f"{asked.kind} {asked.name}"
    replayed = f" ({found.replayed} ends decided from outside were taken from the record)"
    taken, metrics = replayed if found.replayed else "", counted(found.metrics, "metric")
    if not found.differences:
        yield f"identical: {counted(found.trials, 'trial')}, {metrics} of {what}{taken}"
        return
    yield f"different: {len(found.differences)} of {metrics} of {what}{taken}"
    yield from (f"  {each}" for each in found.differences[:SHOWN])
    if len(found.differences) > SHOWN:
        yield f"  and {len(found.differences) - SHOWN} more (format=json lists them)"
    yield from (f"likely reason: {reason}" for reason in reasons)
