"""Rows of a file that are copies of one another may lie on both sides of the test, and are told."""

import re

import numpy as np


def copies(rows, times):
    """Rows of noise, each some times; copies of a row are of one kind."""
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal()},{rng.normal()},{'ab'[row % 2]},g{row}\n" for row in range(rows)]
    return "x,z,label,kind\n" + "".join(lines * times)


ALIKE = "if these are copies, and not different cases that look alike, remove them"


def test_drawn_test_rows_that_are_copies_of_rows_to_draw_on_are_counted_with_a_remedy(load_text):
    (note,) = load_text(copies(100, times=4), drop="kind").notes
    assert re.fullmatch(
        r"(7\d|80) of the 80 test rows are among the rows to draw on, value by value; .*", note
    )
    assert note.endswith(f"; {ALIKE}, or keep them together: data.group=COLUMN")
    assert not any("value by value" in note for note in load_text(copies(100, times=4), group="kind").notes)
    assert load_text(copies(400, times=1), drop="kind").notes == ()


def test_copies_in_several_groups_are_counted_too(load_text):
    lines = copies(100, times=1).splitlines()
    again = [line.replace(",g", ",h") for line in lines[1:]]
    notes = load_text("\n".join([*lines, *again]), group="kind").notes
    assert any(note.endswith(ALIKE) for note in notes)


def test_copies_are_worth_a_note_from_one_in_a_hundred_test_rows(load_text):
    lines, told = copies(1000, times=1).splitlines(), set()
    for copied in range(1, 9):
        task = load_text("\n".join([*lines, *lines[1 : copied + 1]]), drop="kind")
        count = np.isin(task.X_test[:, 0], task.X[:, 0]).sum()
        assert bool(task.notes) == (count >= len(task.y_test) / 100)
        told.add((count > 0, bool(task.notes)))
    assert {(True, False), (True, True)} <= told
