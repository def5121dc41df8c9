"""Whether a database is whole, found out before MLflow sees it.

SQLite's quick check reads every page, and every index of the two small tables that nothing else would miss
is compared with its table. The indexes of the large tables are not: a row that is lost with them is missed by
its digest or by its cell's count of trials. 2,000 trials take 0.02 s, 20,000 take 0.2 s.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from harness.errors import StoreError
from harness.tracking.database import Fault, fault

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
    if found := fault(file, content):
        raise StoreError(f"{file} is {found.kind} ({found.seen}); {found.remedy(file)}")


def thorough(file: Path) -> Fault | None:
    """What is wrong with a database file, every index compared with its table: eight times slower."""
    return fault(file, lambda database: _verdict(database, "integrity_check(1)") or content(database))


def content(database: sqlite3.Connection) -> str:
    """What is damaged in a database; nothing where it is whole."""
    for question in ("quick_check(1)", "integrity_check(runs)", "integrity_check(experiments)"):
        if said := _verdict(database, question):
            return said
    if database.execute(IN_TABLE).fetchone() != database.execute(IN_INDEX).fetchone():
        return "an index of its tags lacks runs"
    if lost := database.execute(LOST).fetchone():
        return f"run {lost[0]} is out of place"
    return ""


def _verdict(database: sqlite3.Connection, question: str) -> str:
    said = " ".join(str(database.execute(f"PRAGMA {question}").fetchone()[0]).split())
    return "" if said == "ok" else said
