"""A number that can only stand for a missing value is refused; those that may be meant are not."""

import re

import numpy as np
import pytest

from harness.errors import DataError

RNG = np.random.default_rng(0)
ORDINARY = {
    "of sd 1e-3": 0.5 + 1e-3 * RNG.normal(size=100),
    "constant": np.full(100, 0.25),
    "mostly 0": np.where(np.arange(100) % 5 == 0, RNG.normal(size=100), 0),
    "large": 1e5 + 1e3 * RNG.normal(size=100),
}


def text(values):
    return "row,x,label\n" + "".join(f"{row},{x},{'ab'[row % 2]}\n" for row, x in enumerate(values))


def in_a(part, load_text, values):
    """A row that is drawn on, or tested."""
    task = load_text(text(values))
    return int((task.X if part == "pool" else task.X_test)[3, task.features.index("row")])


@pytest.mark.parametrize("part", ["pool", "test"])
@pytest.mark.parametrize("fill", ["9.969209968386869e+36", "-3.4e38", "1e20", "-9223372036854775808"])
@pytest.mark.parametrize("values", ORDINARY.values(), ids=ORDINARY)
def test_a_fill_value_is_refused_with_its_row_and_the_remedy(load_text, values, fill, part):
    row = in_a(part, load_text, values)
    planted = [*values[:row], fill, *values[row + 1 :]]
    shown = re.escape(f"{float(fill):g}")
    said = rf"^some\.csv line {row + 2}: 'x' is {shown}, and its other values are .*; empty the cell"
    with pytest.raises(DataError, match=said):
        load_text(text(planted))
    planted[row] = ""
    assert load_text(text(planted)).features == ("row", "x")


@pytest.mark.parametrize("count", [1, 20, 45])
def test_a_fill_value_is_refused_where_up_to_half_of_the_cells_hold_it(load_text, count):
    values = ORDINARY["of sd 1e-3"].copy()
    values[:count] = 9.97e36
    with pytest.raises(
        DataError, match=r"^some\.csv line 2: 'x' is 9\.97e\+36, and its other values are 0\.5 with"
    ):
        load_text(text(values))


def test_a_fill_value_of_a_test_file_is_judged_by_the_file(load_text, tmp_path):
    (tmp_path / "test.csv").write_text(text([*ORDINARY["constant"][:8], 9.97e36]))
    with pytest.raises(DataError, match=r"^test\.csv line 10: 'x' is 9\.97e\+36"):
        load_text(text(ORDINARY["of sd 1e-3"]), test_path="test.csv")
    assert load_text(text(1e33 * RNG.normal(size=100)), test_path="test.csv").X_test[8, 1] > 9e36


MEANT = {
    "-9999": np.where(np.arange(100) % 9, ORDINARY["of sd 1e-3"], -9999),
    "nanoseconds or 0": np.where(np.arange(100) % 3, 0, 1.7e18 + np.arange(100)),
    "integers of 64 bits": RNG.integers(0, 2**63 - 1, 100),
    "luminosities": 10.0 ** RNG.normal(33, 1, 100),
    "of many magnitudes": 10.0 ** RNG.uniform(-5, 30, 100),
    "rounding noise": np.where(np.arange(100) % 3, 1e-17, 1.0),
    "all huge but a few": np.where(np.arange(100) % 9, 1e33, 0),
}


@pytest.mark.parametrize("values", MEANT.values(), ids=MEANT)
def test_numbers_that_may_be_meant_are_taken(load_text, values):
    assert load_text(text(values)).features == ("row", "x")
