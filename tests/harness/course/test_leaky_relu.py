import numpy as np
import pytest

from harness.course.leaky_relu import _conditions, answer
from harness.verdicts import Answer


def gaps(*means, spread=0.1):
    wave = spread * np.array([-1.0, 0.0, 1.0, 0.0])
    return {f"data {k}": mean + wave for k, mean in enumerate(means)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (gaps(0, 1, -1), Answer.SUPPORTED),
        (gaps(0, 0, 3), Answer.CONTRADICTED),
        (gaps(0, 0, -3), Answer.CONTRADICTED),
        (gaps(0, 0, 0, spread=4), Answer.UNDETERMINED),  # no difference found is not equivalence
        (gaps(0, 0, 2), Answer.UNDETERMINED),
    ],
)
def test_about_as_well_is_an_equivalence_on_every_data_set(given, expected):
    assert answer(given)[0] is expected


def test_the_smallest_margin_that_would_do_is_told_and_what_is_outside_is_not_called_open():
    conditions = _conditions(gaps(0, -3, 2), ["data 0"], ["data 1"])
    assert "within 3.1 points" in conditions
    assert "Surely outside it: data 1 -3.0" in conditions
    assert "than the margin: data 2 +2.0" in conditions


def test_the_effect_is_the_mean_difference_of_the_rows(found):
    finding = found("leaky_relu")
    mean = {
        name: np.mean([row["test_error"] for row in finding.rows if row["activation"] == name])
        for name in ("relu", "leaky_relu")
    }
    assert finding.effect == pytest.approx(100 * (mean["leaky_relu"] - mean["relu"]))
    assert abs(finding.effect) < 10
