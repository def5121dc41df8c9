"""The listing is every data set in a line: rows, licence, source, and the command where it is not here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .recipe import Recipe


@dataclass(frozen=True)
class Listed:
    """One data set as it is listed.

    Attributes:
        here: whether it can be prepared without a network, its options left as they are by default; "yours"
            where these name none.
        command: what brings it here; empty where it comes with the harness, is generated or is yours.
    """

    name: str
    title: str
    rows: str
    source: str
    licence: str
    here: str
    command: str


def listed(recipes: Mapping[str, Recipe]) -> tuple[Listed, ...]:
    """The data sets in their order. Nothing is prepared, read or imported for it."""
    return tuple(_listed(name, recipes[name]) for name in recipes)


def _listed(name: str, recipe: Recipe) -> Listed:
    about = recipe.about
    here = "yours" if about.yours else "yes" if about.is_here(recipe.defaults) else "no"
    return Listed(name, about.title, about.rows, about.source, about.licence, here, about.command)


def lines(sets: Sequence[Listed]) -> Iterator[str]:
    r"""The listing as a person reads it: of each set a row, its source, and what brings it if it is absent.

    >>> print(*lines([Listed("ours", "a thing", "90 + 10", "made", "CC0", "no", "get it")]), sep="\n")
    data set  here  rows + test rows  licence
    ours      no    90 + 10           CC0      a thing
              made
              to get it: get it
    """
    head = ("data set", "here", "rows + test rows", "licence", "")
    table = [(one.name, one.here, one.rows, one.licence, one.title) for one in sets]
    widths = [max(len(row[place]) for row in [head, *table]) for place in range(len(head))]
    yield _line(head, widths)
    for one, row in zip(sets, table, strict=True):
        yield _line(row, widths)
        to_get = {"no": [f"to get it: {one.command}"], "yours": [f"to name it: {one.command}"]}
        for below in (one.source, *to_get.get(one.here, [])):
            yield f"{'':{widths[0]}}  {below}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{word:{width}}" for word, width in zip(row, widths, strict=True)).rstrip()
