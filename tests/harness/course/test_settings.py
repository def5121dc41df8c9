import pytest

from harness.errors import ConfigError
from harness.verdicts import Answer


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("zero_init", {"repeats": 0}, r"repeats must be a whole number of at least 1, got 0"),
        ("large_init", {"large": 5}, r"scales must be a list that holds 1 and .*large \(5\)"),
        ("large_init", {"scales": [3, 10]}, r"scales must be a list that holds 1"),
        ("depth_vs_width", {"bits": [3]}, r"bits must be powers of two of at least 2, got \[3\]"),
        ("linear_collapse", {"depths": [0]}, r"depths must be numbers of hidden layers, one .* at least 1"),
        ("relu_vs_sigmoid", {"depths": [1]}, r"depths must be numbers of at least 1, one of them at least 2"),
    ],
)
def test_settings_that_an_experiment_cannot_use_are_refused_by_their_name(quick, name, changes, told):
    with pytest.raises(ConfigError, match=told):
        quick(name, **changes)


def test_data_that_no_data_set_is_named_after_are_refused_by_the_path_of_the_key(quick):
    with pytest.raises(ConfigError, match=r"course\.zero_init\.data must be one of .*digits.*, got 'nosuch'"):
        quick("zero_init", {"data": ["nosuch"]})


def test_no_hidden_layer_and_the_seed_0_are_settings_like_others(quick):
    settings = quick("linear_collapse").settings
    assert min(settings["depths"]) == settings["seed"] == 0


def test_trainings_that_run_out_of_steps_leave_a_finding_without_a_slope(found):
    finding = found("normalisation", steps=3)
    assert finding.verdict is Answer.UNDETERMINED
    assert "Too few trainings arrive" in finding.sentence


def test_the_order_of_the_depths_changes_nothing(found):
    least = {"steps": 5, "repeats": 1, "rates": [0.1]}
    one, other = (found("init_scale", depths=depths, **least) for depths in ([1, 2], [2, 1]))
    assert one.unit == other.unit
    assert one.effect == other.effect
