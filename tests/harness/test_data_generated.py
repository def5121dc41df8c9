"""The generated data sets: the rule they follow, and the error that is inevitable."""

import importlib.util
import random
import sys
from itertools import combinations
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from harness.data import is_here, load, mnist1d
from harness.data.poker import CLASSES, HANDS, hand, ranked
from harness.data.synthetic import folded
from harness.data.teacher import made_wrong, teacher
from harness.errors import DataError

# (name, options that keep it small, features, how its digest begins)
SMALL = [
    ("poker", {"rows": 500, "test_rows": 100}, 85, "838043f4"),
    ("teacher", {"rows": 500, "test_rows": 100}, 5, "862e9dfa"),
    ("parity", {"rows": 500, "test_rows": 100}, 20, "6226cd54"),
    ("xor", {"rows": 500, "test_rows": 100}, 10, "5f146635"),
    ("tent_map", {"rows": 500, "test_rows": 100}, 1, "4c6b3809"),
]


def cards(X):
    """One-hot cards as (hands, 5) numbers of cards."""
    each = np.asarray(X).reshape(len(X), 5, 17)
    assert (each[:, :, :4].sum(axis=2) == 1).all()
    assert (each[:, :, 4:].sum(axis=2) == 1).all()
    return 13 * each[:, :, :4].argmax(axis=2) + each[:, :, 4:].argmax(axis=2)


@pytest.mark.parametrize(("name", "options", "features", "digest"), SMALL)
def test_a_generated_set_is_the_same_arrays_everywhere(tmp_path, name, options, features, digest):
    task = load(name, options, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((500, features), (100, features))
    assert len(task.features) == features
    assert (task.X.dtype, task.y.dtype) == (np.float32, np.int64)
    assert task.digest[:8] == digest


@pytest.mark.parametrize("name", [name for name, *_ in SMALL])
@pytest.mark.parametrize("rows", [99, 10**9, 1e2 + 0.5, "many", None, True])
def test_the_number_of_rows_is_checked(tmp_path, name, rows):
    with pytest.raises(
        DataError, match=r"^data\.rows must be a whole number from 100 to [\d,]+, got .*; mend it$"
    ):
        load(name, {"rows": rows}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


# Poker


def test_the_hands_of_every_kind_are_as_many_as_in_the_books():
    counts = np.zeros(10, dtype=np.int64)
    for start in range(0, HANDS, 400_000):
        counts += np.bincount(ranked(hand(np.arange(start, min(start + 400_000, HANDS)))), minlength=10)
    assert counts.tolist() == [1_302_540, 1_098_240, 123_552, 54_912, 10_200, 5_108, 3_744, 624, 36, 4]


def test_every_number_is_another_hand():
    few = hand(np.arange(792))  # C(12, 5)
    assert {tuple(sorted(each)) for each in few.tolist()} == set(combinations(range(12), 5))


def test_a_hand_is_in_the_pool_or_in_the_test_and_only_once(tmp_path):
    task = load("poker", {"rows": 20_000, "test_rows": 2_000}, tmp_path)
    X, y = np.concatenate([task.X, task.X_test]), np.concatenate([task.y, task.y_test])
    hands = cards(X)
    assert len({tuple(sorted(each)) for each in hands.tolist()}) == 22_000
    np.testing.assert_array_equal(ranked(hands), y)
    assert task.classes == CLASSES
    assert len(np.unique(hands[:, 0])) == 52  # no place tells a card


def test_more_rows_of_poker_keep_the_test_rows(tmp_path):
    few, many = (load("poker", {"rows": rows, "test_rows": 50}, tmp_path) for rows in (100, 200))
    np.testing.assert_array_equal(few.X_test, many.X_test)
    np.testing.assert_array_equal(few.X, many.X[:100])


def test_there_are_no_more_hands_than_can_be_dealt(tmp_path):
    with pytest.raises(
        DataError, match=r"data\.rows must be a whole number from 100 to 2,588,960, got 2600000"
    ):
        load("poker", {"rows": 2_600_000}, tmp_path)


# Teacher


@pytest.mark.parametrize("noise", [0, 0.1, 0.5])
def test_the_least_error_of_the_teacher_is_its_noise(tmp_path, noise):
    task = load("teacher", {"rows": 20_000, "test_rows": 1_000, "noise": noise}, tmp_path)
    truth = teacher(features=5, hidden=4)
    assert np.mean(truth.labels(task.X_test) != task.y_test) == noise
    assert abs(np.mean(truth.labels(task.X) != task.y) - noise) < 0.015
    assert task.source.endswith(f"; the least error is {noise:g}")


def test_the_classes_of_a_teacher_are_about_equally_frequent():
    for hidden in (1, 16, 64):
        X = np.random.default_rng(0).standard_normal((20_000, 10))
        counts = np.bincount(teacher(features=10, hidden=hidden).labels(X), minlength=4)
        assert counts.min() > (3_500 if hidden > 1 else 0)


def test_a_label_made_wrong_is_wrong_in_every_way_alike():
    y = np.zeros(30_000, dtype=np.int64)
    counts = np.bincount(made_wrong(y, np.arange(30_000), np.random.default_rng(0)))
    assert counts[0] == 0
    assert np.abs(counts[1:] - 10_000).max() < 500


@pytest.mark.parametrize("noise", [-0.1, 0.6, "some", None, True, float("nan")])
def test_the_noise_is_checked(tmp_path, noise):
    with pytest.raises(DataError, match=r"^data\.noise must be a share from 0 to 0\.5 of wrong labels, got "):
        load("teacher", {"noise": noise}, tmp_path)


# Parity, XOR, tent map


def test_the_parity_is_of_the_bits_that_count_and_no_row_occurs_twice(tmp_path):
    task = load("parity", {"rows": 900, "test_rows": 100, "features": 10, "bits": 3}, tmp_path)
    X, y = np.concatenate([task.X, task.X_test]), np.concatenate([task.y, task.y_test])
    assert len(np.unique(X, axis=0)) == 1_000
    np.testing.assert_array_equal(y, [int(a) ^ int(b) ^ int(c) for a, b, c in X[:, :3]])
    with pytest.raises(
        DataError, match=r"^data\.features=10 has 1,024 different rows, and data\.rows \+ data\.te"
    ):
        load("parity", {"rows": 1_000, "test_rows": 100, "features": 10, "bits": 3}, tmp_path)
    with pytest.raises(DataError, match=r"^data\.bits must be a whole number from 1 to 10, got 11; mend it$"):
        load("parity", {"features": 10, "bits": 11}, tmp_path)


def test_the_xor_is_of_two_signs(tmp_path):
    task = load("xor", {"rows": 500, "test_rows": 100, "features": 3}, tmp_path)
    np.testing.assert_array_equal(task.y, task.X[:, 0] * task.X[:, 1] < 0)
    assert np.abs(task.X).max() <= 1


def test_the_tent_map_alternates_as_often_as_it_was_folded(tmp_path):
    x = (np.arange(4_096) + 0.5) / 4_096
    above = folded(x, times=4) >= 0.5
    assert np.count_nonzero(np.diff(above)) == 2**4
    task = load("tent_map", {"rows": 500, "test_rows": 100, "depth": 4}, tmp_path)
    np.testing.assert_array_equal(task.y, above[(task.X[:, 0] * 4_096).astype(int)])


# MNIST-1D


@pytest.fixture
def generator(monkeypatch):
    """A stand-in for the package: rows that are their number, shuffled by the global generator."""

    def make_dataset(settings):
        np.random.seed(settings.seed)  # noqa: NPY002
        random.seed(settings.seed)
        order = np.random.permutation(settings.num_samples)  # noqa: NPY002
        x, y, split = np.repeat(order[:, None], 40, axis=1) / 7, order % 10, int(0.8 * len(order))
        return {"x": x[:split], "x_test": x[split:], "y": y[:split], "y_test": y[split:]}

    package, data = ModuleType("mnist1d"), ModuleType("mnist1d.data")
    data.get_dataset_args = lambda: SimpleNamespace(num_samples=5_000, seed=42)
    data.make_dataset = make_dataset
    monkeypatch.setitem(sys.modules, "mnist1d", package)
    monkeypatch.setitem(sys.modules, "mnist1d.data", data)


def test_the_generator_makes_as_many_rows_as_asked_for(generator, tmp_path):
    task = load("mnist1d", {"rows": 500}, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((500, 40), (1_000, 40))
    numbers = np.round(np.concatenate([task.X, task.X_test])[:, 0] * 7).astype(int)
    assert sorted(numbers) == list(range(1_500))
    np.testing.assert_array_equal(numbers % 10, np.concatenate([task.y, task.y_test]))


def test_the_generator_leaves_the_global_seeds_as_they_were(generator, tmp_path):
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    load("mnist1d", {"rows": 500}, tmp_path)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_another_generator_than_the_published_one_is_refused(generator, tmp_path):
    with pytest.raises(DataError, match="the package makes other rows than those published"):
        load("mnist1d", {}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_the_classes_of_the_generator_are_equal(generator, tmp_path):
    with pytest.raises(DataError, match=r"^data\.rows must be a multiple of 10, .* got 505; mend it$"):
        load("mnist1d", {"rows": 505}, tmp_path)


def test_without_the_generator_the_command_that_brings_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mnist1d", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not is_here("mnist1d", {})
    with pytest.raises(
        DataError, match=r"needs the package mnist1d \(.*\); \.venv/bin/uv pip install -p \.venv mnist1d$"
    ):
        load("mnist1d", {}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_the_generator_of_the_package_makes_the_rows_published(tmp_path):
    if not is_here("mnist1d", {}):
        pytest.skip(f"mnist1d is not here: {mnist1d.ABOUT.command}")
    task = load("mnist1d", {}, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((4_000, 40), (1_000, 40))
    assert task.y[:8].tolist() == [2, 6, 4, 5, 6, 6, 6, 0]
    np.testing.assert_allclose(task.X[0, :3], [-0.332006, -0.47191, -0.778697], atol=1e-6)
    assert "torch" not in sys.modules
