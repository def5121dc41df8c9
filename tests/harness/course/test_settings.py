import pytest

from harness.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("zero_init", {"repeats": 0}, r"repeats must be a whole number of at least 1, got 0"),
        ("large_init", {"large": 5}, r"scales must be a list that holds 1 and .*large \(5\)"),
        ("large_init", {"scales": [3, 10]}, r"scales must be a list that holds 1"),
        ("depth_vs_width", {"bits": [3]}, r"bits must be powers of two of at least 2, got \[3\]"),
        ("relu_vs_sigmoid", {"depths": [1]}, r"depths must be numbers of at least 1, one of them at least 2"),
    ],
)
def test_settings_that_an_experiment_cannot_use_are_refused_by_their_name(quick, name, changes, told):
    with pytest.raises(ConfigError, match=told):
        quick(name, **changes)


def test_data_that_no_data_set_is_named_after_are_refused_by_the_path_of_the_key(quick):
    with pytest.raises(ConfigError, match=r"course\.zero_init\.data must be one of .*digits.*, got 'nosuch'"):
        quick("zero_init", {"data": ["nosuch"]})


@pytest.mark.parametrize("name", ["linear_collapse"])
def test_no_hidden_layer_and_the_seed_0_are_settings_like_others(quick, name):
    settings = quick(name).settings
    assert min(settings["depths"]) == settings["seed"] == 0
