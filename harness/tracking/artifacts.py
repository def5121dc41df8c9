"""An artifact is a file of a run; it is read where it is what was recorded and lies in the store's folder."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlflow.exceptions import MlflowException

from harness.errors import DamageError, StoreError
from harness.secrets import hide
from harness.tracking import digests
from harness.tracking.store import Store


def verified(store: Store, run_id: str, place: str, files: str, name: str) -> Path:
    """A local path of a run's artifact, whose content is what was recorded.

    `place` is the run's `artifact_uri`, `files` its tag of that name. A copy of a server's file is removed
    when this process ends.

    Raises:
        DamageError: where it is absent, changed, or not among the recorded ones.
        StoreError: where it cannot be read, or lies outside the store.
    """
    try:
        path = _downloaded(store, run_id, name) if store.is_remote else _local(store, place, name)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise _absence(store)(
            f"run {run_id} of {store.label} lacks its artifact {name}; {digests.remedy(run_id)}"
        ) from error
    except (MlflowException, OSError) as error:
        raise StoreError(
            f"the artifact {name} of run {run_id} in {store.label} cannot be read "
            f"({hide(str(error))}); make it readable, or {digests.remedy(run_id)}"
        ) from error
    if digests.of_files({name: content}) not in files.split():
        raise DamageError(
            f"the artifact {name} of run {run_id} in {store.label} is not what was recorded; "
            f"{digests.remedy(run_id)}"
        )
    return path


def _downloaded(store: Store, run_id: str, name: str) -> Path:
    """A copy of a server's file, kept to the end of this process; another read of it takes its place."""
    folder = _downloads() / hashlib.sha256(run_id.encode()).hexdigest()  # an id of a server's names no path
    folder.mkdir(parents=True, exist_ok=True)
    return Path(store.client.download_artifacts(run_id, name, str(folder)))


@cache
def _downloads() -> Path:
    folder = tempfile.mkdtemp(prefix="harness-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _absence(store: Store) -> type[StoreError]:
    """Where the whole folder is absent, it was moved or is not mounted: no run is damaged by that."""
    return DamageError if store.is_remote or (store.root / "artifacts").is_dir() else StoreError


def _local(store: Store, place: str, name: str) -> Path:
    """The file itself, every link followed; what a database names is no reason to leave the folder."""
    folder = (store.root / "artifacts").resolve()
    address = urlsplit(place)
    path = Path(unquote(address.path), name).resolve()
    if address.scheme != "file" or address.netloc or not path.is_relative_to(folder):
        raise StoreError(
            f"{store.label} names {place}/{name}, which is outside {folder}; move the records back to "
            "where they were made, or put a copy of the database back (mlflow.db* moved away before)"
        )
    return path
