"""Orders of rows: permutations all, and by page few pages at a time."""

import numpy as np
import pytest

from models.shuffling import shuffled_by_page

WIDTH, PAGE = 32, 32


@pytest.mark.parametrize("rows", [1, PAGE - 1, PAGE, 10 * PAGE + 7, 5_000])
@pytest.mark.parametrize("together", [1, 40, 1_000])
def test_every_row_comes_once(rows, together):
    order = shuffled_by_page(rows, WIDTH, together, np.random.default_rng(0))
    assert np.array_equal(np.sort(order), np.arange(rows))


def test_a_stretch_reads_whole_pages_but_for_its_ends():
    order = shuffled_by_page(100_000, WIDTH, 4_096, np.random.default_rng(0))
    for start in range(0, 100_000, 4_096):
        assert len(set(order[start : start + 4_096] // PAGE)) <= 4_096 // PAGE + 2


@pytest.mark.parametrize(("width", "together"), [(28, 4_608), (151, 864), (784, 167), (3_072, 42)])
def test_a_batch_is_from_all_over_the_matrix(width, together):
    """The mean row number of a batch of 32 varies at most about as that of half as many random rows would."""
    rows, batch = 2**17, 32
    order = shuffled_by_page(rows, width, together, np.random.default_rng(0))
    free = np.random.default_rng(0).permutation(rows)
    paged, uniform = (each.reshape(-1, batch).mean(axis=1).std() for each in (order, free))
    assert paged < 1.5 * uniform


def test_the_same_generator_gives_the_same_order_and_the_next_another():
    rng = np.random.default_rng(1)
    first, second = (shuffled_by_page(1_000, WIDTH, 256, rng) for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, shuffled_by_page(1_000, WIDTH, 256, np.random.default_rng(1)))
