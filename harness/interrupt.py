"""Ctrl-C, SIGTERM and a closed terminal: what has ended is written down, then the process ends.

A second one stops at once. A signal that was ignored before (`nohup`, a shell's background jobs) stays so.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

EXIT_STATUS = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], None]


def leave_when_interrupted() -> None:
    """From now on the signals end the process, with a word and without unwinding it.

    A sweep may be killed at any moment and continue, so there is nothing to clean up; an exception in the
    midst of an import or a destructor would be lost, or end in somebody's traceback.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        with suppress(Exception):  # it may be that very call that is interrupted
            sys.stdout.flush()
        _say_so()
        os._exit(EXIT_STATUS)

    _handle(leave)


@contextmanager
def interrupting() -> Iterator[None]:
    """Each of the signals raises KeyboardInterrupt; a second one ends the process."""
    seen: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        if seen:
            os._exit(EXIT_STATUS)
        seen.append(number)
        raise KeyboardInterrupt

    before = _handle(interrupt)
    try:
        yield
    finally:
        _put_back(before)


class Interrupt:
    """While entered, the first signal sets `requested`; outside `shielded` parts it also interrupts.

    Args:
        raises: True where the main thread computes (inline) and must be interrupted; False where it only
            waits and looks at `requested` by itself.
    """

    def __init__(self, raises: bool) -> None:
        self.requested = False
        self._raises, self._depth, self._idle = raises, 0, False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        self._before = _handle(self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _put_back(self._before)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """A part that must not be cut: a request waits for its end."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self.requested and self._raises and self._depth == 0:
            raise KeyboardInterrupt

    @contextmanager
    def idle(self) -> Iterator[None]:
        """A part in which nothing is under way that could be lost: a request ends the process."""
        self._idle = True
        try:
            yield
        finally:
            self._idle = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._idle:
            _say_so()
        if self.requested or self._idle:
            os._exit(EXIT_STATUS)
        self.requested = True
        if self._raises and self._depth == 0:
            raise KeyboardInterrupt


def _say_so() -> None:
    with suppress(OSError):  # of a terminal that was closed
        os.write(2, b"harness: interrupted\n")


def _handle(handler: Handler) -> dict[int, Any]:
    """Set a handler where signals can be handled and are not ignored; what was there before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}


def _put_back(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
