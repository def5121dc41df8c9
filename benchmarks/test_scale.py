"""10 thousand to 10 million rows of one memory-mapped file: what an epoch costs by row, and what is held.

Run: make bench BENCH=benchmarks/test_scale.py

Each fit is a process of its own, on one BLAS thread. The first epoch warms the caches and is not counted; the
figure is the median of at least 5 others, in time of the processor, divided by the rows. Peak memory is the
resident set of that process, pages of the file included, from before Python started to after the fit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

COLUMNS, BATCH = 28, 128
ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
FAMILIES = ("small_nn", "logistic_regression")
FLAT, FILES, BESIDE = 1.15, 1.3, 300 * 2**20
_AT_ONCE = 1_000_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rows, of which a fit uses the first so many; float32, row by row."""
    path = tmp_path_factory.mktemp("scale") / "rows.f32"
    rng = np.random.default_rng(0)
    with path.open("wb") as opened:
        for _ in range(max(ROWS) // _AT_ONCE):
            opened.write(rng.standard_normal((_AT_ONCE, COLUMNS), dtype=np.float32).data)
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_costs_the_same_however_many_there_are(file: Path, family: str, lines: list[str]) -> None:
    found = {rows: _measured(file, rows, family) for rows in ROWS}
    lines += [
        "",
        f"{family}, {COLUMNS} columns, batches of {BATCH}",
        "| rows | ns per row of an epoch | file, MB | peak memory, MB | allowed, MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rows, (seconds, peak) in found.items():
        sizes = " | ".join(f"{held / 2**20:.0f}" for held in (_file(rows), peak, _allowed(rows)))
        lines.append(f"| {rows:,} | {seconds / rows * 1e9:.0f} | {sizes} |")
    per_row = [seconds / rows for rows, (seconds, _) in found.items()]
    lines.append(f"the dearest row costs {max(per_row) / min(per_row):.2f} times the cheapest")
    assert all(peak <= _allowed(rows) for rows, (_, peak) in found.items())
    assert max(per_row) <= FLAT * min(per_row)


def _file(rows: int) -> int:
    return rows * COLUMNS * 4


def _allowed(rows: int) -> float:
    return FILES * _file(rows) + BESIDE


def _measured(file: Path, rows: int, family: str) -> tuple[float, float]:
    """Seconds of an epoch, and the peak of memory in bytes."""
    command = [sys.executable, "-m", "benchmarks.test_scale", str(file), str(rows), family]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def _learner(family: str, steps: int) -> Any:
    """The default setting of that family's file, with the batches of a large training set."""
    from models import LogisticRegression, NeuralNetworkClassifier

    if family == "logistic_regression":
        return LogisticRegression(batch_size=BATCH, steps=steps, random_state=0)
    return NeuralNetworkClassifier(
        (32,), learning_rate=0.02, weight_decay=0.1, batch_size=BATCH, steps=steps, random_state=0
    )


def _targets(X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Two classes, told from three columns, block by block."""
    y = np.empty(len(X), np.int8)
    for start in range(0, len(X), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        y[part] = X[part, :3].sum(axis=1) > 0
    return y


def _peak() -> int:
    """The largest resident set of this process so far, in bytes; `getrusage` counts its parent's too."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024


def main(file: str, rows: int, family: str) -> None:
    """Fit, and print what an epoch took and what was held."""
    X = np.memmap(file, np.float32, "r", shape=(rows, COLUMNS))
    epochs = 6 if rows > 100_000 else 41
    training = _learner(family, epochs * -(-rows // BATCH)).iter_fit(X, _targets(X))
    moments = [time.process_time() for _ in training]
    seconds = median(end - start for start, end in pairwise(moments))
    print(json.dumps([seconds, _peak()]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
