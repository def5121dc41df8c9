"""Runs are written whole in one transaction where the store's tables are known, else by MLflow's client.

The client takes four transactions and some forty statements for a trial, 14 ms of processor time against 1.
Either way the client reads the same afterwards, which tests compare.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, LifecycleStage, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.uri import append_to_uri_path
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import sqlite

from harness.tracking.store import Store
from harness.tracking.tables import DATASETS, EXPERIMENTS, INPUTS, LATEST, METRICS, PARAMS, RUNS, TAGS, Tables

PLAIN = re.compile(r"\w[\w.]{0,249}", re.ASCII)  # a name that MLflow takes as it is
SURROGATE = re.compile("[\ud800-\udfff]")  # which no database takes, as the client says in its way
LONGEST_PARAM, LONGEST_TAG = 6000, 8000  # characters that MLflow keeps whole


@dataclass(frozen=True)
class Held:
    """What a run holds; its metrics are of step 0."""

    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    params: Mapping[str, str]

    @property
    def is_plain(self) -> bool:
        """True where MLflow would keep every name and value as it is: nothing cut, refused or replaced."""
        return (
            all(PLAIN.fullmatch(name) for name in (*self.tags, *self.metrics, *self.params))
            and all(math.isfinite(value) for value in self.metrics.values())
            and all(len(text) <= LONGEST_PARAM for text in self.params.values())
            and all(len(text) <= LONGEST_TAG for text in self.tags.values())
            and not any(SURROGATE.search(text) for text in (*self.tags.values(), *self.params.values()))
        )


@dataclass(frozen=True)
class Times:
    """When a run began and ended, in milliseconds since 1970; None for one that is under way."""

    start: int
    end: int | None = None


def new_run(
    store: Store,
    experiment: str,
    name: str,
    status: str,
    times: Times,
    held: Held,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Write a new run; its id. A run with texts beside it, as files by name, is always the client's.

    Raises:
        MlflowException: the experiment was deleted meanwhile.
        SQLAlchemyError: of the database.
    """
    if store.tables is not None and held.is_plain and not texts:
        return _insert_run(store.tables, experiment, name, status, times, held)
    made = store.client.create_run(experiment, times.start, dict(held.tags), name)
    run_id = str(made.info.run_id)
    _log(store.client, run_id, times.end or times.start, replace(held, tags={}))
    for file_name, text in texts.items():
        store.client.log_text(run_id, text, file_name)
    if times.end is not None:
        store.client.set_terminated(run_id, status, times.end)
    return run_id


def end_run(store: Store, run_id: str, status: str, time: int, held: Held, data: Dataset) -> None:
    """Write the rest of a run that has neither metrics nor parameters yet, and that it ended.

    Raises:
        MlflowException: the run was deleted meanwhile.
        SQLAlchemyError: of the database.
    """
    if store.tables is not None and held.is_plain:
        _update_run(store.tables, run_id, status, time, held, data)
    else:
        end_again(store, run_id, status, time, held, data)


def end_again(store: Store, run_id: str, status: str, time: int, held: Held, data: Dataset) -> None:
    """As `end_run`, of a run that may have some of it already; its status is the last write."""
    _log(store.client, run_id, time, held)
    store.client.log_inputs(run_id, [DatasetInput(data, [])])
    store.client.set_terminated(run_id, status, time)


def _log(client: MlflowClient, run_id: str, time: int, held: Held) -> None:
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, time, 0) for name, value in held.metrics.items()],
        params=[Param(name, text) for name, text in held.params.items()],
        tags=[RunTag(name, text) for name, text in held.tags.items()],
    )


def _insert_run(tables: Tables, experiment: str, name: str, status: str, times: Times, held: Held) -> str:
    run_id = uuid.uuid4().hex
    with tables.engine.begin() as connection:
        place = append_to_uri_path(_folder(connection, experiment), run_id, "artifacts")  # type: ignore[no-untyped-call]
        row = _row(run_id, name, status, times) | {"experiment_id": int(experiment), "artifact_uri": place}
        connection.execute(insert(RUNS), row)
        connection.execute(insert(TAGS), _pairs(run_id, {**held.tags, "mlflow.runName": name}))
        _add(connection, run_id, held, times.end)
    return run_id


def _update_run(tables: Tables, run_id: str, status: str, time: int, held: Held, data: Dataset) -> None:
    tags = sqlite.insert(TAGS)
    newer = {"value": tags.excluded.value}
    with tables.engine.begin() as connection:
        mine = (RUNS.c.run_uuid == run_id, RUNS.c.lifecycle_stage == LifecycleStage.ACTIVE)
        if not connection.execute(update(RUNS).where(*mine).values(status=status, end_time=time)).rowcount:
            raise MlflowException(f"the run {run_id} was deleted")
        connection.execute(
            tags.on_conflict_do_update(index_elements=["key", "run_uuid"], set_=newer),
            _pairs(run_id, held.tags),
        )
        _add(connection, run_id, held, time)
        _use(connection, run_id, data)


def _folder(connection: Connection, experiment: str) -> str:
    query = select(EXPERIMENTS.c.artifact_location).where(
        EXPERIMENTS.c.experiment_id == int(experiment),
        EXPERIMENTS.c.lifecycle_stage == LifecycleStage.ACTIVE,
    )
    if (folder := connection.execute(query).scalar()) is None:
        raise MlflowException(f"the experiment {experiment} was deleted")
    return str(folder)


def _row(run_id: str, name: str, status: str, times: Times) -> dict[str, Any]:
    return {
        "run_uuid": run_id,
        "name": name,
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": "unknown",
        "status": status,
        "start_time": times.start,
        "end_time": times.end,
        "deleted_time": None,
        "source_version": "",
        "lifecycle_stage": LifecycleStage.ACTIVE,
    }


def _pairs(run_id: str, held: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"run_uuid": run_id, "key": name, "value": text} for name, text in held.items()]


def _add(connection: Connection, run_id: str, held: Held, time: int | None) -> None:
    """The parameters and metrics of a run that has none."""
    points = [
        {"run_uuid": run_id, "key": name, "value": value, "timestamp": time, "step": 0, "is_nan": False}
        for name, value in held.metrics.items()
    ]
    for table, rows in ((PARAMS, _pairs(run_id, held.params)), (METRICS, points), (LATEST, points)):
        if rows:
            connection.execute(insert(table), rows)


def _use(connection: Connection, run_id: str, data: Dataset) -> None:
    """That a run used a data set, which is listed once in an experiment."""
    own = select(RUNS.c.experiment_id).where(RUNS.c.run_uuid == run_id)
    listed = {
        "experiment_id": connection.execute(own).scalar_one(),
        "name": data.name,
        "digest": data.digest,
    }
    known = select(DATASETS.c.dataset_uuid).where(*(DATASETS.c[key] == listed[key] for key in listed))
    if (source := connection.execute(known).scalar()) is None:
        source = uuid.uuid4().hex
        connection.execute(
            insert(DATASETS),
            {
                **listed,
                "dataset_uuid": source,
                "dataset_source_type": data.source_type,
                "dataset_source": data.source,
                "dataset_schema": data.schema,
                "dataset_profile": data.profile,
            },
        )
    edge = {
        "input_uuid": uuid.uuid4().hex,
        "source_type": "DATASET",
        "source_id": source,
        "destination_type": "RUN",
        "destination_id": run_id,
    }
    connection.execute(sqlite.insert(INPUTS).on_conflict_do_nothing(), edge)
