import numpy as np
import pytest

from harness.course.large_init import answer
from harness.course.rows import Rows
from harness.course.saturation import Setting
from harness.verdicts import Answer


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 16)).astype("float32"), np.arange(300) % 3
    return Rows(X, y, X, y)


def test_large_weights_saturate_and_slow_down(found):
    rows = found("large_init").rows

    def mean(what, name, scale):
        return np.mean([row[what] for row in rows if (row["activation"], row["scale"]) == (name, scale)])

    for name in ("sigmoid", "tanh"):
        assert mean("saturated", name, 10) > mean("saturated", name, 1) + 0.3
        assert mean("steps", name, 10) > mean("steps", name, 1)


@pytest.mark.parametrize("scale", [1.0, 3.0, 10.0])
def test_the_share_saturated_is_what_gaussian_inputs_make_certain(rows, scale):
    # tanh's slope is below 5 % where |z| > atanh(sqrt(0.95)); z is normal with the scale for its deviation
    from scipy.special import erfc

    share = Setting(256, 3, 50, 10, 0.5).saturated(("tanh", 1, scale), rows, start=0)
    assert share == pytest.approx(erfc(np.arctanh(0.95**0.5) / scale / 2**0.5), abs=0.03)


def test_relu_is_never_counted_by_a_slope_that_is_one_or_nothing(rows):
    setting = Setting(256, 3, 50, 10, 0.5)
    shares = [setting.saturated(("relu", 1, scale), rows, start=0) for scale in (1.0, 10.0)]
    assert shares == pytest.approx([0.5, 0.5], abs=0.05)


@pytest.mark.parametrize(
    ("saturates", "sigmoid", "relu", "expected"),
    [
        (0.5, 2.0, 0.5, Answer.SUPPORTED),
        (0.5, 2.0, 3.0, Answer.UNDETERMINED),  # it saturates and is slow, as is what cannot saturate
        (0.5, 2.0, 2.0, Answer.UNDETERMINED),
        (0.5, -1.0, -2.0, Answer.CONTRADICTED),
        (-0.5, 2.0, 0.5, Answer.CONTRADICTED),
    ],
)
def test_slow_because_of_saturation_is_slower_than_what_cannot_saturate(saturates, sigmoid, relu, expected):
    wave = np.array([-0.1, 0.1, 0.0])
    logs = {"sigmoid": sigmoid + wave, "tanh": sigmoid - wave, "relu": relu + wave[::-1]}
    rises = dict.fromkeys(("sigmoid", "tanh"), saturates + wave)
    assert answer(rises, logs)[0] is expected
    if expected is Answer.SUPPORTED:  # but not by a slowdown of ReLU that is only a lower bound
        assert answer(rises, logs, relu_arrives=False)[0] is Answer.UNDETERMINED
