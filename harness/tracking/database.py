"""The local store's database, looked at by SQLite alone: without MLflow, and without a changed byte.

MLflow would make what is missing, upgrade what is old, take seconds to import, and say little about what is
amiss.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

WAIT_SECONDS = 20  # for another program's lock
TABLES = {"experiments", "runs", "tags"}
OUT_OF_REACH = ("BUSY", "LOCKED", "CANTOPEN", "READONLY", "PERM", "FULL", "IOERR")
OWN = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database
# Not `.recover`: Debian's sqlite3 has it, but lacks what it needs.
SALVAGE = "sqlite3 {} .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 saved.db"


@dataclass(frozen=True)
class Fault:
    """Why a database cannot be used: what it is, and what was seen."""

    kind: Literal[
        "empty", "emptied", "unreadable", "damaged", "half-created", "half-migrated", "older", "newer"
    ]
    seen: str

    def remedy(self, file: Path) -> str:
        """What a person can do; a database with records in it is never mended by the harness."""
        away = moving(file)
        upgrade = (
            f"copy {file}* first, then: mlflow db upgrade sqlite:///{file.resolve()}; "
            f"if that fails, {away}, and put back a copy from before the migration"
        )
        return {
            "empty": "harness doctor fix=true removes it, and the next sweep makes a new one",
            "emptied": f"{away}, and put a copy from before in its place; the log has what the copy may lack",
            "unreadable": "end the program that holds it, or make it and its folder readable and writable",
            "half-created": f"where nothing of yours is in it, {away}",
            "newer": "install the MLflow that made it, or a newer one",
            "older": upgrade,
            "half-migrated": upgrade,
            "damaged": (
                f"stop what uses it, and find a copy from before or save what can be read "
                f"({SALVAGE.format(file.name)}); then {away}, and put the copy or saved.db in its place; "
                "the same sweep command runs again what is missing"
            ),
        }[self.kind]


def beside(file: Path, suffix: str) -> Path:
    """SQLite's own files beside a database: `-wal`, its write-ahead log, and `-shm`, the log's index."""
    return file.with_name(file.name + suffix)


def has_log(file: Path) -> bool:
    """True where a write-ahead log with something in it lies beside a database."""
    log = beside(file, "-wal")
    return log.exists() and log.stat().st_size > 0


def moving(file: Path) -> str:
    """How a person moves a database away, its log with it, which SQLite would play into the next one.

    >>> moving(Path("mlruns/mlflow.db"))
    'move mlflow.db* away (in its folder: mkdir old && mv mlflow.db* old)'
    """
    return f"move {file.name}* away (in its folder: mkdir old && mv {file.name}* old)"


def orphans(file: Path) -> list[Path]:
    """SQLite's files of a database that is gone: beside a new one, SQLite would play the old log into it.

    They stay where a driver was killed and the database alone was then moved away.
    """
    if file.exists():
        return []
    return [at for at in (beside(file, suffix) for suffix in OWN) if at.exists()]


def set_aside(orphan: Path) -> None:
    """Rename it to `.old`, or `.old2` and so on: it may hold records that its database lacks."""
    names = (orphan.with_name(f"{orphan.name}.old{number or ''}") for number in (0, *range(2, 10_000)))
    orphan.rename(next(name for name in names if not name.exists()))


@contextmanager
def unchanged(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads, and neither makes nor removes a file.

    A log has an index wherever somebody writes or was killed. A log without one is read in a copy, for SQLite
    would make one; without a log nobody writes, and SQLite is told so.

    Raises:
        sqlite3.Error: where it cannot be opened.
    """
    if beside(file, "-shm").exists() or not is_wal(file):
        yield from _connected(file, "mode=ro")
    elif has_log(file):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, file.name)
            for suffix in ("", "-wal"):
                shutil.copyfile(beside(file, suffix), beside(copy, suffix))
            yield from _connected(copy, "mode=ro")
    else:
        yield from _connected(file, "immutable=1")


def _connected(file: Path, how: str) -> Iterator[sqlite3.Connection]:
    address = f"{file.resolve().as_uri()}?{how}"
    with closing(sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA cell_size_check = ON")
        yield connection


def is_wal(file: Path) -> bool:
    """True for a database that keeps a write-ahead log.

    The header is read only where no index shows that somebody has it open: that may be this process, and
    closing any handle of a file ends all locks that the process has on it, SQLite's too.
    """
    if beside(file, "-shm").exists():
        return True
    with file.open("rb") as opened:
        return opened.read(20)[18:] == b"\x02\x02"


def fault(file: Path, examine: Callable[[sqlite3.Connection], str]) -> Fault | None:
    """What is wrong with a database that is there; None where MLflow can use it.

    Args:
        file: the database's.
        examine: looks at its content, and says what is damaged, if anything.
    """
    if file.stat().st_size == 0:  # by its size: opening the file here would drop locks that SQLite holds
        if has_log(file):  # which SQLite deletes at the first look
            return Fault("emptied", "it has no bytes, but a log of records beside it")
        return Fault("empty", "it has no bytes")
    quiet = not beside(file, "-shm").exists()
    found = _looked_at(file, examine)
    if found and quiet and beside(file, "-shm").exists():  # somebody began to write while it was read
        found = _looked_at(file, examine)
    return found


def _looked_at(file: Path, examine: Callable[[sqlite3.Connection], str]) -> Fault | None:
    try:
        with unchanged(file) as connection:
            if found := _made_otherwise(connection):
                return found
            seen = examine(connection)
            return Fault("damaged", seen) if seen else None
    except OSError as error:
        return Fault("unreadable", error.strerror or str(error))
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
        said = " ".join(str(error).split())
        return Fault("unreadable" if name.startswith(OUT_OF_REACH) else "damaged", said)


def _made_otherwise(connection: sqlite3.Connection) -> Fault | None:
    """Whether its tables are those of the installed MLflow, by the revision that they carry."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if lacking := sorted({*TABLES, "alembic_version"} - tables):
        return Fault("half-created", f"it lacks the tables {', '.join(lacking)}")
    revisions = [name for (name,) in connection.execute("SELECT version_num FROM alembic_version")]
    if len(revisions) != 1:
        return Fault("half-created", f"it carries {len(revisions) or 'no'} revisions")
    if left := sorted(name for name in tables if name.startswith("_alembic_tmp_")):
        return Fault("half-migrated", f"a migration left {left[0]}")
    known, newest = mlflow_revisions()
    if not known or revisions[0] in newest:
        return None
    return Fault("older" if revisions[0] in known else "newer", f"its revision is {revisions[0]}")


def mlflow_revisions() -> tuple[set[str], set[str]]:
    """Every revision of a database that the installed MLflow knows, and the newest; empty where not found.

    Read from the text of its migration scripts, which name the revision each makes and the one it follows:
    MLflow has no public function for it, and importing them takes seconds.
    """
    spec = importlib.util.find_spec("mlflow")
    folders = [
        Path(at) / "store/db_migrations/versions" for at in (spec and spec.submodule_search_locations) or ()
    ]
    texts = [file.read_text(encoding="utf-8") for folder in folders for file in folder.glob("*.py")]
    made = {name for text in texts for name in re.findall(r"^revision\b.*?= *[\"'](\w+)", text, re.MULTILINE)}
    lines = [line for text in texts for line in re.findall(r"^down_revision\b.*?=(.*)", text, re.MULTILINE)]
    return made, made - {name for line in lines for name in re.findall(r"\w+", line)}


def turn_wal_on(file: Path) -> None:
    """Have it keep a write-ahead log: recording is five times faster, and reading goes on meanwhile.

    Raises:
        sqlite3.Error: where another program holds it.
    """
    with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
