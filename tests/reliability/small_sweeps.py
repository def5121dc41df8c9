"""The small sweeps that are cut off, a few seconds each, and the uninterrupted ones they must equal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.reliability import attempts
from tests.reliability.records import Snapshot, snapshot

SWEEPS = {
    # trains in steps beside one fitted at once; TPE past its random start; pruning
    "steps": (
        *("data=digits", "model=[logistic_regression_sklearn,shallow_nn]", "data.sizes=[64]", "repeats=2"),
        *("search.trials=7", "claims.linear=logistic_regression_sklearn", "claims.networks=[shallow_nn]"),
    ),
    # fitted anew on nested shares of the rows; settings bad enough that the pruner ends some
    "rungs": (
        *("data=digits", "model=[svm]", "data.sizes=[200,520]", "repeats=1", "search.trials=9"),
        "model.svm.space.gamma.high=10.0",
    ),
    # independent studies and a random sampler
    "studies": (
        *("data=digits", "model=[small_nn,linear_svm]", "data.sizes=[96]", "repeats=1"),
        *("search=random", "search.studies=3x3", "claims.linear=linear_svm", "claims.networks=[small_nn]"),
    ),
    # the smallest that has every kind of write
    "tiny": (
        *("data=digits", "model=[logistic_regression_sklearn,shallow_nn]", "data.sizes=[64]", "repeats=1"),
        *("search.trials=2", "claims.linear=logistic_regression_sklearn", "claims.networks=[shallow_nn]"),
    ),
}


MOST_TOLD = 3  # faults, in a note


@dataclass(frozen=True)
class Reference:
    """An uninterrupted sweep: what counts of its records, and how long it took."""

    name: str
    snapshot: Snapshot
    seconds: float


def words(name: str, launch: str, root: Path, *more: str) -> list[str]:
    """The words after `harness sweep`."""
    return [*SWEEPS[name], f"name={name}", f"launch={launch}", f"tracking.root={root}", *more]


def template(folder: Path) -> Path:
    """A records folder with an empty store and the prepared data; making it takes seconds, a copy none."""
    folder.mkdir(parents=True)
    attempt = attempts.start(lambda: _make(folder), folder.parent / "template.log")
    if attempt.wait() != 0:
        raise RuntimeError((folder.parent / "template.log").read_text())
    return folder


def _make(folder: Path) -> int:
    from harness import data
    from harness.tracking.store import open_store

    open_store(folder)
    data.load("digits", {}, folder / "cache")
    return 0


def fresh(template: Path, root: Path) -> Path:
    """A new records folder like the template."""
    shutil.copytree(template, root, ignore=shutil.ignore_patterns(".claims"))
    return root


def reference(name: str, launch: str, template: Path, folder: Path) -> Reference:
    """Run a sweep without interruption.

    Raises:
        RuntimeError: with what it said, where it fails.
    """
    root = fresh(template, folder / f"reference-{name}-{launch}")
    begin = time.monotonic()
    attempt = attempts.start(attempts.sweep(words(name, launch, root)), root.with_suffix(".log"))
    if attempt.wait() != 0:
        raise RuntimeError(root.with_suffix(".log").read_text())
    return Reference(name, snapshot(root, name), time.monotonic() - begin)


def shorten(found: Iterable[str]) -> str:
    """The first few of what was found, on one line."""
    return "; ".join(" ".join(each.split())[:220] for each in list(found)[:MOST_TOLD])
