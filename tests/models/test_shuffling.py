"""Orders of rows: permutations all, and by page few pages at a time."""

import numpy as np
import pytest

from models.shuffling import PAGE, shuffled, shuffled_by_page


@pytest.mark.parametrize("rows", [1, PAGE - 1, PAGE, 10 * PAGE + 7, 5_000])
@pytest.mark.parametrize("together", [1, 40, 1_000])
def test_every_row_comes_once(rows, together):
    order = shuffled_by_page(rows, together, np.random.default_rng(0))
    assert np.array_equal(np.sort(order), np.arange(rows))


def test_a_stretch_reads_whole_pages_but_for_its_ends():
    order = shuffled_by_page(100_000, 4_096, np.random.default_rng(0))
    for start in range(0, 100_000, 4_096):
        assert len(set(order[start : start + 4_096] // PAGE)) <= 4_096 // PAGE + 2


def test_a_batch_is_from_all_over_the_matrix():
    """The mean row number of a batch varies as that of random rows does: its variance is that of a sample."""
    rows, batch = 2**17, 128
    order = shuffled_by_page(rows, 4_096, np.random.default_rng(0))
    paged = order.reshape(-1, batch).mean(axis=1)
    free = shuffled(rows, np.random.default_rng(0)).reshape(-1, batch).mean(axis=1)
    assert paged.std() < 1.5 * free.std()


def test_the_same_generator_gives_the_same_order_and_the_next_another():
    rng = np.random.default_rng(1)
    first, second = (shuffled_by_page(1_000, 256, rng) for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, shuffled_by_page(1_000, 256, np.random.default_rng(1)))
