"""`python -m harness`, and the command `harness`."""

from __future__ import annotations

import gc
import os
import sys

from harness.interrupt import leave_when_interrupted

OBJECTS = 10_000  # made between two looks for garbage; at 700, Python's own, a quarter of the imports' time


def main() -> int:
    """Import the command line and run it."""
    leave_when_interrupted()
    gc.set_threshold(OBJECTS)
    from harness import cli

    return cli.main()


if __name__ == "__main__":
    # Python puts the working directory first, where a user's own models/ would stand in for ours.
    if sys.path[0] in ("", os.getcwd()):
        sys.path.append(sys.path.pop(0))
    sys.exit(main())
