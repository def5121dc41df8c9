"""A table is the rows of a file under named columns, whatever its format; each row knows where it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from ..wording import quoted

if TYPE_CHECKING:
    import pandas

MOST_COLUMNS = 10_000  # each costs pandas a fraction of a millisecond

Read = Callable[[Sequence[str], Collection[str], Collection[str]], "pandas.DataFrame"]


@dataclass(frozen=True)
class Table:
    """A file that was looked at.

    Attributes:
        columns: their names, in the order of the file.
        rows: how many there are, at least one.
        reader: (columns, text, labels) -> these columns of every row, those in `text` as they are written; of
            `labels`, which are in `text`, a CSV takes only an empty cell for missing.
        lines: of a CSV, the line that each row ends on.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int
    reader: Read
    lines: tuple[int, ...] = ()

    def read(
        self, columns: Sequence[str], text: Collection[str] = (), labels: Collection[str] = ()
    ) -> pandas.DataFrame:
        """The rows: `text` and `labels` as they are written, other columns as their values tell.

        A label such as NA or None is one; elsewhere in a CSV it is a missing value.
        """
        return self.reader(columns, {*text, *labels}, labels)

    def where(self, row: int) -> str:
        """Where a row is, for a person.

        >>> Table(Path("a.npz"), ("x", "y"), 9, lambda *_: None).where(0)
        'a.npz row 1'
        """
        return f"{self.path} {self.place(row)}"

    def place(self, row: int) -> str:
        """Where in the file a row is: the line of a CSV that it ends on, else the row, from 1."""
        return f"line {self.lines[row]}" if self.lines else f"row {row + 1}"


def checked_columns(path: Path, columns: Sequence[str]) -> tuple[str, ...]:
    """The names, each of which is there once.

    Raises:
        DataError: a column has no name or that of another, or there are too many.
    """
    if "" in columns:
        raise DataError(
            f"{path}: column {columns.index('') + 1} has no name; name it, or leave it out if it numbers the "
            "rows (pandas does with to_csv(index=False))"
        )
    name, count = Counter(columns).most_common(1)[0] if columns else ("", 0)
    if count > 1:
        raise DataError(f"{path} has {count} columns named {quoted(name)}; rename all but one")
    if len(columns) > MOST_COLUMNS:
        raise DataError(
            f"{path} has {len(columns):,} columns, and at most {MOST_COLUMNS:,} are read; drop some"
        )
    return tuple(columns)


@contextmanager
def told(path: Path, what: str, *damage: type[Exception]) -> Iterator[None]:
    """What a library raises over a damaged file becomes one line."""
    expected: tuple[type[Exception], ...] = (OSError, *damage)
    try:
        yield
    except expected as error:
        said = getattr(error, "strerror", None) or one_line(error) or type(error).__name__
        raise DataError(f"{path} cannot be read as {what} ({said}); mend data.path or the file") from error


def one_line(error: Exception, most: int = 200) -> str:
    """What an error says, short."""
    text = " ".join(str(error).split())
    return text if len(text) <= most else text[:most] + "..."
