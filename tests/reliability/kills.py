"""Kills at random moments: a sweep is ended with `kill -9` again and again, then run to its end.

A round is one records folder. Its random numbers come from (seed, launcher, round), so it can be run alone.
"""

from __future__ import annotations

import itertools
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability import attempts, small_sweeps
from tests.reliability.attempts import Attempt
from tests.reliability.lanes import side_by_side
from tests.reliability.records import Tally, compare, snapshot
from tests.reliability.rows import Row
from tests.reliability.small_sweeps import Reference

NAMES = ("steps", "rungs", "studies")
FEWEST, MOST = 3, 10  # kills in a round
WORKER_SHARE = 0.4  # of kills with `local`, of a worker; at most one in a sweep, for a second death counts
STARTUP = {"inline": 0.0, "local": 4.0}  # seconds that workers need to start, where a kill hits little else
LANES = {"inline": 2, "local": 1}  # a local sweep keeps two cores busy by itself


@dataclass
class Round:
    """What a round did: kills of the driver, kills of workers, and what was wrong in the end."""

    number: int
    drivers: int = 0
    workers: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def kills(self) -> int:
        return self.drivers + self.workers


def references(template: Path, folder: Path, names: tuple[str, ...] = NAMES) -> dict[str, Reference]:
    """The uninterrupted sweeps, inline: what every launcher must equal."""
    return {name: small_sweeps.reference(name, "inline", template, folder) for name in names}


def run(
    launch: str,
    kills: int,
    seed: int,
    wanted: dict[str, Reference],
    template: Path,
    folder: Path,
    only: int | None = None,
) -> Row:
    """Rounds until so many kills hit, or one round alone."""
    begin, done = time.monotonic(), list[Round]()

    def jobs() -> Iterator:
        for number in itertools.count() if only is None else [only]:
            if sum(each.kills for each in done) >= kills:
                return
            yield lambda at=number: play(launch, at, seed, wanted, template, folder)

    for each in side_by_side(jobs(), LANES[launch]):
        done.append(each)
    tally = Tally()
    for each in done:
        tally += each.tally
    of_workers = sum(each.workers for each in done)
    told = f"{len(done)} rounds, seed {seed}" + (f", {of_workers} of workers" if launch == "local" else "")
    bad = [f"round {each.number}: {text}" for each in done for text in each.tally.examples]
    return Row(
        f"kill -9, {launch}",
        sum(each.kills for each in done),
        **tally.counts(),
        seconds=time.monotonic() - begin,
        note="; ".join(filter(None, [told, small_sweeps.shorten(bad)])),
    )


def play(
    launch: str, number: int, seed: int, wanted: dict[str, Reference], template: Path, folder: Path
) -> Round:
    """One round."""
    rng = random.Random(f"{seed} {launch} {number}")
    name = rng.choice(sorted(wanted))
    root = small_sweeps.fresh(template, folder / f"{launch}-{number}")
    log = root.with_suffix(".log")
    work = attempts.sweep(small_sweeps.words(name, launch, root))
    this, quota = Round(number), rng.randint(FEWEST, MOST)
    length = wanted[name].seconds + STARTUP[launch]
    ended = False
    while this.kills < quota and not ended:
        attempt = attempts.start(work, log)
        ended = _hunt(attempt, rng, length, this, launch)
        this.tally += left(attempt)
    this.tally += finish(work, log, root, wanted[name])
    if not this.tally.faults:
        shutil.rmtree(root)
        log.unlink()
    return this


def _hunt(attempt: Attempt, rng: random.Random, length: float, this: Round, launch: str) -> bool:
    """Kill the driver at a random moment, a worker before that perhaps; True where the sweep ended first."""
    if launch == "local" and rng.random() < WORKER_SHARE:
        attempt.wait(rng.uniform(0, length))
        this.workers += kill_worker(attempt, rng)
    if attempt.wait(rng.uniform(0, length)) is not None:
        if attempt.status != 0:
            said = attempt.log.read_text(errors="replace").strip().splitlines()[-1:]
            this.tally += Tally(wrong=1, examples=[f"ended itself with {attempt.status}: {' '.join(said)}"])
        return True
    attempt.kill()
    this.drivers += attempt.status == -9
    return attempt.status != -9


def kill_worker(attempt: Attempt, rng: random.Random) -> bool:
    """End one of its worker processes, where it has any."""
    alive = attempts.workers(attempt.pid)
    if not alive:
        return False
    rng.choice(alive).kill()
    return True


def left(attempt: Attempt) -> Tally:
    alive = attempt.left()
    return Tally(wrong=len(alive), examples=[f"left behind: {each}" for each in alive[:1]])


def finish(work, log: Path, root: Path, wanted: Reference) -> Tally:
    """Run a sweep to its end: what is wrong with that, and with what is then recorded."""
    before = log.stat().st_size if log.exists() else 0
    attempt = attempts.start(work, log)
    status, tally = attempt.wait(), Tally()
    said = log.read_bytes()[before:].decode(errors="replace")
    if status != 0:
        attempt.kill()
        how = "hangs" if status is None else f"exit status {status}"
        tally += Tally(wrong=1, examples=[f"{how}: {' '.join(said.strip().splitlines()[-1:])}"])
    tally += left(attempt)
    if "Traceback" in said:
        tally += Tally(wrong=1, examples=[f"a traceback in {log}"])
    if (root / "mlflow.db").exists():
        tally += compare(wanted.snapshot, snapshot(root, wanted.name))
    return tally
