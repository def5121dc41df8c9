"""The local store's tables, known by the revision that MLflow gave them, and read at one moment.

Through MLflow's client a run takes a millisecond to read. What is read here is what the client reads, which
tests compare for the revisions in `KNOWN`; tables of others, and servers, are the client's alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from sys import intern
from typing import Any

from mlflow.entities import LifecycleStage, Metric, Param, Run, RunData, RunInfo, RunTag
from mlflow.store.tracking.dbmodels import models
from sqlalchemy import Connection, Engine, Select, Table, create_engine, exists, select

KNOWN = ("dc11669786a5",)  # of MLflow 3.17
BUSY_SECONDS = 60  # how long a writer waits for another driver's transaction
AT_ONCE = 500  # runs whose tags, metrics and parameters are asked for together; SQLite takes 999 values

EXPERIMENTS: Table = models.SqlExperiment.__table__
RUNS: Table = models.SqlRun.__table__
TAGS: Table = models.SqlTag.__table__
PARAMS: Table = models.SqlParam.__table__
METRICS: Table = models.SqlMetric.__table__
LATEST: Table = models.SqlLatestMetric.__table__
DATASETS: Table = models.SqlDataset.__table__
INPUTS: Table = models.SqlInput.__table__

AT_ROW = "SELECT run_uuid FROM runs WHERE rowid = ?"
NEWEST = "SELECT rowid, run_uuid FROM runs ORDER BY rowid DESC LIMIT 1"
# CROSS JOIN keeps SQLite to this order, and so from reading the tags of all runs.
CELLS_AFTER = """
SELECT cell.value, runs.run_uuid FROM runs CROSS JOIN tags AS kind CROSS JOIN tags AS cell
WHERE runs.rowid > ? AND kind.run_uuid = runs.run_uuid AND kind.key = 'kind' AND kind.value = 'cell'
AND cell.run_uuid = runs.run_uuid AND cell.key = 'cell'
"""


class Tables:
    """The tables of one database, whose revision is known; writing.py writes them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def find(self, experiments: Iterable[str], status: str, tags: Mapping[str, str]) -> Iterator[Run]:
        """As `finding.find`; of the tags the first should be the one that fewest runs have."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")  # one moment for all that is read
            found = connection.execute(_chosen(experiments, status, tags)).mappings().all()
            for first in range(0, len(found), AT_ONCE):
                yield from _whole(connection, found[first : first + AT_ONCE])


class CellRuns:
    """Where each cell's runs are: the first look is at all runs of the database, later ones at the new.

    New are the rows after the newest of the last look, as SQLite numbers them, where that one is still there;
    else, as after `mlflow gc`, all are looked at anew.
    """

    def __init__(self, tables: Tables, experiment: str) -> None:
        self._engine, self._experiment = tables.engine, experiment
        self._newest: tuple[int, str] = (0, "")
        self._ids: dict[str, list[str]] = defaultdict(list)

    def of(self, key: str) -> list[Run]:
        """The active runs of a cell, oldest first."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            self._look(connection)
            own = _active([self._experiment]).where(RUNS.c.run_uuid.in_(self._ids[key]))
            return list(_whole(connection, connection.execute(own).mappings().all()))

    def _look(self, connection: Connection) -> None:
        row, run_id = self._newest
        if connection.exec_driver_sql(AT_ROW, (row,)).scalar() != run_id:
            self._ids.clear()
            row = 0
        for cell, found in connection.exec_driver_sql(CELLS_AFTER, (row,)):
            self._ids[cell].append(found)
        if newest := connection.exec_driver_sql(NEWEST).first():
            self._newest = (newest[0], newest[1])


@cache
def opened(uri: str) -> Tables | None:
    """The tables at an SQLite address, which is kept open; None where they are of an unknown revision."""
    engine = create_engine(uri, connect_args={"timeout": BUSY_SECONDS})
    with engine.connect() as connection:
        revisions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    if len(revisions) == 1 and revisions[0] in KNOWN:
        return Tables(engine)
    engine.dispose()
    return None


def _chosen(experiments: Iterable[str], status: str, tags: Mapping[str, str]) -> Select[Any]:
    """Rows of `runs`: those with the first tag are looked up, and each of them is asked for the others."""
    query = _active(experiments)
    for number, (name, text) in enumerate(tags.items()):
        held = TAGS.alias()
        has = (held.c.key == name, held.c.value == text)
        own = exists().where(held.c.run_uuid == RUNS.c.run_uuid, *has)
        query = query.where(own if number else RUNS.c.run_uuid.in_(select(held.c.run_uuid).where(*has)))
    other = status.removeprefix("!")
    return query.where(RUNS.c.status != other if other != status else RUNS.c.status == other)


def _active(experiments: Iterable[str]) -> Select[Any]:
    """The rows of `runs` that nobody deleted, oldest first."""
    return (
        select(RUNS)
        .where(RUNS.c.experiment_id.in_([int(each) for each in experiments]))
        .where(RUNS.c.lifecycle_stage == LifecycleStage.ACTIVE)
        .order_by(RUNS.c.start_time, RUNS.c.run_uuid)
    )


def _whole(connection: Connection, found: Sequence[Any]) -> Iterator[Run]:
    """The runs of some rows, with what belongs to each."""
    ids = [row["run_uuid"] for row in found]
    tags, params, latest = (_held(connection, table, ids) for table in (TAGS, PARAMS, LATEST))
    for row in found:
        key = row["run_uuid"]
        metrics = [
            Metric(name, math.nan if is_nan else value, timestamp, step)
            for name, value, timestamp, step, is_nan in latest[key]
        ]
        data = RunData(
            metrics,
            [Param(name, text) for name, text in params[key]],
            [RunTag(name, text) for name, text in tags[key]],
        )
        yield Run(_info(row), data)


def _held(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, list[Any]]:
    """By run id, (key, value) of its tags or parameters; of metrics (key, value, timestamp, step, is_nan)."""
    held: dict[str, list[Any]] = {run_id: [] for run_id in ids}
    more = [table.c[name] for name in ("timestamp", "step", "is_nan") if name in table.c]
    query = select(table.c.run_uuid, table.c.key, table.c.value, *more).where(table.c.run_uuid.in_(ids))
    for run_id, name, *rest in connection.execute(query):
        held[run_id].append((intern(name), *rest))
    return held


def _info(row: Any) -> RunInfo:
    return RunInfo(
        run_id=row["run_uuid"],
        experiment_id=str(row["experiment_id"]),
        user_id=row["user_id"],
        status=row["status"],
        start_time=row["start_time"],
        end_time=row["end_time"],
        lifecycle_stage=row["lifecycle_stage"],
        artifact_uri=row["artifact_uri"],
        run_name=row["name"],
    )
