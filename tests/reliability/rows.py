"""What a part of the machine found: rows of one table, printed as text and kept as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
COLUMNS = ("what", "tried", "lost", "duplicated", "different", "left running", "wrong", "seconds", "note")


@dataclass(frozen=True)
class Row:
    """One line of the table; any number but `tried` and `seconds` above 0 is a fault.

    Attributes:
        lost, duplicated, different: trials and cells, against the uninterrupted sweep.
        left: runs still RUNNING at the end.
        wrong: everything else: a wrong exit status, a process left behind, a message that is not one line.
        note: what a person should know; of a fault, the first of its kind.
        absent: True where the part cannot be tried here, which is no fault.
    """

    what: str
    tried: int
    lost: int = 0
    duplicated: int = 0
    different: int = 0
    left: int = 0
    wrong: int = 0
    seconds: float = 0.0
    note: str = ""
    absent: bool = False

    @property
    def faults(self) -> int:
        return self.lost + self.duplicated + self.different + self.left + self.wrong

    @property
    def cells(self) -> tuple[str, ...]:
        counts = (self.tried, self.lost, self.duplicated, self.different, self.left, self.wrong)
        shown = [""] * len(counts) if self.absent else [f"{count:,}" for count in counts]
        return (self.what, *shown, f"{self.seconds:.0f}", self.note)


def absent(what: str, note: str) -> Row:
    """A part that cannot be tried here."""
    return Row(what, 0, note=note, absent=True)


def as_text(rows: Iterable[Row]) -> str:
    """The table in columns, for a terminal."""
    table = [COLUMNS, *(row.cells for row in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(COLUMNS) - 1)]
    return "\n".join("  ".join([_columns(line, widths), line[-1]]).rstrip() for line in table)


def _columns(line: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(line[:-1], widths, strict=True)
    return "  ".join([f"{first[0]:{first[1]}}", *(f"{text:>{width}}" for text, width in others)])


def as_markdown(rows: Iterable[Row], words: str) -> str:
    """The table for docs/reliability.md, below a sentence on where it comes from."""
    head = [" | ".join(COLUMNS), " | ".join(["---", *["---:"] * 7, "---"])]
    body = [" | ".join(text.replace("|", "\\|") for text in row.cells) for row in rows]
    return "\n".join([words, "", *(f"| {line} |" for line in (*head, *body))])


def write_between_markers(file: Path, text: str) -> None:
    """Put the text between the markers of a file.

    Raises:
        ValueError: where the file lacks the markers.
    """
    before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{file} lacks {BEGIN} or {END}")
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
