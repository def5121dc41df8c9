"""The data: whether the source of the data set is there, and whether what was prepared from it is sound."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.doctor.check import Check
from harness.wording import counted

if TYPE_CHECKING:
    from harness.config import DataSettings


def source(settings: DataSettings) -> Check:
    """Whether the source of the data set is there; nothing is read or prepared."""
    from harness.data import is_here, told  # NumPy, which the other checks do without

    about = told(settings.name)
    found = f"{settings.name}: {settings.options.get('path') or about.source}"
    if is_here(settings.name, settings.options):
        return Check("data", "ok", found)
    remedy = "correct data.path" if settings.name == "file" else about.command
    return Check("data", "bad", f"{found} is absent", remedy)


def prepared(root: Path) -> Check:
    """Whether every prepared data set is as it was written, to the last byte."""
    folders = list(_folders(root))
    damaged = [found for folder in folders if (found := _damage(folder))]
    if damaged:
        remedy = "harness doctor fix=true removes it, and the next sweep makes it anew"
        return Check("prepared", "bad", "; ".join(damaged), remedy)
    return Check("prepared", "ok", f"{counted(len(folders), 'data set')}, as written")


def remove_damaged(root: Path) -> Iterator[str]:
    """Remove the prepared data sets that are damaged; what was removed, as it happens."""
    for folder in _folders(root):
        if found := _damage(folder):
            shutil.rmtree(folder)
            yield f"removed {folder} ({found})"


def _folders(root: Path) -> Iterator[Path]:
    """Without those that are being written, or were when their writer died."""
    found = sorted((root / "cache").glob("*/"))
    return (folder for folder in found if folder.suffix != ".partial")


def _damage(folder: Path) -> str:
    from harness.data.cache import digest_of, open_cached  # NumPy, which the other checks do without
    from harness.errors import DataError

    try:
        task = open_cached(folder)
    except DataError as error:
        return str(error).partition(";")[0]
    return "" if digest_of(task) == task.digest else f"the prepared data in {folder} is not what was written"
