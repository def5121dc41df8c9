"""Crash points: a sweep is ended with `kill -9` at each of its writes in turn, and run again.

Nothing in the harness knows of them. In the forked child, Python's audit hook tells of every file that is
opened for writing, renamed or removed below the records' folder, and MLflow's client and the database's
commits are wrapped. A first run writes down their names, in order.
"""

from __future__ import annotations

import functools
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tests.reliability import attempts, kills, small_sweeps
from tests.reliability.lanes import side_by_side
from tests.reliability.records import Snapshot, Tally, snapshot
from tests.reliability.rows import Row
from tests.reliability.small_sweeps import Reference
from tests.reliability.tripwire import READING, Tripwire

Start = Callable[[Path], object]
Words = Callable[[Path], list[str]]
MAKING_COMMITS = 12  # of the hundreds while MLflow makes its tables, in a file that is thrown away
LANES = 2

FICKLE = '''
from pathlib import Path
from sklearn.dummy import DummyClassifier

class Fickle(DummyClassifier):
    """Fails as long as a file says so."""

    def __init__(self, constant_share=0.5):
        super().__init__(strategy="prior")
        self.constant_share = constant_share

    def fit(self, X, y):
        if Path("broken").exists():
            raise ValueError("broken")
        return super().fit(X, y)
'''
FAMILY = """# @package model.fickle
label: fickle
estimator: {_target_: fickle.Fickle}
space: {constant_share: {low: 0.0, high: 1.0, default: 0.5}}
selection: log_loss
progress: rungs
preprocess: none
max_size: null
max_parameters: null
seconds_per_row: 1.0e-5
"""


@dataclass(frozen=True)
class Scene:
    """Where a sweep starts from, and what it is.

    Attributes:
        start: puts the records' folder there.
        words: of the command line, for a folder.
        points: (number, name) of its writes, in order.
    """

    name: str
    start: Start
    words: Words
    reference: Reference
    points: tuple[tuple[int, str], ...]


def run(seed: int, share: float, pairs: int, template: Path, folder: Path) -> Iterator[Row]:
    """Each crash point of each scene, or a seeded `share` of them; then pairs, one crash after the other."""
    folder.mkdir()
    rng = random.Random(f"{seed} crash points")
    for make in (_first, _cells, _extended):
        scene = make(template, folder)
        some = sorted(rng.sample(scene.points, max(1, round(share * len(scene.points)))))
        jobs = [functools.partial(_crash, scene, point, None, folder) for point in some]
        yield _row(scene, jobs, f"of {len(scene.points)} points")
        if make is not _first and pairs:
            firsts = rng.choices(scene.points, k=pairs)
            twice = [functools.partial(_crash, scene, point, rng.random(), folder) for point in firsts]
            yield _row(scene, twice, f"the next run crashes too, seed {seed}")


def _row(scene: Scene, jobs: Sequence[Callable[[], Tally]], note: str) -> Row:
    begin, tally = time.monotonic(), Tally()
    for each in side_by_side(jobs, LANES):
        tally += each
    return Row(
        f"crash points: {scene.name}",
        len(jobs),
        **tally.counts(),
        seconds=time.monotonic() - begin,
        note="; ".join(filter(None, [note, small_sweeps.shorten(tally.examples)])),
    )


def _crash(scene: Scene, point: tuple[int, str], second: float | None, folder: Path) -> Tally:
    """Crash at a point, begin anew, crash again at a `second` share of what that run writes, let it end."""
    at, told = point
    root = folder / f"{scene.name.split()[0]}-{at}{'' if second is None else f'-{second:.6f}'}"
    log = root.with_suffix(".log")
    scene.start(root)
    tally = _crash_at(scene, root, at)
    if second is not None:
        points = _writing(_points(scene, relocated(root, root.with_name(f"{root.name}-next"))))
        shutil.rmtree(root.with_name(f"{root.name}-next"))
        at, name = points[int(second * len(points))]
        told = f"{told}, then {name}"
        tally += _crash_at(scene, root, at)
    tally += kills.finish(attempts.sweep(scene.words(root)), log, root, scene.reference)
    if not tally.faults:
        shutil.rmtree(root)
        log.unlink()
    tally.examples = [f"{told}: {text}" for text in tally.examples]
    return tally


def _crash_at(scene: Scene, root: Path, at: int) -> Tally:
    attempt = attempts.start(_tripped(scene.words(root), root, at), root.with_suffix(".log"))
    if attempt.wait() in (-signal.SIGKILL, 0):  # 0: a second run may have a write less than the one rehearsed
        return Tally()
    attempt.kill()
    return Tally(wrong=1, examples=[f"exit status {attempt.status} instead of a crash"])


def _points(scene: Scene, root: Path) -> list[tuple[int, str]]:
    """The points of a sweep in that folder, which is run to its end without a crash.

    Raises:
        RuntimeError: with what it said, where it fails.
    """
    attempt = attempts.start(_tripped(scene.words(root), root, None), root.with_suffix(".log"))
    if attempt.wait() != 0:
        raise RuntimeError(root.with_suffix(".log").read_text())
    named = list(enumerate(root.with_suffix(".points").read_text().splitlines()))
    return list(apart(named))


def _writing(points: Sequence[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """The points without the commits that end a reading."""
    return tuple(point for point in points if READING not in point[1])


def _tripped(words: list[str], root: Path, at: int | None) -> Callable[[], int]:
    work = attempts.sweep(words)

    def run() -> int:
        Tripwire(root, root.with_suffix(".points"), at).install()
        return work()

    return run


def _rehearsed(name: str, start: Start, words: Words, sweep: str, folder: Path) -> Scene:
    """The scene, run uninterrupted for its reference and for the names of its writes."""
    scene = Scene(name, start, words, Reference(sweep, Snapshot({}, {}, {}, {}), 0.0), ())
    root = folder / f"{name.split()[0]}-whole"
    start(root)
    points = _points(scene, root)
    return replace(scene, reference=Reference(sweep, snapshot(root, sweep), 0.0), points=tuple(points))


def apart(points: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The points without those that leave the disk as the one before: after a call whose commit was tried.

    >>> list(apart([(0, "after a commit in create_run of trial 0"), (1, "after create_run of trial 0")]))
    [(0, 'after a commit in create_run of trial 0')]
    """
    before = ""
    for at, name in points:
        if name != before.replace("after a commit in", "after"):
            yield at, name
        before = name


def _first(template: Path, folder: Path) -> Scene:
    """From nothing: the store and the prepared data are made; the writes after that are the next scene's."""
    scene = _rehearsed(
        "store and data",
        lambda root: None,
        lambda root: small_sweeps.words("tiny", "inline", root),
        "tiny",
        folder,
    )
    making = scene.points[: _index(scene.points, "create_experiment of digits")]
    commits = [point for point in making if "commit" in point[1]]
    kept = set(commits[:: max(1, len(commits) // MAKING_COMMITS)])
    return replace(
        scene, points=tuple(point for point in making if "commit" not in point[1] or point in kept)
    )


def _index(points: Sequence[tuple[int, str]], text: str) -> int:
    return next(at for at, name in points if text in name)


def _cells(template: Path, folder: Path) -> Scene:
    """From an empty store: cells, trials, the report and the sweep's runs."""
    scene = _rehearsed(
        "cells and report",
        lambda root: small_sweeps.fresh(template, root),
        lambda root: small_sweeps.words("tiny", "inline", root),
        "tiny",
        folder,
    )
    return replace(scene, points=_writing(scene.points))


def _extended(template: Path, folder: Path) -> Scene:
    """From a sweep with a failed cell, which is tried anew, and a repeat is added.

    The family lies in the working directory, which is a scratch one.
    """
    conf = folder / "conf" / "model"
    conf.mkdir(parents=True)
    (conf / "fickle.yaml").write_text(FAMILY)
    Path("fickle.py").write_text(FICKLE)
    Path("broken").touch()
    before = small_sweeps.fresh(template, folder / "before")
    attempt = attempts.start(attempts.sweep(_fickle(before, 1)), before.with_suffix(".log"))
    if attempt.wait() != 1:
        raise RuntimeError(before.with_suffix(".log").read_text())
    Path("broken").unlink()
    scene = _rehearsed(
        "failed cell mended, repeat added",
        lambda root: relocated(before, root),
        lambda root: _fickle(root, 2),
        "mended",
        folder,
    )
    return replace(scene, points=_writing(scene.points))


def _fickle(root: Path, repeats: int) -> list[str]:
    return [
        *("data=digits", "model=[fickle,shallow_nn]", "data.sizes=[64]", f"repeats={repeats}"),
        *("search.trials=2", "claims.linear=fickle", "claims.networks=[shallow_nn]", "launch=inline"),
        *("name=mended", f"tracking.root={root}", "trusted_modules=[fickle]"),
        *("--config-dir", str(root.parent / "conf")),
    ]


def relocated(old: Path, new: Path) -> Path:
    """A copy of a records folder that does not point back to the first: MLflow keeps absolute addresses."""
    shutil.copytree(old, new, ignore=shutil.ignore_patterns(".claims"))
    with closing(sqlite3.connect(new / "mlflow.db")) as database, database:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"
            database.execute(change, (old.resolve().as_uri() + "/", new.resolve().as_uri() + "/"))
    return new
