import numpy as np
import pytest
from scipy.optimize import minimize

from harness.course.linear_collapse import classes
from harness.course.logistic import optimum, probabilities
from harness.verdicts import Answer
from models.losses import cross_entropy


def test_deep_linear_networks_end_at_the_optimum_of_logistic_regression(found):
    finding = found("linear_collapse")
    assert finding.verdict is Answer.SUPPORTED
    linear = [row for row in finding.rows if row["activation"] == "identity"]
    assert max(row["probability_apart"] for row in linear) < 1e-6
    assert min(row["excess_loss"] for row in linear) > -1e-12


def test_relu_learns_xor_and_no_linear_network_does(found):
    rows = [row for row in found("linear_collapse").rows if row["data"] == "XOR"]
    error = {(row["activation"], row["hidden_layers"]): row["test_error"] for row in rows}
    assert error["relu", 3] < error["identity", 3] - 0.2


def test_a_training_that_ends_early_is_told_apart(found):
    assert found("linear_collapse", steps=30).verdict is Answer.UNDETERMINED


def test_newtons_optimum_is_the_one_another_solver_finds():
    task = classes("three classes", 150, seed=3)
    targets = np.eye(3)[task.y]

    def loss(flat):
        p = probabilities(flat.reshape(3, 2), task.X)
        return cross_entropy(np.log(p), targets)

    other = minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-9}).x.reshape(3, 2)
    assert optimum(task.X, task.y) == pytest.approx(other, abs=1e-4)
