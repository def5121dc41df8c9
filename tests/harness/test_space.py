import pytest

from harness.errors import ConfigError
from harness.space import arguments, capped, default_setting, searched
from models import count_parameters

SPACE = {
    "hidden": {"layers": {"low": 1, "high": 3, "default": 2}, "units": {"low": 8, "high": 64, "log": True}},
    "rate": {"low": 0.1, "high": 1.0, "default": 0.5},
    "activation": {"choices": ["relu", "tanh"]},
    "slope": 0.01,
}


def test_only_ranges_and_choices_are_searched():
    assert list(searched(SPACE)) == ["activation", "hidden.layers", "hidden.units", "rate"]


def test_the_default_setting_takes_defaults_then_first_choices_then_lower_bounds():
    assert default_setting(SPACE) == {
        "hidden.layers": 2,
        "hidden.units": 8,
        "rate": 0.5,
        "activation": "relu",
    }


def test_layers_and_units_become_a_tuple_and_fixed_values_pass_through():
    setting = {"hidden.layers": 3, "hidden.units": 16, "rate": 0.2, "activation": "tanh"}
    assert arguments(SPACE, setting) == {
        "hidden": (16, 16, 16),
        "rate": 0.2,
        "activation": "tanh",
        "slope": 0.01,
    }


@pytest.mark.parametrize(("inputs", "cap"), [(64, 5_000), (784, 20_000), (10, 3_000)])
def test_the_widest_network_of_a_capped_space_is_the_widest_below_the_cap(inputs, cap):
    high = capped(SPACE, inputs, 10, cap)["hidden"]["units"]["high"]
    assert count_parameters(inputs, (high,) * 3, 10) <= cap
    assert high == 64 or count_parameters(inputs, (high + 1,) * 3, 10) > cap


def test_a_cap_lowers_a_default_above_it():
    space = {"hidden": {"layers": 1, "units": {"low": 2, "high": 64, "default": 60}}}
    assert capped(space, 784, 10, 10_000)["hidden"]["units"] == {"low": 2, "high": 12, "default": 12}


def test_a_cap_below_the_smallest_network_is_refused():
    with pytest.raises(ConfigError, match="raise max_parameters"):
        capped(SPACE, 784, 10, 1_000)


def test_no_cap_changes_nothing():
    assert capped(SPACE, 784, 10, None) == SPACE


def test_a_cap_drops_choices_above_it():
    space = {"hidden": {"layers": 1, "units": {"choices": [4, 8, 64], "default": 64}}}
    assert capped(space, 784, 10, 10_000)["hidden"]["units"] == {"choices": [4, 8], "default": 8}


def test_a_cap_keeps_a_range_on_its_steps():
    space = {"hidden": {"layers": 1, "units": {"low": 8, "high": 64, "step": 8, "default": 32}}}
    wanted = {"low": 8, "high": 16, "step": 8, "default": 16}
    assert capped(space, 784, 10, 18 * 795 + 10)["hidden"]["units"] == wanted
