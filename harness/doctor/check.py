"""What one look found: a line for a person, an object for a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Check:
    """What one check found, or what was mended.

    Attributes:
        status: `bad` prevents a sweep or endangers its records, `warn` slows or hampers it; `fixed` was just
            mended.
    """

    name: str
    status: Literal["ok", "warn", "bad", "fixed"]
    found: str
    remedy: str = ""


def line(check: Check) -> str:
    """A check as a person reads it.

    >>> line(Check("disk", "warn", "1.0 GiB free", "free some"))
    'warn  disk          1.0 GiB free; free some'
    """
    remedy = f"; {check.remedy}" if check.remedy else ""
    return f"{check.status:<6}{check.name:<14}{check.found}{remedy}"
