import numpy as np
import pytest

from harness.course.descent import arrived, inputs
from harness.course.logistic import optimum, probabilities


def test_standardised_columns_take_fewer_steps_where_scales_differ(found):
    finding = found("normalisation")
    assert finding.effect > 3
    steps = {
        (row["measure"], row["columns"], row["repeat"]): row["steps"]
        for row in finding.rows
        if row["kind"] == "scales"
    }
    for repeat in (0, 1):
        assert steps[8, "standardised", repeat] == steps[1, "standardised", repeat]


def test_scales_and_offsets_change_no_optimum():
    found = []
    for kind, measure in (("scales", 1.0), ("scales", 30.0), ("offset", 7.0)):
        X, y = inputs(kind, measure, 100, 3, seed=0, repeat=0)
        found.append(probabilities(optimum(X, y), X))
    assert found[1] == pytest.approx(found[0], abs=1e-9)
    assert found[2] == pytest.approx(found[0], abs=1e-9)


def test_the_condition_number_grows_as_the_square_of_the_spread():
    one, wide = (
        arrived(*inputs("scales", spread, 2000, 2, seed=0, repeat=0), False, [1.0], 10).condition
        for spread in (10.0, 100.0)
    )
    assert wide / one == pytest.approx(100, rel=0.1)


def test_standardising_does_not_mend_a_correlation():
    X, y = inputs("correlation", 0.95, 300, 4, seed=0, repeat=0)
    raw, scaled = (arrived(X, y, standardize, [1.0], 3000) for standardize in (False, True))
    assert np.log(scaled.condition / raw.condition) == pytest.approx(0, abs=np.log(2))
