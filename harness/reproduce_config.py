"""What `reproduce` is given: a run, where its records are, and whose code may run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.checks import keys, mistake, one_of
from harness.config import FORMATS, modules, tracking


@dataclass(frozen=True)
class ReproduceConfig:
    """The checked form of `conf/reproduce.yaml`; only the modules named here count as trusted."""

    run_id: str
    root: Path
    uri: str | None
    trusted_modules: tuple[str, ...]
    format: str


def parse_reproduce(tree: Mapping[str, Any], source: str = "") -> ReproduceConfig:
    """The checked form of a resolved tree.

    Raises:
        ConfigError: for the first key that is unknown or missing, or value of a wrong type or form.
    """
    keys(tree, "", ("run_id", "tracking", "trusted_modules", "format"))
    run_id = tree["run_id"]
    if not isinstance(run_id, str) or not re.fullmatch(r"[\w-]{1,64}", run_id):
        remedy = "harness reproduce RUN_ID; cells.csv and harness ui have them"
        raise mistake("run_id", "the id of a trial's, a cell's or a sweep's run", run_id, remedy)
    root, uri = tracking(tree["tracking"])
    trusted = modules(tree["trusted_modules"])
    return ReproduceConfig(run_id, root, uri, trusted, one_of(tree["format"], "format", FORMATS))
