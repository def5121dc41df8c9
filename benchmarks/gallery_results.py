"""What is kept of a sweep of the gallery, read back from its tables below docs/results/gallery/."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.verdicts import SMALL_DATA

LEADS = ("ahead", "behind", "not told apart")
Row = Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """The tables of one data set; `verdicts` by claim."""

    name: str
    sweep: Mapping[str, str]
    verdicts: Mapping[str, Row]
    differences: Sequence[Row]
    curves: Sequence[Row]

    @property
    def sizes(self) -> list[int]:
        """Every size, ascending."""
        return sorted({int(point["size"]) for point in self.curves})

    def errors(self, size: int) -> dict[str, float]:
        """Each family's mean test error at a size, in percent."""
        return {p["family"]: 100 * float(p["mean"]) for p in self.curves if int(p["size"]) == size}

    def best(self, size: int) -> tuple[str, float]:
        """The family with the lowest error at a size, and that error."""
        return min(self.errors(size).items(), key=lambda of: of[1])

    def answer(self, claim: str) -> str:
        """Supported, contradicted or undetermined."""
        return self.verdicts[claim]["answer"]

    def telling(self, claim: str) -> list[Row]:
        """The differences to see first: of little data the largest, of the others all, largest size first."""
        found = [row for row in self.differences if row["claim"] == claim]
        if claim == SMALL_DATA:
            return sorted(found, key=lambda row: -abs(float(row["difference"])))[:1]
        return found[::-1]


def read(folder: Path) -> Result:
    """The tables in a folder, which has the name of the data set."""

    def table_of(name: str) -> list[Row]:
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    sweep = {row["key"]: row["value"] for row in table_of("sweep")}
    verdicts = {row["claim"]: row for row in table_of("verdicts")}
    return Result(folder.name, sweep, verdicts, table_of("differences"), table_of("curves"))


def lead(of: Row) -> str:
    """Whether the 95 % interval of a difference shows the first to be better, or worse."""
    low, high = (float(of[limit] or "nan") for limit in ("low", "high"))
    return LEADS[0] if high < 0 else LEADS[1] if low > 0 else LEADS[2]
