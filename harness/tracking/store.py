"""The store is one SQLite database and one artifact folder below `tracking.root`, or a remote MLflow server.

Making the database takes seconds and is not safe to interrupt, so it is made once, under a claim, in a
temporary file that is then renamed, and the log of one that is gone is set aside. One that is there is read
through before MLflow sees it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import DBAPIError, SQLAlchemyError  # MLflow's own store stands on it

from harness.errors import StoreError
from harness.secrets import hide
from harness.tracking import integrity
from harness.tracking.claims import Claims
from harness.tracking.database import orphans, set_aside
from harness.tracking.outage import reason_of, shown
from harness.tracking.patience import Patient
from harness.tracking.tables import BUSY_SECONDS, Tables, opened

LONGEST_NAME = 150  # bytes of a folder's name


@dataclass(frozen=True)
class Store:
    """An open store: MLflow's client, this process's claims, and where things are.

    Attributes:
        tables: the database itself, of a local store whose tables are known.
    """

    client: MlflowClient
    claims: Claims
    root: Path
    uri: str
    tables: Tables | None = None

    @property
    def label(self) -> str:
        """The store's address, as a person may see it."""
        return shown(self.uri)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what MLflow or the disk refuses into one line that names the store.

        Raises:
            StoreError: for an error of MLflow, its database or the disk within.
        """
        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise StoreError(
                f"the records at {self.label} cannot be written or read ({hide(_reason(error))}); what is "
                "recorded is kept: mend that, and the same command continues"
            ) from error

    def experiment(self, name: str) -> str:
        """The id of the experiment of a data set, made where it is absent."""
        with self.told():
            return self._experiment(name)

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        if found is not None:
            return str(found.experiment_id)
        artifacts = None if self.is_remote else _folder(self.root, name).as_uri()
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
        return is_remote(self.uri)


def is_remote(uri: str) -> bool:
    """True for the address of a server."""
    return not uri.startswith("sqlite:")


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
            _check(file)
            uri = f"sqlite:///{file.resolve()}?timeout={BUSY_SECONDS}"
    except (OSError, sqlite3.Error, MlflowException, SQLAlchemyError) as error:
        raise StoreError(
            f"cannot write the records below {root} ({hide(_reason(error))}); make it writable, free space, "
            "or choose another folder with tracking.root"
        ) from error
    client, own = _connected(uri)
    if is_remote(uri):
        return Store(cast(MlflowClient, Patient(client, uri, claims.identity)), claims, root, uri)
    return Store(client, claims, root, uri, own)


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
    with closing(sqlite3.connect(temporary)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # kept in the file; five times faster recording
    for orphan in orphans(file):
        set_aside(orphan)
    os.replace(temporary, file)


def _check(file: Path) -> None:
    """A database that is whole and can be written; only then a killed driver's last writes are recovered."""
    integrity.check(file)
    if not os.access(file, os.W_OK):
        raise PermissionError(f"{file} is read-only")
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:  # MLflow would try for 100 s
        connection.execute("SELECT count(*) FROM alembic_version").fetchall()


def _folder(root: Path, name: str) -> Path:
    """Where the artifacts of a data set go: below `artifacts/`, whatever the data set is called."""
    if not re.fullmatch(r"\w[\w.=,+-]*", name) or len(name.encode()) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:12]
        name = re.sub(r"[^\w=,+-]+", "_", name, flags=re.ASCII)[:80] + "-" + digest
    return (root / "artifacts").resolve() / name


def _connected(uri: str) -> tuple[MlflowClient, Tables | None]:
    """A client that has read something: a store that cannot be read is told here, not in mid-sweep."""
    try:
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
        return client, None if is_remote(uri) else opened(uri)
    except Exception as error:
        said = reason_of(error, uri) if is_remote(uri) else hide(_reason(error))
        raise StoreError(
            f"cannot read the records at {shown(uri)} ({said}); run harness doctor, "
            "or choose another place with tracking.root or tracking.uri"
        ) from (None if is_remote(uri) else error)  # a cause may hold the credentials


def _reason(error: BaseException) -> str:
    """What the database or the disk itself said, with the path it is about where it names one."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return str(error.orig)
    if isinstance(error, OSError) and error.strerror and (path := error.filename2 or error.filename):
        return f"{error.strerror}: {path}"
    if isinstance(error.__cause__, DBAPIError):
        return _reason(error.__cause__)
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
