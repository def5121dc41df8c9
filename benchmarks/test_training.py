"""Seconds per epoch of 20,000 rows, and of a search over architectures, beside peers, on one core.

Run: make bench BENCH=benchmarks/test_training.py; one shape: BENCH="... -k 64-b128-i20".

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
from benchmarks.peers.problem import EPSILON, Problem, Train, draw, multiplications
from models import optimizers

pytorch = pytest.importorskip("benchmarks.peers.pytorch", reason="the extra `bench` is not installed")
xla = pytest.importorskip("benchmarks.peers.xla", reason="the extra `bench` is not installed")

ROUNDS, EPOCHS, CLASSES = 5, 2, 10
HIDDEN = ((), (16,), (64,), (100,), (256, 128, 100), (512, 256), (1024, 1024))
BATCHES, INPUTS = (32, 128, 512), (20, 151, 784)
ROWS = {(256, 128, 100): 6_144, (512, 256): 3_072, (1024, 1024): 1_536}
ALL_ROWS = 19_968  # whole batches of each size; figures are for 20,000
WIDEST = [((512, 256), 784), *(((1024, 1024), inputs) for inputs in INPUTS)]
COMPILED = [((16,), 32, 20), ((64,), 128, 151), ((256, 128, 100), 128, 151), ((512, 256), 512, 784)]
PEERS = {"ours": ours.start, "scikit-learn": scikit.start, "torch": pytorch.start, "jax": xla.start}
OTHERS = ("scikit-learn", "torch", "jax")
TOLERANCE = 1e-3
ARCHITECTURES, SEARCH_EPOCHS, SEARCH_ROWS, SEARCH_BATCH, SEARCH_INPUTS = 30, 10, 2_000, 125, 151


def name(hidden, batch, inputs):
    return f"{'-'.join(map(str, hidden)) or 'none'}-b{batch}-i{inputs}"


def cases(shapes):
    return [pytest.param(*shape, id=name(*shape)) for shape in shapes]


@pytest.fixture(autouse=True, scope="module")
def one_core():
    with machine.one_core():
        yield


@pytest.fixture(autouse=True)
def the_epsilon_of_all(monkeypatch):
    monkeypatch.setattr(optimizers, "_EPSILON", EPSILON)


def seconds(train: Train, epochs: int) -> float:
    start = time.process_time()
    train(epochs)
    return time.process_time() - start


def check_the_same_loss(problem: Problem, starts) -> None:
    losses = {peer: start(problem, False)(1)[0] for peer, start in starts.items()}
    for peer, loss in losses.items():
        assert loss == pytest.approx(losses["ours"], rel=TOLERANCE), peer


def compared(benchmark, problem: Problem, starts):
    """Median seconds for 20,000 rows of each peer; of the first call; and the sgemm rate meanwhile."""
    trains = {peer: start(problem, True) for peer, start in starts.items()}
    first = {peer: seconds(train, 1) for peer, train in trains.items()}
    measured, rates = {peer: [] for peer in trains}, []
    train_ours = trains.pop("ours")

    def the_others():
        rates.append(machine.sgemm_rate(3))
        for peer, train in trains.items():
            measured[peer].append(seconds(train, EPOCHS))

    benchmark.pedantic(train_ours, (EPOCHS,), setup=the_others, rounds=ROUNDS)
    measured["ours"] = benchmark.stats.stats.data
    scale = 20_000 / len(problem.X) / EPOCHS
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
        told = " | ".join(f"{each:.2f}" for each in (*(by[peer] / by["ours"] for peer in OTHERS), compiling))
        lines.append(f"| {name(*shape)} | {1e3 * by['ours']:.1f} | {told} |")
    lines.append("")
    lines += [summary(peer, {shape: by[peer] / by["ours"] for shape, by, _ in rows}) for peer in OTHERS]


def summary(peer: str, ratios: dict[tuple, float]) -> str:
    """Geometric means of a peer's time over ours, over all shapes and by batch, and the least ratio."""
    least = min(ratios, key=ratios.get)
    by_batch = ", ".join(
        f"{geometric_mean([ratio for shape, ratio in ratios.items() if shape[1] == batch]):.2f} at {batch}"
        for batch in sorted({shape[1] for shape in ratios})
    )
    mean = geometric_mean(ratios.values())
    return f"{peer}: {mean:.2f} times our time ({by_batch}); least {ratios[least]:.2f}, {name(*least)}"


@pytest.mark.parametrize(("hidden", "batch", "inputs"), cases(product(HIDDEN, BATCHES, INPUTS)))
def test_an_epoch(hidden, batch, inputs, benchmark, epoch_table, lines):
    problem = draw(hidden, batch, inputs, ROWS.get(hidden, ALL_ROWS), CLASSES)
    check_the_same_loss(problem, PEERS)
    xla.forget_what_is_compiled()
    starts = PEERS if hidden else {**PEERS, "scikit-learn": scikit.start_linear}
    by, first, rate = compared(benchmark, problem, starts)
    compiling = first["jax"] - by["jax"] * len(problem.X) / 20_000
    epoch_table.append(((hidden, batch, inputs), by, compiling))
    if batch == 512 and (hidden, inputs) in WIDEST:
        reached = multiplications(problem) * 20_000 / len(problem.X) / by["ours"] / 1e9
        share = f"{reached:.0f} of {rate:.0f} GFLOP/s, {reached / rate:.0%}"
        lines.append(f"{name(hidden, batch, inputs)}: {share} of the sgemm rate")


@pytest.mark.parametrize(("hidden", "batch", "inputs"), cases(COMPILED))
def test_torch_compile(hidden, batch, inputs, benchmark, lines):
    problem, label = (
        draw(hidden, batch, inputs, ROWS.get(hidden, ALL_ROWS), CLASSES),
        name(hidden, batch, inputs),
    )
    begin = time.perf_counter()
    try:
        pytorch.start_compiled(problem, True)(1)
    except Exception as error:  # it needs a C++ compiler, and what it raises without one is its own affair
        lines.append(f"torch.compile, {label}: {str(error).splitlines()[0]}")
        pytest.skip("torch.compile does not work here")
    compiling = time.perf_counter() - begin
    starts = {"ours": ours.start, "eager": pytorch.start, "compiled": pytorch.start_compiled}
    check_the_same_loss(problem, starts)
    by, _, _ = compared(benchmark, problem, starts)
    ratios = ", ".join(f"{kind} {by[kind] / by['ours']:.2f}" for kind in ("eager", "compiled"))
    lines.append(f"torch.compile, {label}: {ratios} times our time; its first epoch takes {compiling:.0f} s")


def architectures() -> list[tuple[int, ...]]:
    """Distinct ones of depth 1 to 3 with 4 to 256 units, as a search draws them: even on the logarithm."""
    rng, found = np.random.default_rng(0), set()
    while len(found) < ARCHITECTURES:
        units = np.exp(rng.uniform(np.log(4), np.log(256), rng.integers(1, 4)))
        found.add(tuple(int(each) for each in units))
    return sorted(found)


def test_a_search_over_architectures(benchmark, lines):
    shape = SEARCH_BATCH, SEARCH_INPUTS, SEARCH_ROWS, CLASSES
    problems = [draw(hidden, *shape) for hidden in architectures()]
    for problem in problems[::10]:
        check_the_same_loss(problem, PEERS)

    def search(peer):
        for problem in problems:
            PEERS[peer](problem, True)(SEARCH_EPOCHS)

    taken = {peer: [] for peer in OTHERS}

    def the_others():
        xla.forget_what_is_compiled()
        for peer, values in taken.items():
            start = time.process_time()
            search(peer)
            values.append(time.process_time() - start)

    benchmark.pedantic(search, ("ours",), setup=the_others, rounds=ROUNDS)
    own = median(benchmark.stats.stats.data)
    ratios = ", ".join(f"{peer} {median(values) / own:.1f}" for peer, values in taken.items())
    lines.append(f"search over {ARCHITECTURES} architectures: {own:.2f} s; {ratios} times that")
