"""From which size on the one is ahead: one crossing, open ends, several, none."""

from dataclasses import replace

import numpy as np
import pytest

from harness.curves import Interval
from harness.verdicts import Comparison, comparison, crossing

LABELS = {"nn": "small network", "svm": "SVM"}


def at(size: int, low: float | None, high: float | None) -> Comparison:
    """A comparison whose 95 % interval has these limits."""
    if low is None or high is None:
        alone = Interval(0.1, None, None, None, None, None, None, 1, 99)
        return comparison("nn", "svm", size, alone, None, 0.02)
    found = Interval((low + high) / 2, low, high, 9.0, 1e-4, 0.5, 0.5, 10, 2000)
    return replace(comparison("nn", "svm", size, found, 1e-5, 0.02), interval=found)


WORSE, OPEN, BETTER = (0.01, 0.03), (-0.01, 0.01), (-0.03, -0.01)


def located(*limits, start=128):
    return crossing([at(start * 2**k, *pair) for k, pair in enumerate(limits)], LABELS)


def test_one_crossing_runs_from_the_last_size_behind_to_the_first_ahead_interpolated_in_log2():
    found = located((0.03, 0.05), (0.01, 0.03), (-0.01, 0.01), (-0.03, -0.01))
    assert found.low == pytest.approx(2**8.5)  # .01 at 256, -.01 at 512
    assert found.high == pytest.approx(2**9.5)  # .01 at 512, -.01 at 1,024
    assert found.sentence == "Small network overtakes SVM somewhere between 360 and 720 rows."


def test_the_limits_are_interpolated_in_proportion():
    found = located((0.03, 0.05), (-0.01, 0.03), (-0.05, -0.01), start=256)
    assert found.low == pytest.approx(2 ** (8 + 0.75))
    assert found.high == pytest.approx(2 ** (9 + 0.75))


def test_neighbours_of_opposite_sign_locate_it_between_them():
    found = located(WORSE, BETTER)
    assert 128 < found.low < found.high < 256


def test_sizes_between_that_are_open_widen_the_set():
    found = located(WORSE, OPEN, OPEN, OPEN, BETTER)
    assert (found.low, found.high) == (pytest.approx(2**7.5), pytest.approx(2**10.5))


def test_never_ahead_is_an_open_end_above():
    found = located(WORSE, OPEN, OPEN)
    assert found.low == pytest.approx(2**7.5)
    assert found.high is None
    assert found.sentence == "> 180 rows: small network is nowhere clearly ahead of SVM."


def test_still_behind_at_the_top_is_beyond_it():
    found = located(OPEN, WORSE, WORSE)
    assert (found.low, found.high) == (512.0, None)
    assert found.sentence == "> 512 rows: SVM is still ahead at the largest size that both ran."


def test_never_behind_is_an_open_end_below():
    found = located(OPEN, OPEN, BETTER)
    assert (found.low, found.high) == (None, pytest.approx(2**8.5))
    assert found.sentence == "< 360 rows: SVM is nowhere clearly ahead of small network."


def test_ahead_from_the_bottom_is_below_it():
    found = located(BETTER, OPEN, BETTER)
    assert (found.low, found.high) == (None, 128.0)
    assert found.sentence.startswith("< 128 rows: small network is ahead from the smallest size")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((OPEN, OPEN), "Not located: at no size is either clearly ahead."),
        ((BETTER, OPEN, WORSE), "Not located: small network is ahead at first and falls behind SVM later."),
        ((WORSE, BETTER, WORSE), "Not unique: the lead changes more than once."),
        ((BETTER, OPEN, WORSE, BETTER), "Not unique: the lead changes more than once."),
    ],
    ids=["none", "reversed", "two", "two with a gap"],
)
def test_what_is_not_one_crossing_has_two_open_ends_and_says_why(limits, words):
    found = located(*limits)
    assert (found.low, found.high, found.sentence) == (None, None, words)


def test_an_open_size_within_a_lead_is_no_second_crossing():
    assert located(WORSE, OPEN, WORSE, BETTER, OPEN, BETTER).high == pytest.approx(2**9.75, rel=0.2)


def test_sizes_of_one_repeat_are_left_out():
    assert located(WORSE, (None, None), BETTER).low > 128
    assert located((None, None)) is None
    assert crossing([], LABELS) is None


def test_a_limit_of_exactly_0_is_not_a_lead():
    assert located((0.0, 0.02), (-0.02, 0.0)).sentence.startswith("Not located")


def test_the_set_covers_the_size_at_which_the_true_difference_is_0():
    rng = np.random.default_rng(0)
    sizes, truth, misses = [128 * 2**k for k in range(6)], 700.0, 0
    for _ in range(400):
        around = [0.02 * (np.log2(truth) - np.log2(n)) + 0.01 * rng.standard_normal() for n in sizes]
        found = crossing(
            [at(n, mean - 0.0196, mean + 0.0196) for n, mean in zip(sizes, around, strict=True)], LABELS
        )
        misses += (found.low or 0) > truth or (found.high or np.inf) < truth
    assert misses <= 0.07 * 400
