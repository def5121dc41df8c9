"""`harness data` lists the data sets; with one chosen, it says what was found in it. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import describe, listing

if TYPE_CHECKING:
    from ..data_config import DataConfig


def show(config: DataConfig) -> int:
    """Print the lines; exit status 0."""
    lines = listing() if config.data is None else describe(config.data.name, config.data.options)
    print("\n".join(lines))
    return 0
