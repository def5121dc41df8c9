"""A test that waits names what it waits for, and fails where that does not come."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], seconds: float = 300) -> None:
    """Look until it is true; a crowded machine may take its time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
