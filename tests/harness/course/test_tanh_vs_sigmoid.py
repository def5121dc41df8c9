import numpy as np
import pytest

from harness.course.tanh_vs_sigmoid import answer
from harness.verdicts import Answer

CASES = [("digits", 500, depth) for depth in (1, 2, 3, 4)]


def gaps(*means):
    return {case: np.array([mean - 0.1, mean + 0.1, mean]) for case, mean in zip(CASES, means, strict=True)}


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ((3, 3, 3, -3), Answer.SUPPORTED),
        ((3, 3, -3, -3), Answer.CONTRADICTED),
        ((0, 0, 0, 3), Answer.CONTRADICTED),
        ((3, 3, 0.9, 0.8), Answer.SUPPORTED),
    ],
)
def test_usually_is_more_than_half_of_the_cases(means, expected):
    assert answer(gaps(*means))[0] is expected


def test_repeats_that_disagree_leave_it_open():
    wild = {case: np.array([-5.0, 5.0, 2.0]) for case in CASES}
    assert answer(wild)[0] is Answer.UNDETERMINED


def test_both_activations_learn_every_data_set_they_are_given(found):
    finding = found("tanh_vs_sigmoid")
    errors = {
        name: np.mean([row["test_error"] for row in finding.rows if row["data"] == name])
        for name in {row["data"] for row in finding.rows}
    }
    assert len(errors) == 6
    assert errors["digits"] < 0.3
    assert {row["activation"] for row in finding.rows} == {"tanh", "sigmoid"}
