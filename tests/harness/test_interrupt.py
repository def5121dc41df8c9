"""A closed terminal ends a process as Ctrl-C does, although nothing can be said there any more."""

import os
import pty
import subprocess
import sys
import textwrap

import pytest

IMPORTING = """
leave_when_interrupted()
ready()
loop()
"""
STARTING = """
with Interrupt(raises=False) as interrupt, interrupt.idle():
    ready()
    loop()
"""
COMPUTING = """
with Interrupt(raises=True):
    try:
        ready()
        loop()
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize(
    "begin", [IMPORTING, STARTING, COMPUTING], ids=["importing", "starting", "computing"]
)
def test_a_closed_terminal_ends_it_whatever_swallows_errors(begin, tmp_path):
    code = textwrap.dedent(
        """
        import contextlib, fcntl, sys, termios, time
        from pathlib import Path
        from harness.interrupt import Interrupt, leave_when_interrupted
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        def ready():
            Path(sys.argv[1]).touch()
        def loop():
            while True:
                with contextlib.suppress(Exception):
                    time.sleep(60)
        """
    )
    outside, inside = pty.openpty()
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\n{begin}", str(ready)],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    try:
        while not ready.exists():
            assert process.poll() is None
        os.close(outside)
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()
