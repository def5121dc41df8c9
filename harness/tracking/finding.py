"""Runs found by what they carry: in the local store by its tables, else through MLflow's client."""

from __future__ import annotations

from collections.abc import Iterator

from mlflow import MlflowClient
from mlflow.entities import Run

from harness.tracking.store import Store


def search(client: MlflowClient, experiments: list[str], query: str) -> list[Run]:
    """Every run that matches, over all pages, oldest first."""
    runs: list[Run] = []
    token = None
    while True:
        page = client.search_runs(
            experiments, query, max_results=5000, order_by=["attributes.start_time ASC"], page_token=token
        )
        runs += page
        token = page.token
        if not token:
            return runs


def find(store: Store, experiments: list[str], status: str, **tags: str) -> Iterator[Run]:
    """The runs that have all these tags and a status ("!RUNNING": any other), oldest first."""
    if store.tables is not None:
        yield from store.tables.find(experiments, status, tags)
    else:
        equals = "!=" if status.startswith("!") else "="
        asked = [f"attributes.status {equals} '{status.removeprefix('!')}'"]
        asked += [f"tags.{name} = '{text}'" for name, text in tags.items()]
        yield from search(store.client, experiments, " and ".join(asked))


def children(client: MlflowClient, run: Run) -> list[Run]:
    """The runs nested under a run."""
    return search(client, [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
