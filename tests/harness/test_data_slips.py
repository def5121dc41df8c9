"""A column of numbers with a slip among them is refused with that one."""

import re

import pytest

from harness.errors import DataError


def measured(slips, among=40, slip="abc"):
    """A column of measurements, the last few of which are slips."""
    cells = [f"{row}.5" for row in range(among - slips)] + [slip] * slips
    return "age,label\n" + "".join(f'"{cell}",{"ab"[row % 2]}\n' for row, cell in enumerate(cells))


def test_a_column_of_numbers_with_a_slip_is_refused_and_one_of_words_is_not(load_text):
    said = (
        r"^some\.csv line 40: 'age' is 'abc', and 38 of the 40 values of that column are numbers; write a "
        "number with a point, leave the cell empty if it is missing, put a letter before each number of "
        r"the column if they are codes, or drop it: 'data\.drop=\[age\]'$"
    )
    with pytest.raises(DataError, match=said):
        load_text(measured(slips=2))
    for content in (measured(slips=3), measured(slips=1, among=19)):  # below 95 %; below 20 values
        assert "age=abc" in load_text(content).features


@pytest.mark.parametrize("slip", ["1,5", "n/k", "-", "?", "1e", "0x10", "1_000", "12 kg", "٣", "1.2.3"])
def test_a_slip_is_named_and_each_of_its_remedies_works(load_text, slip):
    with pytest.raises(DataError, match=re.escape(f"'age' is {slip.strip()!r}")):
        load_text(measured(slips=1, slip=slip))
    assert load_text(measured(slips=1, slip="")).features == ("age",)
    assert load_text(measured(slips=1, slip="1.5")).features == ("age",)
    codes = re.sub(r'^"(?=\d)', '"n', measured(slips=1, slip=slip), flags=re.MULTILINE)
    assert load_text(codes).features[0].startswith("age=")
