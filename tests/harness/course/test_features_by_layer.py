import numpy as np
import pytest

from harness.course.features_by_layer import activations, answer
from harness.verdicts import Answer
from models import NeuralNetworkClassifier


def test_the_last_layers_activations_give_the_networks_own_answers(task):
    network = NeuralNetworkClassifier((8, 6), steps=50, random_state=0).fit(task.X, task.y)
    *_, last = activations(network, task.X_test)
    logits = last @ network.coefs_[-1] + network.intercepts_[-1]
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert network.predict_proba(task.X_test) == pytest.approx(
        odds / odds.sum(axis=1, keepdims=True), abs=1e-5
    )


def test_what_a_network_learned_helps_the_probe_more_than_random_weights(found):
    rows = found("features_by_layer").rows

    def error(weights, layer):
        return np.mean([r["probe_error"] for r in rows if (r["weights"], r["layer"]) == (weights, layer)])

    assert error("learned", 2) < error("random", 2)
    inputs = [
        [r["probe_error"] for r in rows if (r["weights"], r["layer"]) == (w, 0)]
        for w in ("learned", "random")
    ]
    assert inputs[0] == inputs[1]


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        (3.0, Answer.SUPPORTED),
        (0.3, Answer.SUPPORTED),  # little, and surely something
        (0.0, Answer.CONTRADICTED),
        (-3.0, Answer.CONTRADICTED),
    ],
)
def test_a_layer_is_no_more_useful_where_its_gain_is_small_and_not_surely_one(gain, expected):
    wave = 0.05 * np.array([-1.0, 1.0, 0.5, -0.5])
    assert answer({"digits": np.array([5 + wave, gain + wave]).T})[0] is expected
    assert answer({"digits": np.array([5 + wave, 100 * wave]).T})[0] is Answer.UNDETERMINED
