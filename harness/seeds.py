"""A seed is a hash of what it is for: what is shared shares its axes, what must differ differs in one."""

from __future__ import annotations

import hashlib
import json


def seed_for(purpose: str, **axes: str | int) -> int:
    """The seed for a purpose and its named axes: the first 4 bytes of a SHA-256, in [0, 2**32).

    The order of the axes does not matter, their names and types do, and the value is the same in every
    process, on every machine. A seed that is not told the family is the same for every family.

    >>> seed_for("subset", seed=0, repeat=3) == seed_for("subset", repeat=3, seed=0)
    True
    >>> seed_for("subset", seed=0, repeat=3)
    1453304168
    """
    text = json.dumps([purpose, sorted(axes.items())])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
