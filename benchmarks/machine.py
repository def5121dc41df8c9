"""What a benchmark's figures depend on: processor, BLAS kernel and its speed, threads, versions.

Figures are quoted with `header()`. A benchmark that times arithmetic calls `refuse_a_forced_kernel` first: an
inherited OPENBLAS_CORETYPE can halve every product of matrices.
"""

from __future__ import annotations

import importlib.metadata
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from harness.doctor import machine

LIBRARIES = ("numpy", "scipy", "scikit-learn")
ORDER = 1024  # of the matrices whose product is timed
CHOICE = "OPENBLAS_CORETYPE"


def refuse_a_forced_kernel(environment: Mapping[str, str]) -> None:
    """Raise ValueError where a variable chooses BLAS's kernel, which NumPy has read when it was loaded."""
    if CHOICE in environment:
        raise ValueError(f"{CHOICE} is {environment[CHOICE]}; benchmarks run without it: env -u {CHOICE} ...")


def sgemm_rate(rounds: int = 15) -> float:
    """GFLOP/s of a product of two square float32 matrices, median of `rounds`, in time on the processor."""
    a, b = np.random.default_rng(0).standard_normal((2, ORDER, ORDER)).astype(np.float32)
    out, seconds = np.empty_like(a), []
    np.dot(a, b, out=out)
    for _ in range(rounds):
        start = time.process_time()
        np.dot(a, b, out=out)
        seconds.append(time.process_time() - start)
    return 2 * ORDER**3 / statistics.median(seconds) / 1e9


def versions(libraries: Sequence[str]) -> str:
    """Python's version and those of the libraries that are installed.

    >>> versions(["no-such-library"]).startswith("Python 3.")
    True
    """
    found = [f"Python {sys.version.split()[0]}"]
    for name in libraries:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def header(*libraries: str) -> list[str]:
    """The lines to print above figures; `libraries` are named besides our own."""
    blas = machine.blas(machine.kernel(), machine.flags(), os.environ)
    return [
        f"processor: {machine.processor().found}",
        f"blas: {blas.found}, sgemm {sgemm_rate():.0f} GFLOP/s (order {ORDER})",
        f"threads: {machine.threads(os.environ).found}",
        f"versions: {versions((*LIBRARIES, *libraries))}",
    ]


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and the threads it starts, on one core, where the system can (Linux)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
