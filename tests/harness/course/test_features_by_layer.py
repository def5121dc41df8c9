import numpy as np
import pytest

from harness.course.features_by_layer import activations
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
