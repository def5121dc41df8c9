"""The real command line, in processes of its own: signals at random moments, a closed terminal, a suspended
machine, and eight sweeps at once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.reliability import attempts, kills, small_sweeps
from tests.reliability.attempts import Attempt
from tests.reliability.kills import Round
from tests.reliability.records import Tally, compare, snapshot
from tests.reliability.rows import Row
from tests.reliability.small_sweeps import Reference

SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
STOP_SECONDS = 5.0  # within which a sweep that is asked to stop has stopped
IMPORTS = 6.0  # seconds that a fresh process takes more than a forked one
REPOSITORY = Path(__file__).parents[2]
EIGHT = 8


@dataclass
class Process:
    """A sweep started from the command line; it leads a session of its own."""

    popen: subprocess.Popen[bytes]
    log: Path
    begin: int

    @property
    def said(self) -> str:
        """What it said; the log holds what those before it said too."""
        return self.log.read_bytes()[self.begin :].decode(errors="replace")

    def wait(self, seconds: float) -> int | None:
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def left(self) -> list[str]:
        return Attempt(self.popen.pid, self.log, 0).left()


def start(words: list[str], log: Path) -> Process:
    command = [sys.executable, "-m", "harness", "sweep", *words]
    paths = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    with log.open("ab") as out:
        begin = out.tell()
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": paths.rstrip(os.pathsep)},
        )
    return Process(popen, log, begin)


def signals(count: int, seed: int, wanted: dict[str, Reference], template: Path, folder: Path) -> Row:
    """Rounds until so many signals hit, `inline` and `local` in turn."""
    begin, done = time.monotonic(), list[Round]()
    while sum(each.kills for each in done) < count:
        done.append(_round(len(done), count, seed, wanted, template, folder))
    tally = Tally()
    for each in done:
        tally += each.tally
    bad = [f"round {each.number}: {text}" for each in done for text in each.tally.examples]
    told = f"{len(done)} rounds, seed {seed}, kill -9, Ctrl-C, SIGTERM, SIGHUP mixed"
    return Row(
        "signals, command line",
        sum(each.kills for each in done),
        **tally.counts(),
        seconds=time.monotonic() - begin,
        note="; ".join(filter(None, [told, small_sweeps.shorten(bad)])),
    )


def _round(
    number: int, most: int, seed: int, wanted: dict[str, Reference], template: Path, folder: Path
) -> Round:
    rng = random.Random(f"{seed} command line {number}")
    launch, name = ("local", "inline")[number % 2], rng.choice(sorted(wanted))
    root = small_sweeps.fresh(template, folder / f"cli-{number}")
    words, log = small_sweeps.words(name, launch, root), root.with_suffix(".log")
    this, quota, ended = Round(number), rng.randint(2, min(6, max(2, most))), False
    length = IMPORTS + wanted[name].seconds + kills.STARTUP[launch]
    while this.kills < quota and not ended:
        process = start(words, log)
        ended = process.wait(rng.uniform(0, length)) is not None
        if not ended:
            this.drivers += 1
            this.tally += _signal(process, rng.choice(SIGNALS))
    process = start(words, log)
    if (status := process.wait(attempts.ATTEMPT_SECONDS)) != 0:
        this.tally += Tally(wrong=1, examples=[f"exit status {status}: {_last(process.said)}"])
    this.tally += _checked(process)
    this.tally += compare(wanted[name].snapshot, snapshot(root, name))
    if not this.tally.faults:
        shutil.rmtree(root)
        log.unlink()
    return this


def _signal(process: Process, number: signal.Signals) -> Tally:
    """Send a signal as a shell, a terminal or a service manager does; what is wrong with how it ends."""
    whole_group = number in (signal.SIGINT, signal.SIGHUP)
    begun = "cells on" in process.said
    (os.killpg if whole_group else os.kill)(process.popen.pid, number)
    status = process.wait(STOP_SECONDS)
    tally = Tally()
    if status is None:
        tally += Tally(wrong=1, examples=[f"still there {STOP_SECONDS:g} s after {number.name}"])
        process.popen.kill()
        process.wait(STOP_SECONDS)
    elif number is not signal.SIGKILL and status not in _allowed(number, begun and not _is_over(process)):
        tally += Tally(wrong=1, examples=[f"exit status {status} after {number.name}"])
    tally += _checked(process)
    return tally


def _allowed(number: signal.Signals, begun: bool) -> set[int]:
    """Exit statuses after a signal: it may have come as the sweep ended by itself, or before it began."""
    return {INTERRUPTED, 0} if begun else {INTERRUPTED, 0, -number}


def _is_over(process: Process) -> bool:
    """True where all is done and said, and Python, which hears no signal then, only takes itself apart."""
    return _last(process.said).startswith("browse:")


def _checked(process: Process) -> Tally:
    left = process.left()
    tally = Tally(wrong=len(left), examples=[f"left behind: {each}" for each in left[:1]])
    if "Traceback" in process.said:
        tally += Tally(wrong=1, examples=[f"a traceback: {_last(process.said)}"])
    return tally


def _last(text: str) -> str:
    return " ".join(text.strip().splitlines()[-1:])


@dataclass
class OnTerminal(Attempt):
    """An attempt whose output is a terminal's, which somebody reads until it is closed."""

    terminal: int = -1

    def poll(self) -> int | None:
        with contextlib.suppress(OSError):  # nothing to read, or closed
            os.read(self.terminal, 65536)
        return super().poll()

    def close(self) -> None:
        os.close(self.terminal)
        self.terminal = -1


def suspended(count: int, seed: int, wanted: dict[str, Reference], template: Path, folder: Path) -> Row:
    """Every process of a sweep is stopped for some seconds, as a laptop that sleeps stops them."""

    def disturb(attempt: Attempt, rng: random.Random) -> Tally:
        if attempt.poll() is None:
            _send(attempt.pid, signal.SIGSTOP)
            _send(attempt.pid, signal.SIGSTOP)  # also to what began as the others were being stopped
            time.sleep(rng.uniform(2, 6))
            _send(attempt.pid, signal.SIGCONT)
        if (status := attempt.wait()) != 0:
            attempt.kill()
            return Tally(wrong=1, examples=[f"exit status {status}: {_last(attempt.log.read_text())}"])
        return Tally()

    return _disturbed("suspended", count, seed, disturb, _forked, wanted, template, folder)


def _send(leader: int, number: signal.Signals) -> None:
    """To every process of a session: workers lead groups of their own."""
    for process in attempts.session(leader):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def closed_terminal(count: int, seed: int, wanted: dict[str, Reference], template: Path, folder: Path) -> Row:
    """The terminal that a sweep runs in is closed."""

    def disturb(attempt: OnTerminal, rng: random.Random) -> Tally:
        attempt.close()
        if attempt.wait(STOP_SECONDS) is None:
            attempt.kill()
            return Tally(wrong=1, examples=[f"still there {STOP_SECONDS:g} s after its terminal was closed"])
        return Tally()

    def begin(words: list[str], log: Path) -> OnTerminal:
        terminal, inside = pty.openpty()
        attempt = attempts.start(lambda: _on_terminal(terminal, inside, words), log)
        os.close(inside)
        os.set_blocking(terminal, False)
        return OnTerminal(attempt.pid, log, terminal=terminal)

    return _disturbed("closed terminal", count, seed, disturb, begin, wanted, template, folder)


def _forked(words: list[str], log: Path) -> Attempt:
    return attempts.start(attempts.sweep(words), log)


def _on_terminal(terminal: int, inside: int, words: list[str]) -> int:
    os.close(terminal)
    fcntl.ioctl(inside, termios.TIOCSCTTY, 0)
    for handle in (0, 1, 2):
        os.dup2(inside, handle)
    return attempts.sweep(words)()


def _disturbed(
    what: str,
    count: int,
    seed: int,
    disturb: Callable[[Any, random.Random], Tally],
    begin: Callable[[list[str], Path], Attempt],
    wanted: dict[str, Reference],
    template: Path,
    folder: Path,
) -> Row:
    """Sweeps that are disturbed once at a random moment, then run to their end."""
    start, tally = time.monotonic(), Tally()
    for number in range(count):
        rng = random.Random(f"{seed} {what} {number}")
        launch, name = ("local", "inline")[number % 2], rng.choice(sorted(wanted))
        root = small_sweeps.fresh(template, folder / f"{what.split()[0]}-{number}")
        words, log = small_sweeps.words(name, launch, root), root.with_suffix(".log")
        attempt = begin(words, log)
        attempt.wait(rng.uniform(0.5, wanted[name].seconds + kills.STARTUP[launch]))
        tally += disturb(attempt, rng)
        tally += kills.left(attempt)
        tally += kills.finish(attempts.sweep(words), log, root, wanted[name])
    note = "; ".join(filter(None, [f"seed {seed}", small_sweeps.shorten(tally.examples)]))
    return Row(what, count, **tally.counts(), seconds=time.monotonic() - start, note=note)


def eight_at_once(template: Path, folder: Path) -> Row:
    """Eight sweeps start in the same second on a folder without a store: half of them ask for more."""
    start, tally = time.monotonic(), Tally()

    def words(root: Path, number: int) -> list[str]:
        launch = "local" if number > 5 else "inline"
        return small_sweeps.words(
            "tiny", launch, root, *(("data.sizes=[64,80]", "name=wider") * (number % 2))
        )

    whole = small_sweeps.fresh(template, folder / "eight-whole")
    for number in (0, 1):
        if attempts.start(attempts.sweep(words(whole, number)), folder / "eight-whole.log").wait() != 0:
            raise RuntimeError((folder / "eight-whole.log").read_text())
    root = folder / "eight"
    logs = [folder / f"eight-{number}.log" for number in range(EIGHT)]
    all_of_them = [
        attempts.start(attempts.sweep(words(root, number)), log) for number, log in enumerate(logs)
    ]
    for attempt in all_of_them:
        if (status := attempt.wait()) != 0:
            attempt.kill()
            tally += Tally(wrong=1, examples=[f"exit status {status}: {_last(attempt.log.read_text())}"])
        tally += kills.left(attempt)
    for name in ("tiny", "wider"):
        tally += compare(snapshot(whole, name), snapshot(root, name))
    note = "; ".join(filter(None, ["on a folder without a store", small_sweeps.shorten(tally.examples)]))
    return Row("eight sweeps at once", EIGHT, **tally.counts(), seconds=time.monotonic() - start, note=note)
