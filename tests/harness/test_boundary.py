import pytest
from scipy import stats

from harness.boundary import beyond, crowded

C = {"low": 0.1, "high": 300.0, "log": True}
RATE = {"low": 0.0, "high": 0.5}


def winners(parameter, values):
    return [{parameter: value} for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([300.0, 280.0, 210.0, 1.0, 1.0], ("C.high",)),
        ([300.0, 280.0, 190.0, 1.0, 1.0], ()),  # 190 is 5.7 % of the range away, on the log scale
        ([0.1, 0.11, 0.14, 1.0, 1.0], ("C.low",)),
        ([300.0, 280.0, 1.0, 1.0], ()),  # half is not most
        ([300.0, 300.0, 0.1, 0.1, 1.0], ()),
    ],
)
def test_a_bound_is_crowded_where_most_winners_lie_within_a_twentieth_on_the_searched_scale(values, expected):
    assert crowded({"C": C}, winners("C", values)) == expected


def test_a_linear_range_is_measured_linearly():
    space = {"rate": {"low": 1.0, "high": 101.0}}
    assert crowded(space, winners("rate", [5.0, 5.9, 2.0])) == ("rate.low",)
    assert crowded(space, winners("rate", [6.1, 6.1, 2.0])) == ()


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        (RATE, [0.0, 0.001, 0.0]),
        ({"low": 0, "high": 9}, [0, 0, 0]),
        ({"low": 1, "high": 9}, [1, 1, 1]),
        ({"low": 1, "high": 500, "log": True}, [1, 1, 1]),
        ({"choices": [1, 2]}, [1, 1, 1]),
        (3, [3, 3, 3]),
    ],
)
def test_a_bound_that_cannot_move_is_never_flagged(entry, values):
    assert crowded({"p": entry}, winners("p", values)) == ()


def test_the_upper_bound_of_a_range_from_zero_can_move():
    assert crowded({"rate": RATE}, winners("rate", [0.5, 0.49, 0.0])) == ("rate.high",)


def test_the_bounds_that_define_a_class_of_networks_are_left_out():
    space = {"hidden": {"layers": {"low": 1, "high": 4}, "units": {"low": 4, "high": 32, "log": True}}}
    assert crowded(space, [{"hidden.layers": 4, "hidden.units": 32}] * 5) == ()


def test_without_winners_nothing_is_crowded():
    assert crowded({"C": C}, []) == ()


@pytest.mark.parametrize(("repeats", "rate"), [(1, 0.05), (2, 0.0025), (3, 0.0073), (5, 0.0012), (10, 3e-6)])
def test_the_stated_rates_of_false_alarms_are_binomial(repeats, rate):
    assert stats.binom.sf(repeats // 2, repeats, 0.05) == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize(
    ("entry", "side", "expected"),
    [
        (C, "high", 3000.0),
        (C, "low", 0.01),
        (RATE, "high", 0.75),
        ({"low": 0.2, "high": 0.4}, "low", 0.1),
        ({"low": 3, "high": 8}, "high", 11),
        ({"low": 3, "high": 50, "log": True}, "low", 1),
        ({"low": 4, "high": 64, "log": True}, "high", 640),
        ({"low": 0.5, "high": 1.0, "step": 0.1}, "high", 1.3),
        ({"low": 2, "high": 8, "step": 2}, "high", 12),
    ],
)
def test_a_wider_bound_is_one_that_the_range_can_take(entry, side, expected):
    from harness.family_config import check_entry

    found = beyond(entry, side)
    assert found == pytest.approx(expected)
    assert type(found) is type(expected)
    check_entry({**entry, side: found}, "space.p")
