"""`python -m harness`, and the command `harness`: Ctrl-C ends it quietly from the first moment on."""

from __future__ import annotations

import os
import signal
import sys


def main() -> int:
    """Import the command line and run it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # `harness.interrupt` takes over
    from harness import cli

    return cli.main()


if __name__ == "__main__":
    # Python puts the working directory first, where a user's own models/ would stand in for ours.
    if sys.path[0] in ("", os.getcwd()):
        sys.path.append(sys.path.pop(0))
    sys.exit(main())
