import numpy as np
import pytest

from harness.course.constructed import (
    and_terms_of_parity,
    hidden_units,
    output,
    parity_in_one_layer,
    parity_of_thresholds,
    parity_tree,
    pieces,
    tent_in_layers,
    tent_in_one_layer,
    truth_table,
)
from harness.course.depth_built import constructed_parity, constructed_tent
from harness.course.depth_vs_width import answers
from harness.data.synthetic import folded
from harness.verdicts import Answer
from models import NeuralNetworkRegressor


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_every_construction_of_parity_is_exact_on_every_input(bits):
    X, y = truth_table(bits)
    assert len(np.unique(X, axis=0)) == 2**bits
    assert output(parity_tree(bits), X).tolist() == y.tolist()
    assert output(parity_in_one_layer(bits), X).tolist() == y.tolist()
    assert parity_of_thresholds(X).tolist() == y.tolist()
    assert hidden_units(parity_tree(bits)) == 2 * (bits - 1)
    assert len(parity_tree(bits).biases) - 1 == np.log2(bits)
    assert hidden_units(parity_in_one_layer(bits)) == bits


@pytest.mark.parametrize("bits", [1, 3, 6])
def test_an_or_of_ands_needs_a_term_for_every_odd_row(bits):
    assert and_terms_of_parity(bits) == (2 ** (bits - 1), 1)


@pytest.mark.parametrize("times", [1, 2, 5, 10])
def test_both_networks_are_the_tent_map_and_have_all_its_pieces(times):
    x = np.random.default_rng(0).random(200)
    for network in (tent_in_layers(times), tent_in_one_layer(times)):
        assert output(network, x[:, None]) == pytest.approx(folded(x, times), abs=1e-9)
        assert pieces(network.weights, network.biases) == 2**times
    assert hidden_units(tent_in_layers(times)) == 2 * times


def test_one_layer_has_at_most_a_piece_more_than_units_and_pieces_are_what_a_fine_grid_shows():
    X = np.linspace(0, 1, 60)[:, None]
    network = NeuralNetworkRegressor((9, 5), standardize=False, dtype="float64", steps=300, random_state=0)
    network.fit(X, np.sin(9 * X[:, 0]))
    fine = np.linspace(0, 1, 200_001)
    bends = np.abs(np.diff(network.predict(fine[:, None]), 2)) > 1e-12
    runs = np.sum(
        np.diff(bends.astype(int), prepend=0) == 1
    )  # a bend between two points of the grid shows twice
    assert pieces(network.coefs_, network.intercepts_) == 1 + runs
    shallow = NeuralNetworkRegressor((7,), standardize=False, steps=50, random_state=0)
    shallow.fit(X, X[:, 0])
    assert pieces(shallow.coefs_, shallow.intercepts_) <= 8


def test_the_verdict_follows_from_the_constructions_and_says_where_the_notes_are_wrong(found):
    finding = found("depth_vs_width")
    assert finding.verdict is Answer.CONTRADICTED
    assert "That there are such functions: supported. That parity is one: contradicted." in finding.sentence
    assert finding.effect == 255 / 16
    assert "wrong for neural units" in finding.conditions


def test_each_part_of_the_statement_has_its_own_answer():
    tents = [constructed_tent(times) for times in (1, 2, 8)]
    few, many = constructed_parity(2), constructed_parity(4)
    assert answers([few, many], tents) == (Answer.SUPPORTED, Answer.CONTRADICTED)
    assert answers([few], tents) == (Answer.SUPPORTED, Answer.UNDETERMINED)  # 2 units are 2^(2-1)
    assert answers([few], tents[:2]) == (Answer.UNDETERMINED, Answer.UNDETERMINED)
    assert answers([few], [{**tents[0], "exact": 0}])[0] is Answer.CONTRADICTED
