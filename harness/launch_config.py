"""Where cells run, checked: each launcher's own keys, and what it cannot do without.

Nothing of Dask is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.checks import keys, memory, mistake, one_of, scheduler, text, whole
from harness.errors import ConfigError

LAUNCHERS = {  # the keys of each beside its name
    "local": ("workers", "memory"),
    "inline": ("workers", "memory"),
    "dask": ("address", "workers", "memory"),
    "slurm": ("workers", "memory", "walltime", "queue", "account"),
}
NEEDED = {  # with an example of each
    "dask": {"address": "tcp://10.0.0.1:8786"},
    "slurm": {"workers": "8", "memory": "4GB", "walltime": "'\"02:00:00\"'"},
}
CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "workers": whole,
    "memory": memory,
    "address": scheduler,
    "walltime": text,
    "queue": text,
    "account": text,
}


@dataclass(frozen=True)
class LaunchSettings:
    """Where cells run.

    Attributes:
        workers: None means one per core, fewer where memory is short (local), or all there are (dask).
        memory: limit of a worker process in bytes; None means this machine's memory divided by the workers
            (local), or no other limit than the workers were started with (dask).
        address: of the scheduler (dask).
        walltime, queue, account: what each job is submitted with (slurm).
        folder: where jobs leave their logs and find the certificates of the connection (slurm).
    """

    name: str
    workers: int | None = None
    memory: int | None = None
    address: str = ""
    walltime: str = ""
    queue: str | None = None
    account: str | None = None
    folder: Path = Path()


def parse_launch(tree: object, root: Path) -> LaunchSettings:
    """The checked form of the group `launch`.

    Raises:
        ConfigError: for a key that is not the launcher's, a value out of its range, or one that it needs.
    """
    stated = tree.get("name") if isinstance(tree, Mapping) else None
    launcher = one_of(stated, "launch.name", tuple(LAUNCHERS))
    given = keys(tree, "launch", ("name", *LAUNCHERS[launcher]))
    stated_keys = [key for key in LAUNCHERS[launcher] if given[key] not in (None, "auto")]
    fields = {key: CHECKS[key](given[key], f"launch.{key}") for key in stated_keys}
    if launcher == "inline" and fields.get("workers", 1) != 1:
        remedy = "for more take launch=local"
        raise mistake("launch.workers", "1 with launch=inline", fields["workers"], remedy)
    if launcher == "inline" and "memory" in fields:
        raise ConfigError(
            "launch.memory cannot be enforced with launch=inline, whose fits run in the sweep's own process; "
            "take launch=local"
        )
    for key, example in NEEDED.get(launcher, {}).items():
        if key not in fields:
            raise ConfigError(f"launch={launcher} needs launch.{key}; e.g. launch.{key}={example}")
    return LaunchSettings(launcher, folder=root / "slurm", **fields)
