"""The benchmark of training compares like with like, and says what it ran on."""

import numpy as np
import pytest

from benchmarks import machine
from benchmarks.peers import ours, scikit
from benchmarks.peers.problem import draw, multiplications


@pytest.mark.parametrize("hidden", [(), (16,), (12, 8)])
def test_our_epochs_have_the_losses_of_scikit_learns_from_the_same_weights(hidden):
    problem = draw(hidden, batch=32, inputs=7, rows=256, classes=4)
    mine, theirs = ours.start(problem, shuffle=False)(4), scikit.start(problem, shuffle=False)(4)
    assert mine == pytest.approx(theirs, rel=1e-4)
    assert mine[-1] < 0.99 * mine[0]


def test_a_shuffled_epoch_takes_other_batches():
    problem = draw((16,), batch=32, inputs=7, rows=256, classes=4)
    in_order, shuffled = ours.start(problem, shuffle=False)(2), ours.start(problem, shuffle=True)(2)
    assert in_order != shuffled
    assert in_order == pytest.approx(shuffled, rel=0.05)


def test_the_operations_of_an_epoch_are_those_of_its_products():
    problem = draw((3,), batch=4, inputs=5, rows=8, classes=2)
    forward, gradients, down = 8 * (5 * 3 + 3 * 2), 8 * (5 * 3 + 3 * 2), 8 * 3 * 2
    assert multiplications(problem) == 2 * (forward + gradients + down)


def test_a_kernel_that_a_variable_chose_is_refused():
    machine.refuse_a_forced_kernel({"OMP_NUM_THREADS": "1"})
    with pytest.raises(ValueError, match="OPENBLAS_CORETYPE is Haswell; benchmarks run without it"):
        machine.refuse_a_forced_kernel({"OPENBLAS_CORETYPE": "Haswell"})


def test_the_header_names_kernel_rate_threads_and_versions():
    lines = machine.header("no-such-library")
    assert [line.partition(":")[0] for line in lines] == ["processor", "blas", "threads", "versions"]
    assert "GFLOP/s" in lines[1]
    assert f"numpy {np.__version__}" in lines[3]
