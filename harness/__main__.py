"""`python -m harness`: the same as the command `harness`."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # Python puts the working directory first, where a user's own models/ would stand in for ours.
    if sys.path[0] in ("", os.getcwd()):
        sys.path.append(sys.path.pop(0))
    from harness.cli import main

    sys.exit(main())
