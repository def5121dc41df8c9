"""A few words that every room writes alike."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "cell"), counted(1200, "cell"), counted(2, "study", "studies")
    ('1 cell', '1,200 cells', '2 studies')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
