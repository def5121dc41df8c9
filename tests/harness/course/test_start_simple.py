import numpy as np
import pytest

from harness.course.start_simple import Climbed, _judged, per_second
from harness.verdicts import Answer


def test_a_line_tells_digits_apart_and_not_poker_hands(found):
    rows = found("start_simple").rows

    def error(data, step):
        return np.mean([row["test_error"] for row in rows if (row["data"], row["step"]) == (data, step)])

    assert error("digits", "logistic regression") < 15
    assert error("poker", "logistic regression") > 40
    assert {row["data"] for row in rows} == {"digits", "flights", "teacher", "poker"}


def test_what_a_step_buys_is_counted_from_the_best_before_it():
    of = climbed([90.0, 10.0, 12.0, 6.0])
    assert of.bought.tolist() == [[80.0, 0.0, 4.0]] * 2
    assert of.part == pytest.approx([80 / 84 * 100] * 2)
    assert [round(mean, 6) for mean, *_ in per_second(of)] == [-80.0, 4.0]  # a rise from nothing is a rise


def climbed(*errors):
    """Repeats of one data set, each step of which takes a second."""
    seconds = np.ones((len(errors) + 1, 3))
    return Climbed(np.array([*errors, errors[-1]]), seconds, 0.1 * seconds)


SIMPLE, TWICE, RISE = [90.0, 10.0, 8.0, 7.5], [90.0, 70.0, 10.0, 9.0], [90.0, 10.0, 10.0, 6.0]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([SIMPLE, SIMPLE], Answer.SUPPORTED),
        (
            [SIMPLE, RISE],
            Answer.UNDETERMINED,
        ),  # from nothing to something
        ([SIMPLE, TWICE], Answer.UNDETERMINED),
        ([TWICE, TWICE], Answer.CONTRADICTED),
    ],
)
def test_simple_first_must_hold_on_every_data_set(errors, expected):
    found = {f"data {k}": climbed(each) for k, each in enumerate(errors)}
    assert _judged(found, 4, [0.01, 0.1, 1.0]).verdict is expected
