"""A few words that every room writes alike."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "cell"), counted(1200, "cell"), counted(2, "study", "studies")
    ('1 cell', '1,200 cells', '2 studies')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def quoted(text: str, most: int = 40) -> str:
    """What a message quotes, which may be long, in quotation marks.

    >>> quoted("age"), quoted("abcdefgh", most=4)
    ("'age'", "'abcd...'")
    """
    return repr(text if len(text) <= most else text[:most] + "...")
