"""What the harness costs beside the learner: recording trials, giving them to workers, reading it all back.

The family learns nothing (scikit-learn's DummyClassifier), so what is left is ours.

Run: make bench BENCH=benchmarks/test_overhead.py

Times of the driver are of its process, the scheduler and its threads included; medians where nothing else is
said. The two command lines are timed as a person waits for them, from the shell's call to its end.
"""

import io
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness import launch
from harness import plan as planning
from harness.cli import compose
from harness.config import SweepConfig, parse
from harness.plan import Plan
from harness.progress import Progress
from harness.records import Cell, CellResult, Outcome, Trial
from harness.sweep import Journal
from harness.tracking.recorder import Recorder
from harness.tracking.store import open_store

FAMILY = """# @package model.idle
label: idle
estimator: {_target_: sklearn.dummy.DummyClassifier}
space:
  strategy: {choices: [prior, most_frequent], default: prior}
  random_state: {low: 0, high: 1000000, default: 0}
selection: error
progress: rungs
preprocess: none
max_size: null
max_parameters: null
seconds_per_row: 1.0e-5
"""
TRIALS = 8  # of a cell: the harness's own budget
FLAT = {"the 100th": range(100, 600), "the 20,000th": range(19_500, 20_000)}  # trials
CELLS = 5_000

DRIVER_MS, PER_SECOND, GROWTH, WAIT_SECONDS = 15.0, 60.0, 1.2, 8.0  # what is asked for


def config_of(root: Path, *more: str) -> SweepConfig:
    (job,) = compose("config", words_of(root, *more))
    return parse(job.tree, job.source)


def words_of(root: Path, *more: str) -> list[str]:
    conf = root.with_name(f"{root.name}-conf")
    (conf / "model").mkdir(parents=True, exist_ok=True)
    (conf / "model" / "idle.yaml").write_text(FAMILY)
    return [
        *("data=digits", "model=idle", "search=random", f"search.trials={TRIALS}"),
        *(f"tracking.root={root}", *more, "--config-dir", str(conf)),
    ]


def recorder_of(config: SweepConfig, plan: Plan) -> Recorder:
    return Recorder(open_store(config.root, config.uri), plan.task, config.source)


def record(recorder: Recorder, cell: Cell, correct: bytes) -> list[float]:
    """Record a cell whole; the processor time of each of its trials, with a share of the cell's own."""
    costs, begin = [], time.process_time()
    assert recorder.claim(cell)
    assert recorder.begin(cell) == ()
    own = time.process_time() - begin
    for number in range(TRIALS):
        begin = time.process_time()
        recorder.trial(cell, trial(number))
        costs.append(time.process_time() - begin)
    begin = time.process_time()
    result = CellResult(Outcome.COMPLETE, TRIALS, 0, 0.9, 0.9, 2.3, correct, 0.01, 0.02, environment={})
    recorder.result(cell, result)
    recorder.release(cell)
    own += time.process_time() - begin
    return [cost + own / TRIALS for cost in costs]


def trial(number: int) -> Trial:
    setting = {"strategy": "prior", "random_state": 977 * number}
    points = tuple((step, 0.9 - step / 1e4) for step in range(10, 110, 10))
    return Trial(number, setting, Outcome.COMPLETE, 0.8, 0.9, 100, points, 0.01)


def correct_of(plan: Plan) -> bytes:
    right = np.random.default_rng(0).random(len(plan.task.y_test)) < 0.1
    return np.packbits(right).tobytes()


def test_a_trial_costs_the_driver_little_and_no_more_after_20000_others(tmp_path, lines):
    config = config_of(tmp_path / "mlruns", "data.sizes=[64]", f"repeats={20_000 // TRIALS}")
    plan = planning.of(config)
    recorder, correct = recorder_of(config, plan), correct_of(plan)
    costs = [cost for cell in plan.cells for cost in record(recorder, cell, correct)]
    found = {name: 1e3 * statistics.median(costs[at] for at in where) for name, where in FLAT.items()}
    lines += [f"recording {name} trial and its share of its cell: {ms:.2f} ms" for name, ms in found.items()]
    assert max(found.values()) <= DRIVER_MS
    assert max(found.values()) <= GROWTH * min(found.values())


@dataclass
class Watched:
    """A ledger that notes the clock, and this process's time, after each trial."""

    journal: Journal
    marks: list[tuple[float, float]] = field(default_factory=list)

    def __getattr__(self, name):
        return getattr(self.journal, name)

    def trial(self, cell: Cell, trial: Trial) -> None:
        self.journal.trial(cell, trial)
        self.marks.append((time.monotonic(), time.process_time()))


def test_two_local_workers_are_kept_busy_with_trials_of_nothing(tmp_path, lines):
    config = config_of(
        tmp_path / "mlruns", "data.sizes=[64]", "repeats=300", "launch=local", "launch.workers=2"
    )
    plan = planning.of(config)
    costs = [(cell.key, 1.0) for cell in plan.cells]
    ledger = Watched(Journal(recorder_of(config, plan), Progress(costs, io.StringIO())))
    launch.run(config.launch, list(plan.cells), ledger)
    marks = ledger.marks[len(ledger.marks) // 10 :]  # the first have workers that still import
    (began, used), (ended, used_in_all) = marks[0], marks[-1]
    rate = (len(marks) - 1) / (ended - began)
    ms = 1e3 * (used_in_all - used) / (len(marks) - 1)
    lines.append(f"2 local workers: {rate:.1f} trials per second, {ms:.2f} ms of the driver for each")
    assert len(ledger.marks) == 300 * TRIALS
    assert ms <= DRIVER_MS
    assert rate >= PER_SECOND


def test_a_plan_and_a_sweep_with_nothing_to_do_are_quick_over_5000_cells(tmp_path, lines):
    root = tmp_path / "mlruns"
    more = ("data.sizes=[64,80,96,112,128,160,192,224,256,320]", f"repeats={CELLS // 10}", "launch=inline")
    config = config_of(root, *more)
    plan = planning.of(config)
    recorder, correct = recorder_of(config, plan), correct_of(plan)
    for cell in plan.cells:
        record(recorder, cell, correct)
    timed("sweep", root, *more)  # writes the report
    seconds = {
        command: statistics.median(timed(command, root, *more) for _ in range(5))
        for command in ("plan", "sweep")
    }
    lines += [f"harness {command} over {CELLS:,} recorded cells: {s:.1f} s" for command, s in seconds.items()]
    assert max(seconds.values()) <= WAIT_SECONDS


def timed(command: str, root: Path, *more: str) -> float:
    begin = time.monotonic()
    words = [sys.executable, "-m", "harness", command, *words_of(root, *more)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin
