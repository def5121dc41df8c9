import numpy as np
import pytest

from harness.course.start_simple import Climbed, per_second


def test_a_line_tells_digits_apart_and_not_poker_hands(found):
    rows = found("start_simple").rows

    def error(data, step):
        return np.mean([row["test_error"] for row in rows if (row["data"], row["step"]) == (data, step)])

    assert error("digits", "logistic regression") < 15
    assert error("poker", "logistic regression") > 40
    assert {row["data"] for row in rows} == {"digits", "flights", "teacher", "poker"}


def test_what_a_step_buys_is_counted_from_the_best_before_it():
    of = Climbed(np.array([[90.0, 10.0, 12.0, 6.0]] * 2), np.ones((2, 3)))
    assert of.bought.tolist() == [[80.0, 0.0, 4.0]] * 2
    assert of.part == pytest.approx([80 / 84 * 100] * 2)
    assert per_second(of) == [None, None]  # the shallow step took off nothing
