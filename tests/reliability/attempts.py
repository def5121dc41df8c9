"""An attempt is one sweep in a process of its own, forked from a parent that has imported everything.

The parent has opened nothing and has one thread, so the child is as one freshly started, 4 s cheaper.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

NEEDED = (
    *("harness.cli", "harness.sweep", "harness.launch.driver", "harness.launch.inline"),
    *("harness.plots", "harness.report.page", "harness.tracking.sweeps", "models"),
    *("hydra", "sklearn.linear_model", "sklearn.svm", "matplotlib.pyplot"),
)
ATTEMPT_SECONDS = 180.0  # past this an attempt hangs
END_SECONDS = 10.0  # within which the processes that a killed sweep leaves must be gone


def prepare() -> None:
    """Import what sweeps import.

    Raises:
        RuntimeError: where that started a thread, which a fork would lose.
    """
    for name in NEEDED:
        importlib.import_module(name)
    if threading.active_count() > 1:
        raise RuntimeError(f"importing started threads: {threading.enumerate()}")


@dataclass
class Attempt:
    """A forked child, the leader of its own session."""

    pid: int
    log: Path
    status: int | None = None

    def poll(self) -> int | None:
        """Its exit status, as of `subprocess`: negative where a signal ended it; None while it runs."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status

    def wait(self, seconds: float = ATTEMPT_SECONDS) -> int | None:
        """Its exit status, or None where it runs on past so many seconds."""
        end = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        return self.status

    def kill(self) -> None:
        """End it as `kill -9` does, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def left(self, seconds: float = END_SECONDS) -> list[str]:
        """The processes of its session that are still there after so many seconds, which are then ended."""
        end = time.monotonic() + seconds
        while (alive := session(self.pid)) and time.monotonic() < end:
            time.sleep(0.05)
        for process in alive:
            process.kill()
        return [f"process {' '.join(_words(process))[:80]}" for process in alive]


def start(work: Callable[[], int], log: Path) -> Attempt:
    """Fork a child that does the work, its output in the log, and exits with what the work returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Attempt(pid, log)
    status = 99
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout, sys.stderr = (open(handle, "w", closefd=False) for handle in (1, 2))  # noqa: SIM115
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def sweep(overrides: Iterable[str]) -> Callable[[], int]:
    """The command line's work, as `harness sweep` does it."""
    from harness import cli, interrupt

    words = ["sweep", *overrides]

    def work() -> int:
        interrupt.leave_when_interrupted()  # as `harness.__main__` begins
        return cli.main(words)

    return work


def session(leader: int) -> list[psutil.Process]:
    """The living processes of a session."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getsid(process.pid) == leader and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def workers(leader: int) -> list[psutil.Process]:
    """The worker processes of a running sweep, also those that are still starting."""
    return [each for each in session(leader) if any("spawn_main" in word for word in _words(each))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
