"""The store is one SQLite database and one artifact folder below `tracking.root`, or a remote MLflow server.

Making the database takes seconds and is not safe to interrupt, so it is made once, under a claim, in a
temporary file that is then renamed.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from harness.errors import StoreError
from harness.tracking.claims import Claims

BUSY_SECONDS = 60  # how long a writer waits for another driver's transaction


@dataclass(frozen=True)
class Store:
    """An open store: MLflow's client, this process's claims, and where things are."""

    client: MlflowClient
    claims: Claims
    root: Path
    uri: str

    @property
    def label(self) -> str:
        """The store's address, as a person may see it."""
        return shown(self.uri)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what MLflow or the disk refuses into one line that names the store.

        Raises:
            StoreError: for an MlflowException or OSError within.
        """
        try:
            yield
        except (MlflowException, OSError) as error:
            reason = str(error).splitlines()[0][:200]
            raise StoreError(
                f"the records at {self.label} cannot be written ({reason}); mend that, "
                "and the same command continues"
            ) from error

    def experiment(self, name: str) -> str:
        """The id of the experiment of a data set, made where it is absent."""
        found = self.client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        if found is not None:
            return str(found.experiment_id)
        artifacts = None if self.is_remote else (self.root / "artifacts" / name).resolve().as_uri()
        try:
            return str(self.client.create_experiment(name, artifact_location=artifacts))
        except MlflowException:  # another driver made it in between
            found = self.client.get_experiment_by_name(name)
            if found is None:
                raise
            return str(found.experiment_id)

    @property
    def is_remote(self) -> bool:
        """True where runs go to a server rather than into `tracking.root`."""
        return not self.uri.startswith("sqlite:")


def database(root: Path) -> Path:
    """The local store's database file."""
    return root / "mlflow.db"


def exists(root: Path, uri: str | None) -> bool:
    """True where there are records to read."""
    return uri is not None or database(root).exists()


def open_store(root: Path, uri: str | None = None) -> Store:
    """Open the store, making the local one where it is absent.

    Args:
        root: `tracking.root`; locks, reports and the cache live here whatever the store.
        uri: an MLflow tracking address, or None for the SQLite store below `root`.

    Raises:
        StoreError: naming the path or address that cannot be used.
    """
    check_root(root, uri)
    try:
        claims = Claims(root.resolve() / ".claims")
        if uri is None:
            file = database(root)
            with claims.holding("create the store"):
                if not file.exists():
                    _create(file)
            uri = f"sqlite:///{file.resolve()}?timeout={BUSY_SECONDS}"
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"cannot write the records below {root} ({error}); make it writable, free space, "
            "or choose another folder with tracking.root"
        ) from error
    return Store(_connected(uri), claims, root, uri)


def check_root(root: Path, uri: str | None) -> None:
    """Refuse a folder whose name the address of a local store cannot hold.

    Raises:
        StoreError: naming the characters.
    """
    strange = sorted(set("%?#") & set(str(root.resolve())))
    if uri is None and strange:
        raise StoreError(
            f"the records' folder {root.resolve()} holds {' '.join(strange)}, which the address of a "
            "database cannot; choose another with tracking.root"
        )


def _create(file: Path) -> None:
    for stale in file.parent.glob(f".{file.name}.*"):  # of a process that was killed in here
        stale.unlink()
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    MlflowClient(f"sqlite:///{temporary.resolve()}").search_experiments()
    with sqlite3.connect(temporary) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # kept in the file; five times faster recording
    connection.close()
    os.replace(temporary, file)


def _connected(uri: str) -> MlflowClient:
    """A client that has read something: a store that cannot be read is told here, not in mid-sweep."""
    try:
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
    except Exception as error:
        reason = str(error).splitlines()[0][:200]
        raise StoreError(
            f"cannot read the records at {shown(uri)} ({reason}); run harness doctor, "
            "or choose another place with tracking.root or tracking.uri"
        ) from error
    return client


def shown(uri: str) -> str:
    """A store's address as a person may see it: no credentials, no query.

    >>> shown("https://me:secret@example.org/x?token=1")
    'https://***@example.org/x'
    """
    return re.sub(r"//[^/@]*@", "//***@", uri.partition("?")[0])
