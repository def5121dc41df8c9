"""The store: the database's file, or the server that keeps the records. No password is shown."""

from __future__ import annotations

import base64
import http.client
import importlib.metadata
import os
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.doctor.check import Check
from harness.tracking import integrity
from harness.tracking.database import is_wal, moving, orphans, unchanged
from harness.ui import store_uri, without_password
from harness.wording import counted

SERVER_SECONDS = 10
API = "/api/2.0/mlflow/experiments/search?max_results=1"


def store(root: Path, uri: str | None) -> Check:
    """Whether the records can be read and written: by the database's file, or by asking the server."""
    file = local_file(root, uri)
    if file is not None:
        return _database(file)
    return _server(store_uri(root, uri), os.environ)


def local_file(root: Path, uri: str | None) -> Path | None:
    """The database's file where the records are kept in SQLite, there or not."""
    where = store_uri(root, uri)
    if not where.startswith("sqlite:///"):
        return None
    return Path(where.removeprefix("sqlite:///").partition("?")[0])


def _database(file: Path) -> Check:
    if left := orphans(file):
        seen = f"none at {file}, but of one that is gone: {', '.join(at.name for at in left)}"
        remedy = f"put that database back beside it; for any other, or a new one, {moving(file)} before"
        return Check("store", "warn", seen, remedy)
    if not file.exists():
        return Check("store", "ok", f"none yet at {file}; the first sweep makes it")
    if found := integrity.thorough(file):
        return Check("store", "bad", f"{file} is {found.kind} ({found.seen})", found.remedy(file))
    if not all(os.access(at, os.W_OK) for at in (file, file.parent)):
        return Check("store", "bad", f"{file} is read-only", "make it and its folder writable")
    try:
        with unchanged(file) as connection:
            ((runs,),) = connection.execute("SELECT count(*) FROM runs").fetchall()
    except sqlite3.Error as error:
        return Check("store", "bad", f"{file} cannot be read ({error})", "try again")
    found_runs = f"{counted(runs, 'run')} in {file}"
    if not is_wal(file):
        remedy = "harness doctor fix=true sets it"
        return Check("store", "warn", f"{found_runs}, not in WAL mode: recording is slow", remedy)
    return Check("store", "ok", found_runs)


def _server(uri: str, environment: Mapping[str, str]) -> Check:
    place = urlsplit(uri)
    if place.scheme not in ("http", "https") or not place.hostname:
        return Check("store", "ok", f"{place.scheme or 'an address'} at {place.hostname or '?'}, not checked")
    shown = without_password(uri)
    headers = _credentials(uri, environment)
    version, said = _ask(f"{shown.rstrip('/')}/version", headers)
    if version is None:
        remedy = "start the server, or correct tracking.uri"
        return Check("store", "bad", f"{shown} does not answer ({said})", remedy)
    api, why = _ask(f"{shown.rstrip('/')}{API}", headers)
    if api != 200:
        return _refusing(shown, api, why)
    here = importlib.metadata.version("mlflow")
    if version == 200 and said.partition(".")[0] != here.partition(".")[0]:
        remedy = "install the same major version on both sides"
        return Check("store", "warn", f"{shown} runs MLflow {said}, here is {here}", remedy)
    return Check("store", "ok", f"{shown} answers" + (f", MLflow {said}" if version == 200 else ""))


def _refusing(shown: str, status: int | None, why: str) -> Check:
    """A server that answers, but not as MLflow does to who may read."""
    if status in (401, 403):
        remedy = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        return Check("store", "bad", f"{shown} refuses access ({status} {why})", remedy)
    if status == 404:
        remedy = "correct the path in tracking.uri"
        return Check("store", "bad", f"{shown} answers, but not as an MLflow server ({status} {why})", remedy)
    found = f"{shown} answers, but its records cannot be read ({status or 'no status'} {why})"
    return Check("store", "bad", found, "look into the server's log")


def _ask(address: str, headers: Mapping[str, str]) -> tuple[int | None, str]:
    """The status and one line of the answer; None and the reason where there is none."""
    request = urllib.request.Request(address, headers=dict(headers))
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SERVER_SECONDS) as answer:
            return answer.status, answer.read(200).decode(errors="replace").partition("\n")[0].strip()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, str(error.reason)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return None, str(getattr(error, "reason", error))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the password to another host."""

    def redirect_request(self, *_: object) -> None:
        return None


def _credentials(uri: str, environment: Mapping[str, str]) -> dict[str, str]:
    """As MLflow gives them: those in the address, else a name and password, else a token."""
    place = urlsplit(uri)
    name = unquote(place.username or "") or environment.get("MLFLOW_TRACKING_USERNAME", "")
    word = (
        unquote(place.password or "") if place.username else environment.get("MLFLOW_TRACKING_PASSWORD", "")
    )
    if name and word:
        return {"Authorization": f"Basic {base64.b64encode(f'{name}:{word}'.encode()).decode()}"}
    token = environment.get("MLFLOW_TRACKING_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def tracking_variable(environment: Mapping[str, str]) -> Check:
    """Where MLFLOW_TRACKING_URI, the default of `tracking.uri`, sends the records: the host alone."""
    uri = environment.get("MLFLOW_TRACKING_URI")
    if not uri:
        return Check("tracking", "ok", "MLFLOW_TRACKING_URI is not set")
    return Check("tracking", "ok", f"MLFLOW_TRACKING_URI names {urlsplit(uri).hostname or 'a local store'}")
