"""The comparison with a sweep by hand pairs test rows and has the sign it says."""

import numpy as np
import pytest

from benchmarks.test_sweep import pooled

RNG = np.random.default_rng(0)
HARD = RNG.random(2000) < 0.3  # rows that both get wrong
OURS = {name: ~HARD & (RNG.random(2000) < 0.95) for name in ("a 100 0", "b 100 0")}


def test_the_difference_of_equals_is_nothing_and_errs_in_nothing():
    assert pooled(OURS, OURS) == (0.0, 0.0)


def test_who_errs_more_is_above_and_a_row_hard_for_both_widens_nothing():
    theirs = {name: correct & (RNG.random(2000) < 0.9) for name, correct in OURS.items()}
    difference, error = pooled(OURS, theirs)
    gaps = [np.mean(OURS[name]) - np.mean(theirs[name]) for name in OURS]
    assert difference == pytest.approx(-np.mean(gaps))
    assert pooled(theirs, OURS) == pytest.approx((-difference, error))
    assert error < np.std(HARD) / 2000**0.5 / 2


def test_other_cells_are_refused():
    with pytest.raises(ValueError, match="the cells differ: c 100 0"):
        pooled(OURS, {"a 100 0": HARD, "c 100 0": HARD})
