"""The harness beside a careful script by hand (peers/handwritten_sweep.py) on the same work.

Flights at 100, 1,000 and 10,000 rows, five families, 2 repeats, 10 trials, two cores: 30 cells, 300 trials,
all of them in MLflow.

Run: make bench BENCH=benchmarks/test_sweep.py (about eleven minutes, nearly all of them the script's)

It prints the wall seconds of both, without what each takes to create an empty database, their ratio, and the
test errors paired on test rows and pooled over cells. It fails where the harness takes more than a sixth of
the time or its error is shown to be worse.

Both hold a fifth out at 10,000 rows. Below 2,000 rows the harness keeps its own rule, 3 or 5 folds, which is
more work than the script's one hold-out. The script keeps scikit-learn's networks and its threads (as many
as there are cores), the harness one thread in each of two workers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from harness import data, read_cells
from harness.tracking.store import open_store

PEER = Path(__file__).parent / "peers" / "handwritten_sweep.py"
SIZES, REPEATS, TRIALS, WORKERS = (100, 1_000, 10_000), 2, 10, 2
FAMILIES = ("logistic_regression", "svm", "small_nn", "medium_nn", "large_nn")
TEST_ROWS = 10_000  # of flights
WANTED = 6.0  # times the speed


def seconds(command: list[str], folder: Path) -> float:
    """The wall time of a command, with OpenBLAS free to choose its kernel and its threads."""
    free = {key: value for key, value in os.environ.items() if not key.startswith(("OPENBLAS_", "OMP_"))}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, env=free)
    return time.perf_counter() - start


def by_hand(folder: Path) -> tuple[float, float, dict[str, np.ndarray]]:
    """Seconds without the database, seconds to create it, and each cell's correct test rows."""
    task = data.load("flights", {}, folder / "cache")
    parts = {"X_train": task.X, "y_train": task.y, "X_test": task.X_test, "y_test": task.y_test}
    np.savez(folder / "flights.npz", **parts)
    options = ["--sizes", *map(str, SIZES), "--repeats", str(REPEATS), "--trials", str(TRIALS)]
    wall = seconds([sys.executable, str(PEER), "flights.npz", "--out", "hand.npz", *options], folder)
    with np.load(folder / "hand.npz") as made:
        correct = np.unpackbits(made["correct"], axis=1, count=len(task.y_test)).astype(bool)
        created = float(made["created"])
        return wall - created, created, dict(zip(made["cells"].tolist(), correct, strict=True))


def by_harness(folder: Path) -> tuple[float, float, dict[str, np.ndarray]]:
    """The same of `harness sweep`, its report included; the data is prepared already."""
    start = time.perf_counter()
    open_store(folder)
    created = time.perf_counter() - start
    words = [
        f"tracking.root={folder}",
        f"model=[{','.join(FAMILIES)}]",
        f"data.sizes=[{','.join(map(str, SIZES))}]",
        f"repeats={REPEATS}",
        f"search.trials={TRIALS}",
        f"launch.workers={WORKERS}",
        f"model.svm.max_size={max(SIZES)}",
    ]
    wall = seconds([sys.executable, "-m", "harness", "sweep", *words], folder)
    found = read_cells("flights", folder)
    names = found.family + " " + found["size"].astype(str) + " " + found.repeat.astype(str)
    bits = [np.unpackbits(np.frombuffer(each, np.uint8), count=TEST_ROWS) for each in found.correct]
    return wall, created, dict(zip(names, np.array(bits, dtype=bool), strict=True))


def pooled(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> tuple[float, float]:
    """The difference of test errors, ours - theirs, mean over cells and rows, and its standard error.

    It is taken row by row first, so that a hard row counts against both.
    """
    if other := theirs.keys() - ours.keys() or ours.keys() - theirs.keys():
        raise ValueError(f"the cells differ: {', '.join(sorted(other))}")
    rows = np.mean([theirs[name].astype(float) - ours[name] for name in theirs], axis=0)
    return float(rows.mean()), float(rows.std(ddof=1) / len(rows) ** 0.5)


def table(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> list[str]:
    lines = [f"{'test error, %':20}" + "".join(f"{size:>18,}" for size in SIZES)]
    for family in FAMILIES:
        pairs = []
        for size in SIZES:
            names = [f"{family} {size} {repeat}" for repeat in range(REPEATS)]
            mine, other = (100 * np.mean([~made[name] for name in names]) for made in (ours, theirs))
            pairs.append(f"{mine:8.2f} /{other:6.2f}")
        lines.append(f"{family:20}" + "".join(f"{pair:>18}" for pair in pairs))
    return lines


def test_the_harness_takes_a_sixth_of_the_time_and_is_no_worse(tmp_path: Path, lines: list[str]) -> None:
    hand_wall, hand_created, theirs = by_hand(tmp_path)
    wall, created, ours = by_harness(tmp_path)
    difference, error = pooled(ours, theirs)
    lines += [
        f"harness / by hand, {WORKERS} workers",
        *table(ours, theirs),
        f"paired difference, pooled: {100 * difference:+.2f} points (standard error {100 * error:.2f})",
        f"to create the database: {created:.1f} s / {hand_created:.1f} s",
        f"wall without it: {wall:.1f} s / {hand_wall:.1f} s, ratio {hand_wall / wall:.1f}",
    ]
    assert difference <= 2 * error
    assert hand_wall / wall >= WANTED
