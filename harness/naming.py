"""What a sweep is called where nobody named it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.secrets import hide

PACKED = (".gz", ".zip")
COURSE = "course"  # the folder of the course's page


def plain_name(path: Path) -> str:
    """The name of a file without what tells its format.

    >>> plain_name(Path("data/churn.csv.gz")), plain_name(Path("churn.2024.parquet"))
    ('churn', 'churn.2024')
    """
    if path.suffix.lower() in PACKED:
        path = path.with_suffix("")
        return path.stem if path.suffix.lower() == ".csv" else path.name
    return path.stem


def default_name(data: Mapping[str, Any]) -> str:
    """The name of a data set, and for a table of one's own that of its file, fit to name a folder.

    >>> default_name({"name": "digits"}), default_name({"name": "file", "path": "data/churn 2024.csv.gz"})
    ('digits', 'churn-2024')
    >>> [default_name({"name": "file", "path": path}) for path in ("a=b,2024.csv", "über.csv", "course.csv")]
    ['a-b-2024', 'ber', 'file']
    >>> default_name({"name": "openml", "dataset": 61})
    'openml-61'
    """
    name, found = str(data["name"]), ""
    if name == "file" and data.get("path"):
        found = plain_name(Path(str(data["path"])))
    elif name == "openml" and data.get("dataset"):
        found = f"openml-{data['dataset']}"
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", hide(found)).strip(".-")[:50]
    return name if plain in ("", COURSE) else plain
