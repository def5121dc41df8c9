"""A harness for the question: would more data help, or a bigger model, or better tuning?

The Python face, for notebooks and scripts; each name is imported when it is first used:

- `read_cells(name, root="mlruns")`: the cells of a sweep as a DataFrame.
- `plot_curves(cells)`: the data-scale curves of such a frame as a figure.
- `load_model(run_id, root="mlruns")`: the fitted pipeline of a recorded cell, which predicts.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.plots import plot_curves
    from harness.tracking.reading import load_model, read_cells

    __version__: str

__all__ = ["__version__", "load_model", "plot_curves", "read_cells"]

_HOMES = {
    "read_cells": "harness.tracking.reading",
    "load_model": "harness.tracking.reading",
    "plot_curves": "harness.plots",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("scale-harness")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
