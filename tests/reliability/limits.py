"""Fits that hang, spin, eat memory or end their process: each ends as an outcome, and the sweep goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.reliability import attempts, kills, small_sweeps
from tests.reliability.records import Tally, runs_of, snapshot
from tests.reliability.rows import Row

SECONDS = 2.0  # the limit of a trial
AMPLE = 30.0  # the limit where memory is to end it first, however slow the machine
GRACE = 2.0  # past it
MEMORY = "600MB"
MISCHIEF = '''
import os, re, signal, subprocess, time
import numpy as np
from sklearn.dummy import DummyClassifier

class Mischief(DummyClassifier):
    """Does as its parameter says, in some of its settings; in the refit only where that is said too."""

    def __init__(self, deed="none", rows=0):
        super().__init__(strategy="prior")
        self.deed, self.rows = deed, rows

    def fit(self, X, y):
        if len(y) >= self.rows:
            getattr(self, self.deed)()
        return super().fit(X, y)

    def none(self):
        pass

    def hang(self):
        time.sleep(600)

    def hang_with_children(self):
        subprocess.run(["sleep", "600"])

    def spin(self):
        sum(1 for _ in iter(int, 1))

    def spin_holding_the_interpreter(self):
        re.match("(a+)+$", "a" * 64 + "b")

    def eat_memory_slowly(self):
        held = []
        while True:
            held.append(np.ones(2**21))
            time.sleep(0.01)

    def eat_memory_at_once(self):
        np.ones(2**40)

    def exit(self):
        os._exit(3)

    def crash(self):
        os.kill(os.getpid(), signal.SIGSEGV)
'''
FAMILY = """# @package model.mischief
label: mischief
estimator: {_target_: mischief.Mischief}
space: {deed: {choices: [none], default: none}, rows: 0}
selection: error
progress: rungs
preprocess: none
max_size: null
max_parameters: null
seconds_per_row: 1.0e-5
"""
ROWS = 64


@dataclass(frozen=True)
class Deed:
    """What a fit does, and how its trial must end.

    Attributes:
        outcome: of the trial; of the cell where `refit`.
        says: what the recorded sentence holds.
        refit: True where only the fit on all rows does it.
    """

    name: str
    outcome: str
    says: str
    refit: bool = False
    memory: bool = False


DEEDS = (
    Deed("hang", "timed out", "search.trial_seconds=2"),
    Deed("hang_with_children", "timed out", "search.trial_seconds=2"),
    Deed("spin", "timed out", "search.trial_seconds=2"),
    Deed("spin_holding_the_interpreter", "timed out", "search.trial_seconds=2"),
    Deed("exit", "failed", "ended"),
    Deed("crash", "failed", "ended"),
    Deed("eat_memory_at_once", "out of memory", ""),
    Deed("eat_memory_slowly", "out of memory", "launch.memory", memory=True),
    Deed("hang", "timed out", "search.trial_seconds=2", refit=True),
    Deed("spin_holding_the_interpreter", "timed out", "search.trial_seconds=2", refit=True),
    Deed("exit", "failed", "ended", refit=True),
    Deed("eat_memory_slowly", "out of memory", "launch.memory", refit=True, memory=True),
)


def run(template: Path, folder: Path, deeds: tuple[Deed, ...] = DEEDS) -> Row:
    """Each deed with `launch=local`, in the working directory, which is a scratch one."""
    begin, tally = time.monotonic(), Tally()
    conf = folder / "conf" / "model"
    conf.mkdir(parents=True)
    (conf / "mischief.yaml").write_text(FAMILY)
    Path("mischief.py").write_text(MISCHIEF)
    memory = has_memory_limit()
    tried = [deed for deed in deeds if memory or not deed.memory]
    for number, deed in enumerate(tried):
        tally += _try(deed, small_sweeps.fresh(template, folder / f"limit-{number}"), conf.parent, memory)
    notes = ["launch=local", "" if memory else "launch.memory is not there yet"]
    notes.append(small_sweeps.shorten(tally.examples))
    return Row(
        "limits",
        len(tried),
        **tally.counts(),
        seconds=time.monotonic() - begin,
        note="; ".join(filter(None, notes)),
    )


def has_memory_limit() -> bool:
    """True where `launch.memory` is a key."""
    from harness.cli import compose

    return "memory" in compose("config", [])[0].tree["launch"]


def _limit(deed: Deed) -> float:
    return AMPLE if deed.memory else SECONDS


def _words(deed: Deed, root: Path, conf: Path, memory: bool) -> list[str]:
    return [
        *("data=digits", "model=[mischief,logistic_regression_sklearn]", f"data.sizes=[{ROWS}]", "repeats=1"),
        *("search=random", "search.trials=3", f"search.trial_seconds={_limit(deed):g}", "search.pruner=none"),
        *("claims.linear=logistic_regression_sklearn", "claims.networks=[mischief]", "name=limits"),
        *("launch=local", "launch.workers=2", f"tracking.root={root}", "trusted_modules=[mischief]"),
        f"model.mischief.space.deed.choices=[{deed.name},none]",
        f"model.mischief.space.deed.default={deed.name}",
        f"model.mischief.space.rows={ROWS if deed.refit else 0}",
        *([f"launch.memory={MEMORY}"] if memory else []),
        *("--config-dir", str(conf)),
    ]


def _try(deed: Deed, root: Path, conf: Path, memory: bool) -> Tally:
    log = root.with_suffix(".log")
    attempt = attempts.start(attempts.sweep(_words(deed, root, conf, memory)), log)
    status = attempt.wait(90)
    where = f"{deed.name}{' in the refit' if deed.refit else ''}"
    if status is None:
        attempt.kill()
        attempt.left(0)
        return Tally(wrong=1, examples=[f"{where}: the sweep hangs"])
    tally = kills.left(attempt)
    held = snapshot(root, "limits")
    tally += Tally(left=len(held.running), examples=[f"RUNNING: {each}" for each in held.running[:1]])
    wrong = [*_judge(deed, root), *([] if status in (0, 1) else [f"exit status {status}"])]
    if "Traceback" in log.read_text(errors="replace"):
        wrong.append(f"a traceback in {log}")
    tally += Tally(wrong=len(wrong), examples=wrong[:1])
    tally.examples = [f"{where}: {text}" for text in tally.examples]
    return tally


def _judge(deed: Deed, root: Path) -> list[str]:
    """What is wrong with the records of a deed."""
    runs = [run for run in runs_of(root / "mlflow.db").values() if run["stage"] == "active"]
    mine = [run for run in runs if "mischief" in run["tags"].get("mlflow.runName", "")]
    cells = [run for run in mine if run["tags"]["kind"] == "cell"]
    other = [run for run in runs if run["tags"].get("family") == "logistic_regression_sklearn"]
    if not any(run["tags"].get("outcome") == "complete" for run in other):
        return ["the other family's cell did not go on"]
    if len(cells) != 1:
        return [f"{len(cells)} cells of the family instead of one"]
    trials = sorted(
        (r for r in runs if r["tags"]["kind"] == "trial" and r["tags"]["cell"] == cells[0]["tags"]["cell"]),
        key=lambda r: int(r["tags"]["number"]),
    )
    if [int(run["tags"]["number"]) for run in trials] != [0, 1, 2]:
        return [f"{len(trials)} trials recorded instead of 3"]
    if deed.refit:
        return _ended(deed, cells[0]["tags"])
    spent = {name: value for name, _, value in trials[0]["history"]}.get("seconds", 0.0)
    slow = [f"took {spent:.1f} s of {_limit(deed):g}"] if spent > _limit(deed) + GRACE else []
    return [*_ended(deed, trials[0]["tags"]), *slow]


def _ended(deed: Deed, tags: dict[str, Any]) -> list[str]:
    outcome, message = tags.get("outcome"), tags.get("message", "")
    if outcome == deed.outcome and deed.says in message:
        return []
    return [f"ended as {outcome!r} ({message[:100]!r}) instead of {deed.outcome!r} ({deed.says!r})"]
