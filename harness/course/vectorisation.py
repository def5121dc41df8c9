"""Vectorised code against loops: one pass, forwards and backwards, over m examples.

The loops are the course's pseudocode (models/loops.py), which the tests hold equal to the network's two
passes (models/network.py, float64). They go over examples, features and units; over more than 1,000 examples
they are timed on 1,000, and the seconds multiplied. Both are timed on the same numbers, on one thread, the
one after the other in each repeat; of the fast one as many passes as take a twentieth of a second count as
one timing.

Rule. The ratio of seconds, at the largest m, geometric mean over repeats with its 95 % t interval, for the
model where it is smaller. Supported where the interval lies above 100; contradicted where it lies below 100;
else undetermined. Seconds depend on the machine, so this one finding is not the same at every run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from harness.course.finding import Array, Curve, Finding, Lines, Row
from harness.course.intervals import Interval, band, ratio_interval
from harness.verdicts import Answer
from models.activations import activation
from models.loops import logistic_regression, shallow_network
from models.losses import binary_cross_entropy
from models.network import allocate, backward, forward, workspace

HUNDREDS = 100.0
LONG_ENOUGH = 0.05  # seconds of one timing
LOOPED = 1000  # at most so many examples go through the loops, whose time is proportional to them

Pass = Callable[[], object]
Ratios = Mapping[tuple[str, int], list[tuple[float, float]]]  # (loops, vectorised), seconds


def run(*, rows: list[int], features: int, units: int, repeats: int, seed: int) -> Finding:
    """Time both models at each number of examples."""
    rng = np.random.default_rng(seed)
    timed: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for m in rows:
        X, Y = rng.standard_normal((features, m)), (rng.random((1, m)) < 0.5).astype(float)
        for model, hidden in (("logistic regression", ()), ("one hidden layer", (units,))):
            loops, vectorised = _loops(X[:, :LOOPED], Y[:, :LOOPED], hidden, rng), _vectorised(X, Y, hidden)
            share = min(m, LOOPED) / m
            timed[model, m] = [(_seconds(loops) / share, _seconds(vectorised)) for _ in range(repeats)]
    return _judged(timed, rows, features)


def _loops(X: Array, Y: Array, hidden: tuple[int, ...], rng: np.random.Generator) -> Pass:
    if not hidden:
        w = 0.01 * rng.standard_normal((len(X), 1))
        return lambda: logistic_regression(w, 0.0, X, Y)
    (units,) = hidden
    W1, W2 = 0.01 * rng.standard_normal((units, len(X))), 0.01 * rng.standard_normal((1, units))
    b1, b2 = np.zeros((units, 1)), np.zeros((1, 1))
    return lambda: shallow_network(
        W1, b1, W2, b2, X, Y, lambda z: max(z, 0.0), lambda z: 1.0 if z > 0 else 0.0
    )


def _vectorised(X: Array, Y: Array, hidden: tuple[int, ...]) -> Pass:
    x, y = np.ascontiguousarray(X.T), np.ascontiguousarray(Y.T)
    sizes = (x.shape[1], *hidden, 1)
    parameters, gradients = allocate(sizes, "float64"), allocate(sizes, "float64")
    parameters.flat[:] = 0.01
    work, relu = workspace(sizes, len(x), "float64"), activation("relu")

    def both() -> None:
        binary_cross_entropy(forward(parameters, relu, x, work), y)
        backward(parameters, gradients, x, work)

    return both


def _seconds(one: Pass) -> float:
    """Seconds of a pass; of a quick one, the mean over as many as take long enough."""
    passes, spent = 0, 0.0
    start = time.perf_counter()
    while spent < LONG_ENOUGH:
        one()
        passes += 1
        spent = time.perf_counter() - start
    return spent / passes


def _judged(timed: Ratios, rows: list[int], features: int) -> Finding:
    ratios = {case: ratio_interval([a / b for a, b in pairs]) for case, pairs in timed.items()}
    models = list(dict.fromkeys(model for model, _ in timed))
    largest = max(rows)
    slower = min(models, key=lambda model: ratios[model, largest][0])
    mean, low, high = ratios[slower, largest]
    verdict = Answer.UNDETERMINED
    if low > HUNDREDS:
        verdict = Answer.SUPPORTED
    elif high < HUNDREDS:
        verdict = Answer.CONTRADICTED
    told = "; ".join(
        f"{model} {ratios[model, largest][0]:,.0f} times at m = {largest:,}, "
        f"{ratios[model, min(rows)][0]:.2g} times at m = {min(rows)}"
        for model in models
    )
    table: list[Row] = [
        {"model": model, "m": m, "repeat": k, "loops_seconds": a, "vectorised_seconds": b, "ratio": a / b}
        for (model, m), pairs in timed.items()
        for k, (a, b) in enumerate(pairs)
    ]
    return Finding(
        verdict,
        *(mean, low, high),
        unit=f"times as long with loops ({slower}, m = {largest:,})",
        sentence=(
            f"As many times as long as vectorised takes a pass forwards and backwards over m examples of "
            f"{features} features in loops over examples, features and units: {told}."
        ),
        rows=tuple(table),
        panels=_panels(timed, models, rows),
        conditions=_conditions(timed, ratios, models, rows),
    )


def _conditions(
    timed: Ratios, ratios: Mapping[tuple[str, int], Interval], models: list[str], rows: list[int]
) -> str:
    least, largest = min(rows), max(rows)
    slower = [model for model in models if ratios[model, least][2] < 1]
    told = [f"At m = {least} loops are surely faster for {' and '.join(slower)}."] if slower else []
    if largest > LOOPED:
        told.append(f"Seconds of loops at m = {largest:,} are those of {LOOPED:,} examples, multiplied.")
    if least == 1 < largest:  # a loop over the examples alone is as many passes over one
        factors = (
            f"{largest * _fast(timed, model, 1) / _fast(timed, model, largest):,.0f} times for {model}"
            for model in models
        )
        told.append(
            "Vectorising over the examples alone, with each example's pass in NumPy already, gains "
            f"{', '.join(factors)}; the rest is over features and units."
        )
    return " ".join([*told, "All of it is of Python's loops; compiled ones were not tried."])


def _fast(timed: Ratios, model: str, m: int) -> float:
    """The median seconds of the vectorised pass."""
    return float(np.median([pair[1] for pair in timed[model, m]]))


def _panels(timed: Ratios, models: list[str], rows: list[int]) -> tuple[Lines, Lines]:
    seconds = {
        f"{model}, {way}": Curve(
            rows, [float(np.median([pair[side] for pair in timed[model, m]])) for m in rows]
        )
        for model in models
        for side, way in enumerate(("loops", "vectorised"))
    }
    factors = {
        f"{model}, loops": band(rows, [[a / b for a, b in timed[model, m]] for m in rows], ratio_interval)
        for model in models
    }
    return (
        Lines("Seconds of one pass", "Examples m", "Seconds (median)", seconds, log_x=True, log_y=True),
        Lines("How many times as long loops take", "Examples m", "Ratio, 95 % band", factors, True, True),
    )
