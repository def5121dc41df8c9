"""A live driver, as far as its claims go."""

import subprocess
import sys

import pytest

HOLD = """
import sys
from pathlib import Path
from harness.tracking.claims import Claims
claims = Claims(Path(sys.argv[1]) / ".claims")
print(all(map(claims.take, sys.argv[2:])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holding():
    """Start a process that holds claims until it is communicated with."""
    started = []

    def hold(root, *names):
        command = [sys.executable, "-c", HOLD, str(root.resolve()), *names]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "True\n"
        return process

    yield hold
    for process in started:
        if process.returncode is None:
            process.communicate()
