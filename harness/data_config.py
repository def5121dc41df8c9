"""What `data` is given: the data set to describe, if one is chosen, and where the records are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.checks import keys
from harness.config import DataSettings, data_settings, tracking


@dataclass(frozen=True)
class DataConfig:
    """The checked form of `conf/data.yaml`; without a data set, all are listed."""

    root: Path
    data: DataSettings | None


def parse_data(tree: Mapping[str, Any], source: str = "") -> DataConfig:
    """The checked form of a resolved tree.

    Raises:
        ConfigError: for the first key that is unknown or missing, or value of a wrong type or form.
    """
    keys(tree, "", ("tracking",), optional=["data"])
    root, _ = tracking(tree["tracking"])
    return DataConfig(root, data_settings(tree["data"]) if "data" in tree else None)
