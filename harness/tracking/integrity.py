"""Whether a database file is whole, found out before MLflow sees it and without changing a byte of it.

SQLite's quick check reads every page, and every index of the two small tables that nothing else would miss
is compared with its table. The indexes of the large tables are not: a row that is lost with them is missed by
its digest or by its cell's count of trials. 2,000 trials take 0.02 s, 20,000 take 0.2 s.
"""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from harness.errors import StoreError

MEND = "put a copy of it back, or move it away and sweep again"
BUSY_SECONDS = 20.0
KINDS = ("sweep", "curve", "cell", "trial")

# Runs of ours, trials aside, that a reader could not find: their tag `kind` is absent from one of its indexes
# or is no word of ours, or they are filed under an experiment that is not theirs.
LOST = f"""
SELECT whole.run_uuid FROM tags AS whole NOT INDEXED
LEFT JOIN runs ON runs.run_uuid = whole.run_uuid
LEFT JOIN experiments ON experiments.experiment_id = runs.experiment_id
WHERE whole.key = 'kind' AND whole.value != 'trial'
AND EXISTS (SELECT 1 FROM tags WHERE key = 'digest' AND run_uuid = whole.run_uuid)
AND (
    whole.value NOT IN {KINDS}
    OR runs.artifact_uri IS NULL OR experiments.artifact_location IS NULL
    OR substr(runs.artifact_uri, 1, length(experiments.artifact_location) + 1)
        != experiments.artifact_location || '/'
    OR NOT EXISTS (
        SELECT 1 FROM tags AS found INDEXED BY sqlite_autoindex_tags_1
        WHERE found.key = 'kind' AND found.run_uuid = whole.run_uuid
    )
    OR NOT EXISTS (
        SELECT 1 FROM tags AS found INDEXED BY index_tags_run_uuid
        WHERE found.run_uuid = whole.run_uuid AND found.key = 'kind'
    )
)
LIMIT 1
"""
IN_TABLE = "SELECT count(*) FROM tags NOT INDEXED WHERE key = 'kind'"
IN_INDEX = "SELECT count(*) FROM tags INDEXED BY sqlite_autoindex_tags_1 WHERE key = 'kind'"


def check(file: Path) -> None:
    """Read a database file through.

    Raises:
        StoreError: in one line, what is wrong with it and how to mend that.
    """
    if fault := find_fault(file):
        raise StoreError(f"{file} {fault}")


def find_fault(file: Path) -> str:
    """What is wrong with a database file and how to mend that; empty where it is whole."""
    quiet = not _beside(file, "-shm").exists()
    fault = _fault(file)
    if fault and quiet and _beside(file, "-shm").exists():  # another driver began to write meanwhile
        fault = _fault(file)
    return fault


def _fault(file: Path) -> str:
    if file.stat().st_size == 0:  # by its size: opening the file here would drop locks that SQLite holds
        return f"is empty, no database; {MEND}"
    try:
        with _reading(file) as database:
            return _schema_fault(database, file) or _content_fault(database)
    except sqlite3.Error as error:
        return _told(error)


def _told(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "is locked by another program; end that, and the same command continues"
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_FULL", "SQLITE_IOERR")):
        return f"cannot be opened ({error}); make it and its folder readable and writable, or free space"
    if name == "SQLITE_NOTADB":
        return f"is not a database; {MEND}"
    return f"is damaged ({error}); {MEND}"


def _schema_fault(database: sqlite3.Connection, file: Path) -> str:
    """Whether the tables are those of the MLflow that is installed; it would upgrade others unasked."""
    tables = database.execute("SELECT name FROM sqlite_master WHERE name IN ('alembic_version', 'runs')")
    if len(tables.fetchall()) < 2:
        return f"is no database of MLflow or was made by half; {MEND}"
    versions = [version for (version,) in database.execute("SELECT version_num FROM alembic_version")]
    wanted, known = _revisions(versions)
    if versions == [wanted]:
        return ""
    if not known:
        return f"was made by a newer MLflow (schema {versions}); install what requirements.lock names"
    return (
        f"was made by an older MLflow, or by half (schema {versions}, not {wanted}); keep a copy of it, then "
        f"run mlflow db upgrade sqlite:///{file.resolve()}"
    )


def _revisions(versions: list[str]) -> tuple[str | None, bool]:
    """The schema of the installed MLflow, and whether it knows how to come from these."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    spec = importlib.util.find_spec("mlflow")
    assert spec is not None
    assert spec.origin is not None
    scripts = ScriptDirectory(str(Path(spec.origin).parent / "store" / "db_migrations"))
    try:
        scripts.get_revisions(versions)
    except CommandError:
        return scripts.get_current_head(), False
    return scripts.get_current_head(), True


def _content_fault(database: sqlite3.Connection) -> str:
    for question in ("quick_check(1)", "integrity_check(runs)", "integrity_check(experiments)"):
        verdict = database.execute(f"PRAGMA {question}").fetchone()[0]
        if verdict != "ok":
            return f"is damaged ({' '.join(str(verdict).split())}); {MEND}"
    if database.execute(IN_TABLE).fetchone() != database.execute(IN_INDEX).fetchone():
        return f"is damaged (an index of its tags lacks runs); {MEND}"
    if lost := database.execute(LOST).fetchone():
        return f"is damaged (run {lost[0]} is out of place); {MEND}"
    return ""


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """The database, opened so that nothing beside it is made or removed.

    A write-ahead log has an index (`-shm`) wherever somebody writes or was killed. A log without one is read
    in a copy, for SQLite would make one; without a log nobody writes, and the file is read as it is.
    """
    if _beside(file, "-shm").exists():
        yield from _connected(file, "mode=ro")
    elif _beside(file, "-wal").exists() and _beside(file, "-wal").stat().st_size:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, file.name)
            for suffix in ("", "-wal"):
                shutil.copyfile(_beside(file, suffix), _beside(copy, suffix))
            yield from _connected(copy, "mode=ro")
    else:
        yield from _connected(file, "immutable=1")


def _connected(file: Path, how: str) -> Iterator[sqlite3.Connection]:
    address = f"{file.resolve().as_uri()}?{how}"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as database:
        database.execute("PRAGMA cell_size_check = ON")
        yield database
