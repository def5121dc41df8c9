"""Ctrl-C, SIGTERM and a closed terminal, turned into a request: finish writing, then stop.

A second one stops at once. A signal that was ignored before (`nohup`, a shell's background jobs) stays so.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

EXIT_STATUS = 130


class Interrupt:
    """While entered, the first signal sets `requested`; outside `shielded` parts it also interrupts.

    Args:
        raises: True where the main thread computes (inline) and must be interrupted; False where it only
            waits and looks at `requested` by itself.
    """

    def __init__(self, raises: bool) -> None:
        self.requested = False
        self._raises, self._depth = raises, 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupt:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

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

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            os._exit(EXIT_STATUS)
        self.requested = True
        if self._raises and self._depth == 0:
            raise KeyboardInterrupt
