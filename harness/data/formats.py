"""The format of a file is told by the end of its name; what ends in nothing known is a CSV."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DataError
from .columnar import open_arrow, open_npz, open_parquet
from .csv_file import open_csv
from .table import Table
from .unread import refuse_unread

FORMATS = {
    ".parquet": open_parquet,
    ".pq": open_parquet,
    ".arrow": open_arrow,
    ".arrows": open_arrow,
    ".feather": open_arrow,
    ".ipc": open_arrow,
    ".npz": open_npz,
}


def open_table(path: Path, option: str) -> Table:
    """The table of a file, which the configuration names by that option.

    Raises:
        DataError: there is no such file, or it is damaged, unsuited or of a format that is not read.
    """
    if not os.path.isfile(path):  # which is False where one may not even look
        found = "is a folder, a pipe or a device" if os.path.lexists(path) else "does not exist"
        raise DataError(
            f"{option}: there is no file {str(path)!r} (it {found}, seen from {Path.cwd()}); mend {option}"
        )
    refuse_unread(path)
    return FORMATS.get(path.suffix.lower(), open_csv)(path)
