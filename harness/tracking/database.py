"""The local store's database, looked at by SQLite alone: without MLflow, and without a changed byte.

MLflow would make what is missing, take seconds to import, and say little about what is amiss.
"""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

WAIT_SECONDS = 5  # for another program's lock
TABLES = {"experiments", "runs", "tags"}


@dataclass(frozen=True)
class Fault:
    """Why a database cannot be used: what it is, and what was seen."""

    kind: Literal["empty", "unreadable", "damaged", "half-created", "half-migrated", "older", "newer"]
    seen: str


@contextmanager
def unchanged(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads and leaves no file behind.

    Where a database in WAL mode has no journal beside it, nobody has it open, and SQLite is told so: else it
    would leave an empty journal and its index. Where it has one, that index alone may be written anew.

    Raises:
        sqlite3.Error: where it cannot be opened.
    """
    alone = not journal(file).exists() and is_wal(file)
    with closing(_opened(file, "immutable=1" if alone else "mode=ro")) as connection:
        yield connection


def is_wal(file: Path) -> bool:
    """True for a database that keeps a write-ahead journal.

    The header is read only where no journal shows that somebody has it open: that may be this process, and
    closing any handle of a file ends all locks that the process has on it, SQLite's too.
    """
    if journal(file).exists():
        with closing(_opened(file, "mode=ro")) as connection:
            return bool(connection.execute("PRAGMA journal_mode").fetchone() == ("wal",))
    with file.open("rb") as opened:
        return opened.read(20)[18:] == b"\x02\x02"


def _opened(file: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, timeout=WAIT_SECONDS)


def journal(file: Path) -> Path:
    """The write-ahead journal beside a database; it is there while somebody has the database open."""
    return file.with_name(f"{file.name}-wal")


def fault(file: Path) -> Fault | None:
    """What is wrong with a database that is there; None where MLflow can use it."""
    if file.stat().st_size == 0:
        return Fault("empty", "it has no bytes")
    found = _looked_at(file)
    if found is not None and found.kind == "damaged" and journal(file).exists():
        return _looked_at(file)  # somebody may have opened it, and written, while it was read as nobody's
    return found


def _looked_at(file: Path) -> Fault | None:
    try:
        with unchanged(file) as connection:
            ((verdict,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if verdict != "ok":
                return Fault("damaged", " ".join(str(verdict).split()))
            return _made_otherwise(connection)
    except (sqlite3.OperationalError, OSError) as error:  # locked, out of reach, a disk's error
        return Fault("unreadable", " ".join(str(error).split()))
    except sqlite3.Error as error:
        return Fault("damaged", " ".join(str(error).split()))


def _made_otherwise(connection: sqlite3.Connection) -> Fault | None:
    """Whether its tables are those of the installed MLflow, by the revision that they carry."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= {*TABLES, "alembic_version"}:
        lacking = sorted({*TABLES, "alembic_version"} - tables)
        return Fault("half-created", f"it lacks the tables {', '.join(lacking)}")
    revisions = [name for (name,) in connection.execute("SELECT version_num FROM alembic_version")]
    if len(revisions) != 1:
        return Fault(
            "half-created", "it carries no revision" if not revisions else "it carries several revisions"
        )
    if left := sorted(name for name in tables if name.startswith("_alembic_tmp_")):
        return Fault("half-migrated", f"a migration left {left[0]}")
    known, newest = mlflow_revisions()
    if not known or revisions[0] in newest:
        return None
    kind: Literal["older", "newer"] = "older" if revisions[0] in known else "newer"
    return Fault(kind, f"its revision is {revisions[0]}")


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
    """Have it keep a write-ahead journal: recording is five times faster, and reading goes on meanwhile.

    Raises:
        sqlite3.Error: where another program holds it.
    """
    with closing(sqlite3.connect(file, timeout=WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
