import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigError
from harness.splits import check_classes, inner_splits, smallest_size, subset

SKEWED = np.repeat(np.arange(5), [600, 300, 90, 9, 1])


@st.composite
def pools(draw):
    """Class indices of a pool: 1 to 8 classes, some of them rare or absent, in random order."""
    counts = draw(st.lists(st.one_of(st.integers(0, 3), st.integers(0, 400)), min_size=1, max_size=8))
    counts[-1] += 5
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(st.integers(0, 99))).permutation(y)


def shares_off(y, part):
    """How many rows each class of `part` is away from its share in `y`."""
    classes = y.max() + 1
    share = np.bincount(y, minlength=classes) * len(part) / len(y)
    return np.abs(np.bincount(part, minlength=classes) - share)


@given(pools(), st.integers(0, 5), st.data())
def test_subsets_are_nested(y, repeat, data):
    small, large = sorted(data.draw(st.tuples(*[st.integers(5, len(y))] * 2)))
    np.testing.assert_array_equal(subset(y, small, repeat, seed=0), subset(y, large, repeat, seed=0)[:small])


@given(pools(), st.integers(0, 5))
def test_the_largest_subset_is_the_whole_pool_once(y, repeat):
    assert sorted(subset(y, len(y), repeat, seed=0)) == list(range(len(y)))


@given(pools(), st.integers(0, 5), st.data())
def test_every_prefix_holds_each_class_in_its_share(y, repeat, data):
    size = data.draw(st.integers(5, len(y)))
    counts = np.bincount(y)
    share = counts / len(y)
    limit = 1 + np.maximum(np.count_nonzero(counts) - 2, 0) * share
    assert (shares_off(y, y[subset(y, size, repeat, seed=0)]) <= limit + 1e-9).all()


def test_a_rare_class_enters_in_its_share_of_repeats():
    rare = [np.isin(4, SKEWED[subset(SKEWED, 250, repeat, seed=0)]) for repeat in range(200)]
    assert 0.15 < np.mean(rare) < 0.35


def test_repeats_and_seeds_draw_other_rows():
    one, *others = (subset(SKEWED, 500, *key) for key in [(0, 0), (1, 0), (0, 1)])
    for other in others:
        assert 150 < len(np.intersect1d(one, other)) < 350


def test_each_row_of_a_class_is_drawn_equally_often():
    y = np.repeat([0, 1], [30, 10])
    drawn = np.bincount(np.concatenate([subset(y, 20, repeat, seed=0) for repeat in range(400)]))
    assert drawn.min() > 150
    assert drawn.max() < 250


def test_no_family_can_enter_a_split():
    assert list(inspect.signature(subset).parameters) == ["y_pool", "size", "repeat", "seed"]
    assert list(inspect.signature(inner_splits).parameters) == ["y", "repeat", "seed", "groups", "times"]


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (1_001, r"size must be at most 1,000 \(the rows of the pool\), got 1,001; lower data.sizes"),
        (4, "size must be at least 5 .*, got 4; raise data.sizes"),
    ],
)
def test_a_size_out_of_reach_is_refused(size, message):
    with pytest.raises(ConfigError, match=message):
        subset(SKEWED, size, repeat=0, seed=0)


def test_too_few_rows_to_split_are_refused():
    with pytest.raises(ConfigError, match="size must be at least 5"):
        inner_splits(np.zeros(4, dtype=np.int64), repeat=0, seed=0)


@pytest.mark.parametrize(
    ("n", "held"),
    [
        (5, [1] * 5),
        (500, [100] * 5),
        (501, [167] * 3),
        (2_000, [667, 667, 666]),
        (2_001, [400]),
        (10_000, [2_000]),
        (15_000, [2_000]),
        (20_480, [2_048]),
    ],
)
def test_folds_and_hold_out_follow_the_size(n, held):
    splits = inner_splits(np.arange(n) % 3, repeat=0, seed=0)
    assert [len(split.validation) for split in splits] == held


@settings(deadline=None)
@given(pools(), st.integers(0, 5))
def test_a_split_is_disjoint_covering_and_in_the_order_of_the_rows(y, repeat):
    for split in inner_splits(y, repeat, seed=0):
        assert sorted([*split.train, *split.validation]) == list(range(len(y)))
        assert (np.diff(split.train) > 0).all()
        assert (np.diff(split.validation) > 0).all()


@given(pools(), st.integers(0, 5))
def test_folds_validate_once_every_row_whose_class_has_another(y, repeat):
    y = y[:2_000]
    rows = np.concatenate([split.validation for split in inner_splits(y, repeat, seed=0)])
    shared = np.flatnonzero(np.bincount(y)[y] > 1)
    assert sorted(rows) == list(shared if len(shared) >= 5 else range(len(y)))


@given(pools(), st.integers(0, 5))
def test_no_training_set_lacks_a_class(y, repeat):
    y = y[:2_000]
    if np.count_nonzero(np.bincount(y)[y] > 1) >= 5:
        for split in inner_splits(y, repeat, seed=0):
            assert set(y[split.train]) == set(y)


@pytest.mark.parametrize("rare", [20, 21, 200])
def test_the_smallest_size_allowed_draws_two_rows_of_a_second_class_in_every_repeat(rare):
    y = np.random.default_rng(0).permutation(np.arange(2_000) < rare).astype(np.int64)
    least = smallest_size(y)
    check_classes(least, y)
    with pytest.raises(ConfigError, match=f"size must be at least {least:,}"):
        check_classes(least - 1, y)
    assert all(y[subset(y, least, repeat, seed=0)].sum() >= 2 for repeat in range(50))


@given(pools(), st.integers(0, 5))
def test_folds_are_alike_in_size_and_in_every_class(y, repeat):
    splits = inner_splits(y[:2_000], repeat, seed=0)
    counts = np.array([np.bincount(y[split.validation], minlength=8) for split in splits])
    assert np.ptp(counts, axis=0).max() <= 1
    assert np.ptp(counts.sum(axis=1)) <= 1


@pytest.mark.parametrize("repeat", range(20))
def test_the_hold_out_is_stratified_and_leaves_single_rows_to_training(repeat):
    y = np.random.default_rng(repeat).permutation(np.repeat(np.arange(7), [4_000, 1_000, 90, 2, 1, 1, 1]))
    (split,) = inner_splits(y, repeat, seed=0)
    assert shares_off(y, y[split.validation]).max() <= 1.01
    assert set(y[split.train]) == set(range(7))


def test_a_hold_out_of_single_rows_only_still_has_its_size():
    (split,) = inner_splits(np.arange(3_000), repeat=0, seed=0)
    assert len(split.validation) == 600


@pytest.mark.parametrize("size", [60, 400, 1_500, 6_000])
@pytest.mark.parametrize("repeat", range(5))
def test_a_leading_share_of_the_training_rows_is_stratified(size, repeat):
    pool = np.repeat(np.arange(4), [9_000, 2_500, 400, 100])
    y = pool[subset(pool, size, repeat, seed=0)]
    for split in inner_splits(y, repeat, seed=0):
        for share in (16, 4):
            assert shares_off(y, y[split.train[: len(split.train) // share]]).max() < 3


def test_splits_depend_on_repeat_and_seed_only():
    y = SKEWED[subset(SKEWED, 400, repeat=0, seed=0)]
    one = inner_splits(y, repeat=0, seed=0)
    again = inner_splits(y.copy(), repeat=0, seed=0)
    assert all((a.validation == b.validation).all() for a, b in zip(one, again, strict=True))
    for other in (inner_splits(y, repeat=3, seed=0), inner_splits(y, repeat=0, seed=1)):
        assert any((a.validation != b.validation).any() for a, b in zip(one, other, strict=True))
