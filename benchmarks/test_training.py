"""Seconds per epoch of 20,000 rows, and of a search over architectures, beside peers, on one core.

Run: make bench BENCH=benchmarks/test_training.py; one shape: BENCH="benchmarks/test_training.py -k 64-b128-i20".

Time is the processor's, of all threads of the process, which are kept on one core. Peers take turns in each
of the rounds; a figure is the median of its rounds. Of the wide networks fewer rows are trained per timing
(ROWS), the same by all peers. That every peer does the same is checked first: from the same weights, on the
same batches, the mean loss of the first epoch differs by at most 1e-3 of it.
"""

from __future__ import annotations

import time
from itertools import product
from statistics import geometric_mean, median

import numpy as np
import pytest

from benchmarks import machine
from benchmarks.peers import ours, scikit
from benchmarks.peers.problem import Problem, Train, draw, multiplications

pytorch = pytest.importorskip("benchmarks.peers.pytorch", reason="the extra `bench` is not installed")
xla = pytest.importorskip("benchmarks.peers.xla", reason="the extra `bench` is not installed")

ROUNDS, EPOCHS, CLASSES = 5, 3, 10
HIDDEN = ((), (16,), (64,), (100,), (256, 128, 100), (512, 256), (1024, 1024))
BATCHES, INPUTS = (32, 128, 512), (20, 151, 784)
ROWS = {(256, 128, 100): 6_144, (512, 256): 3_072, (1024, 1024): 1_536}
ALL_ROWS = 19_968  # whole batches of each size; figures are for 20,000
WIDEST = [((512, 256), 784), *(((1024, 1024), inputs) for inputs in INPUTS)]
COMPILED = [((16,), 32, 20), ((64,), 128, 151), ((256, 128, 100), 128, 151), ((512, 256), 512, 784)]
PEERS = {"ours": ours.start, "scikit-learn": scikit.start, "torch": pytorch.start, "jax": xla.start}
TOLERANCE = 1e-3


def name(hidden, batch, inputs):
    return f"{'-'.join(map(str, hidden)) or 'none'}-b{batch}-i{inputs}"


def cases(shapes):
    return [pytest.param(*shape, id=name(*shape)) for shape in shapes]


@pytest.fixture(autouse=True, scope="module")
def one_core():
    with machine.one_core():
        yield


def seconds(train: Train, epochs: int) -> float:
    start = time.process_time()
    train(epochs)
    return time.process_time() - start


def check_the_same_loss(problem: Problem, starts) -> None:
    losses = {peer: start(problem, False)(1)[0] for peer, start in starts.items()}
    for peer, loss in losses.items():
        assert loss == pytest.approx(losses["ours"], rel=TOLERANCE), peer


def compared(benchmark, problem: Problem, starts, epochs: int):
    """Median seconds for 20,000 rows of each peer; of the first call; and the sgemm rate meanwhile."""
    trains = {peer: start(problem, True) for peer, start in starts.items()}
    first = {peer: seconds(train, 1) for peer, train in trains.items()}
    measured, rates = {peer: [] for peer in trains}, []
    train_ours = trains.pop("ours")

    def the_others():
        rates.append(machine.sgemm_rate(3))
        for peer, train in trains.items():
            measured[peer].append(seconds(train, epochs))

    benchmark.pedantic(train_ours, (epochs,), setup=the_others, rounds=ROUNDS)
    measured["ours"] = benchmark.stats.stats.data
    scale = 20_000 / len(problem.X) / epochs
    return {peer: median(values) * scale for peer, values in measured.items()}, first, median(rates)


@pytest.fixture(scope="module")
def epoch_table(lines):
    """Rows (shape, median seconds by peer, JAX's compilation); printed with their means at the end."""
    rows: list[tuple[tuple, dict[str, float], float]] = []
    yield rows
    if not rows:
        return
    lines += ["", "| hidden, batch, inputs | ours, ms | scikit-learn | torch | JAX | JAX compiles, s |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for shape, by, compiling in rows:
        ratios = [by[peer] / by["ours"] for peer in ("scikit-learn", "torch", "jax")]
        cells = [
            name(*shape),
            f"{1e3 * by['ours']:.1f}",
            *(f"{ratio:.2f}" for ratio in ratios),
            f"{compiling:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for peer in ("scikit-learn", "torch", "jax"):
        lines.append(said_of(peer, {shape: by[peer] / by["ours"] for shape, by, _ in rows}))


def said_of(peer, ratios) -> str:
    """Geometric means, over all shapes and by batch, and the least."""
    lowest = min(ratios, key=ratios.get)
    by_batch = [[r for shape, r in ratios.items() if shape[1] == batch] for batch in BATCHES]
    means = ", ".join(
        f"{geometric_mean(each):.2f} at {batch}"
        for batch, each in zip(BATCHES, by_batch, strict=True)
        if each
    )
    every = geometric_mean(ratios.values())
    return f"{peer}: {every:.2f} times our time ({means}); least {ratios[lowest]:.2f} ({name(*lowest)})"


@pytest.mark.parametrize(("hidden", "batch", "inputs"), cases(product(HIDDEN, BATCHES, INPUTS)))
def test_an_epoch(hidden, batch, inputs, benchmark, epoch_table, lines):
    problem = draw(hidden, batch, inputs, ROWS.get(hidden, ALL_ROWS), CLASSES)
    check_the_same_loss(problem, PEERS)
    xla.forget_what_is_compiled()
    starts = PEERS if hidden else {**PEERS, "scikit-learn": scikit.start_linear}
    by, first, rate = compared(
        benchmark, problem, starts, EPOCHS if problem.X.size > 2**22 or not hidden else 2
    )
    compiling = first["jax"] - by["jax"] * len(problem.X) / 20_000
    epoch_table.append(((hidden, batch, inputs), by, compiling))
    if batch == 512 and (hidden, inputs) in WIDEST:
        reached = multiplications(problem) * 20_000 / len(problem.X) / by["ours"] / 1e9
        share = f"{reached:.0f} of {rate:.0f} GFLOP/s, {reached / rate:.0%}"
        lines.append(f"{name(hidden, batch, inputs)}: {share} of the sgemm rate")


@pytest.mark.parametrize(("hidden", "batch", "inputs"), cases(COMPILED))
def test_torch_compile(hidden, batch, inputs, benchmark, lines):
    problem = draw(hidden, batch, inputs, ROWS.get(hidden, ALL_ROWS), CLASSES)
    starts = {"ours": ours.start, "eager": pytorch.start, "compiled": pytorch.start_compiled}
    begin = time.perf_counter()
    try:
        pytorch.start_compiled(problem, True)(1)
    except Exception as error:  # it needs a C++ compiler, and what it raises without one is its own affair
        lines.append(f"torch.compile, {name(hidden, batch, inputs)}: {str(error).splitlines()[0]}")
        pytest.skip("torch.compile does not work here")
    compiling = time.perf_counter() - begin
    check_the_same_loss(problem, starts)
    by, _, _ = compared(benchmark, problem, starts, 2)
    ratios = [f"{kind} {by[kind] / by['ours']:.2f}" for kind in ("eager", "compiled")]
    lines.append(
        f"torch.compile, {name(hidden, batch, inputs)}: {', '.join(ratios)} times our time, compiles {compiling:.0f} s"
    )


ARCHITECTURES, SEARCH_EPOCHS, SEARCH_ROWS, SEARCH_BATCH, SEARCH_INPUTS = 30, 10, 2_000, 125, 151


def architectures() -> list[tuple[int, ...]]:
    """Distinct ones of depth 1 to 3 with 4 to 256 units, as a search draws them: even on the logarithm."""
    rng, found = np.random.default_rng(0), set()
    while len(found) < ARCHITECTURES:
        found.add(
            tuple(int(units) for units in np.exp(rng.uniform(np.log(4), np.log(256), rng.integers(1, 4))))
        )
    return sorted(found)


def test_a_search_over_architectures(benchmark, lines):
    problems = [draw(hidden, SEARCH_BATCH, SEARCH_INPUTS, SEARCH_ROWS, CLASSES) for hidden in architectures()]
    for problem in problems[::10]:
        check_the_same_loss(problem, PEERS)

    def search(peer):
        def every(epochs):
            for problem in problems:
                PEERS[peer](problem, True)(epochs)

        return every

    taken = {peer: [] for peer in PEERS if peer != "ours"}

    def the_others():
        xla.forget_what_is_compiled()
        for peer, values in taken.items():
            values.append(seconds(search(peer), SEARCH_EPOCHS))

    benchmark.pedantic(search("ours"), (SEARCH_EPOCHS,), setup=the_others, rounds=ROUNDS)
    own = median(benchmark.stats.stats.data)
    ratios = ", ".join(f"{peer} {median(values) / own:.1f}" for peer, values in taken.items())
    lines.append(
        f"search, {ARCHITECTURES} architectures: {own:.2f} s; {ratios} times that, compilation counted"
    )
