"""Databases in every state, and servers that answer in every way."""

import base64
import http.server
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from harness.doctor import store as stores
from harness.doctor.check import line
from harness.doctor.store import store
from harness.tracking import database


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def contents(root: Path) -> dict[str, bytes]:
    return {str(at): at.read_bytes() for at in sorted(root.rglob("*")) if at.is_file()}


def test_absent_records_are_no_fault_and_are_not_made(tmp_path):
    check = store(tmp_path, None)
    assert (check.status, "none yet" in check.found) == ("ok", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "names", [["mlflow.db-wal", "mlflow.db-shm"], ["mlflow.db-wal"], ["mlflow.db-journal"]]
)
def test_a_log_without_its_database_is_a_warning_and_is_not_touched(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"a log")
    check = store(tmp_path, None)
    assert check.status == "warn"
    assert check.found.endswith(f"of one that is gone: {', '.join(names)}")
    assert "mkdir old && mv mlflow.db* old" in check.remedy
    assert "\n" not in line(check)
    assert contents(tmp_path) == {str(tmp_path / name): b"a log" for name in names}


def test_a_real_store_is_ok_and_its_runs_are_counted(root):
    file = root / "mlflow.db"
    assert store(root, None).found == f"0 runs in {file}"
    change(file, "INSERT INTO runs (run_uuid, lifecycle_stage) VALUES ('a', 'active')")
    assert store(root, None).found == f"1 run in {file}"
    elsewhere = store(Path("elsewhere"), f"sqlite:///{file}?timeout=60")
    assert (elsewhere.status, elsewhere.found) == ("ok", f"1 run in {file}")


def test_looking_changes_no_byte_and_leaves_no_file(root):
    before = contents(root)
    assert store(root, None).status == "ok"
    assert contents(root) == before


def empty(file: Path) -> None:
    file.write_bytes(b"")


def empty_all_but_the_log(file: Path) -> None:
    empty(file)
    file.with_name("mlflow.db-wal").write_bytes(b"records")


def overwrite_with_text(file: Path) -> None:
    file.write_text("no database at all" * 1000)


def overwrite_a_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 * 5 : 4096 * 6] = b"\xff" * 4096
    file.write_bytes(content)


def cut_in_half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def drop_the_revision(file: Path) -> None:
    change(file, "DROP TABLE alembic_version")


def forget_the_revision(file: Path) -> None:
    change(file, "DELETE FROM alembic_version")


def drop_the_runs(file: Path) -> None:
    change(file, "DROP TABLE runs")


def make_it_older(file: Path) -> None:
    change(file, "UPDATE alembic_version SET version_num = '451aebb31d03'")


def make_it_newer(file: Path) -> None:
    change(file, "UPDATE alembic_version SET version_num = 'ffffffffffff'")


def cut_a_migration_off(file: Path) -> None:
    change(file, "CREATE TABLE _alembic_tmp_runs (x)")


@pytest.mark.parametrize(
    ("harm", "kind", "advice"),
    [
        (empty, "empty", "fix=true removes it"),
        (empty_all_but_the_log, "emptied", "put a copy from before in its place"),
        (overwrite_with_text, "damaged", ".dump | sed"),
        (overwrite_a_page, "damaged", ".dump | sed"),
        (cut_in_half, "damaged", ".dump | sed"),
        (drop_the_revision, "half-created", "mv mlflow.db* old"),
        (forget_the_revision, "half-created", "mv mlflow.db* old"),
        (drop_the_runs, "half-created", "mv mlflow.db* old"),
        (make_it_older, "older", "mlflow db upgrade sqlite:///"),
        (make_it_newer, "newer", "install the MLflow that made it"),
        (cut_a_migration_off, "half-migrated", "mlflow db upgrade sqlite:///"),
    ],
)
def test_what_is_wrong_with_a_database_is_named(root, harm, kind, advice):
    file = root / "mlflow.db"
    harm(file)
    before = contents(root)
    check = store(root, None)
    assert check.status == "bad"
    assert check.found.startswith(f"{file} is {kind} (")
    assert advice in check.remedy
    assert "\n" not in line(check)
    assert contents(root) == before


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the advice needs the program sqlite3")
def test_the_advice_for_a_damaged_database_saves_what_can_be_read(root):
    file = root / "mlflow.db"
    rows = [f"INSERT INTO runs (run_uuid, lifecycle_stage) VALUES ('{n}', 'active')" for n in range(200)]
    change(file, *rows)
    with closing(sqlite3.connect(file)) as connection:
        ((page,),) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'metrics'"
        ).fetchall()
    content = bytearray(file.read_bytes())
    content[4096 * (page - 1) : 4096 * page] = b"\xff" * 4096
    file.write_bytes(content)
    advice = store(root, None).remedy
    (command,) = re.findall(r"\((sqlite3 .* saved\.db)\)", advice)
    subprocess.run(command, shell=True, cwd=root, check=True, capture_output=True)
    (root / "saved.db").replace(file)
    assert store(root, None).found.startswith(f"200 runs in {file}")


def test_the_revisions_of_the_installed_mlflow_are_those_of_a_new_database(root):
    known, newest = database.mlflow_revisions()
    with closing(sqlite3.connect(root / "mlflow.db")) as connection:
        ((made,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert newest == {made}
    assert len(known) > 50


def test_without_the_migrations_the_revision_is_not_judged(root, monkeypatch):
    monkeypatch.setattr(database, "mlflow_revisions", lambda: (set(), set()))
    assert store(root, None).status == "ok"


def test_a_slow_journal_mode_is_a_warning(root):
    change(root / "mlflow.db", "PRAGMA journal_mode = DELETE")
    check = store(root, None)
    assert (check.status, check.remedy) == ("warn", "harness doctor fix=true sets it")


def test_a_read_only_database_is_bad(root, monkeypatch):
    file = root / "mlflow.db"
    monkeypatch.setattr(stores.os, "access", lambda path, mode: path != file)
    assert store(root, None).found == f"{file} is read-only"


def test_a_database_that_is_written_meanwhile_is_no_fault(root):
    """With a journal that holds all of it, as beside a sweep, and after one that was killed."""
    file = root / "mlflow.db"
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(50):
            with writer:
                writer.execute(f"INSERT INTO runs (run_uuid, lifecycle_stage) VALUES ('{number}', 'active')")
        assert store(root, None).found == f"50 runs in {file}"
        left = root / "killed"
        left.mkdir()
        for at in root.glob("mlflow.db*"):
            shutil.copy(at, left / at.name)
    assert store(left, None).found == f"50 runs in {left / 'mlflow.db'}"


def test_a_database_that_another_program_holds_is_not_called_damaged(root, monkeypatch):
    file = root / "mlflow.db"
    monkeypatch.setattr(database, "WAIT_SECONDS", 0)
    with closing(sqlite3.connect(file)) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        check = store(root, None)
    assert check.found == f"{file} is unreadable (database is locked)"
    assert "end the program that holds it" in check.remedy


# Servers


@contextmanager
def server(answers: dict[str, tuple[int, str]], seen: list[str | None] | None = None):
    """A server that gives a status and a text to each path, and notes who asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if seen is not None:
                seen.append(self.headers["Authorization"])
            status, text = answers.get(self.path.partition("?")[0], (404, ""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", text)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()
            thread.join()


API = "/api/2.0/mlflow/experiments/search"


@pytest.mark.parametrize(
    ("answers", "status", "said"),
    [
        ({"/version": (200, "3.17.2"), API: (200, "{}")}, "ok", "answers, MLflow 3."),
        ({API: (200, "{}")}, "ok", "answers"),
        ({"/version": (200, "2.9.0"), API: (200, "{}")}, "warn", "runs MLflow 2.9.0, here is 3."),
        ({"/version": (401, ""), API: (401, "")}, "bad", "refuses access (401"),
        ({"/version": (200, "3.17.2"), API: (403, "")}, "bad", "refuses access (403"),
        ({}, "bad", "answers, but not as an MLflow server (404"),
        ({"/version": (200, "3.17.2"), API: (503, "")}, "bad", "its records cannot be read (503"),
        ({API: (302, "http://127.0.0.1:9/")}, "bad", "its records cannot be read (302"),
    ],
)
def test_a_server_is_told_by_what_it_answers(tmp_path, answers, status, said):
    with server(answers) as place:
        check = store(tmp_path, f"http://me:pass-word@{place}?token=pass-word")
    assert check.status == status
    assert said in check.found
    assert place in check.found
    assert "pass-word" not in line(check)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("login", "variables", "sent"),
    [
        ("me:pass%20word@", {}, "Basic " + base64.b64encode(b"me:pass word").decode()),
        (
            "",
            {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "x"},
            "Basic " + base64.b64encode(b"me:x").decode(),
        ),
        ("", {"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ("", {}, None),
    ],
)
def test_a_server_is_asked_with_the_credentials_that_mlflow_would_send(
    tmp_path, monkeypatch, login, variables, sent
):
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    seen: list[str | None] = []
    with server({"/version": (200, "3.17.2"), API: (200, "{}")}, seen) as place:
        assert store(tmp_path, f"http://{login}{place}").status == "ok"
    assert seen == [sent, sent]


def test_a_server_that_is_not_there_is_bad_and_no_password_is_shown(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        uri = f"http://me:secret@127.0.0.1:{listener.getsockname()[1]}/x?token=secret"
    silent = store(tmp_path, uri)
    assert silent.status == "bad"
    assert "does not answer (" in silent.found
    assert "secret" not in line(silent)


def test_an_address_that_is_none_is_bad(tmp_path):
    assert store(tmp_path, "http://127.0.0.1:port").status == "bad"


def test_another_database_is_named_without_its_password(tmp_path):
    check = store(tmp_path, "postgresql://me:secret@db.example/runs")
    assert (check.status, check.found) == ("ok", "postgresql at db.example, not checked")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is not set"),
        ("https://me:secret@runs.example/x", "names runs.example"),
        ("mlruns", "names a local store"),
    ],
)
def test_the_tracking_variable_is_told_by_its_host_alone(value, said):
    check = stores.tracking_variable({} if value is None else {"MLFLOW_TRACKING_URI": value})
    assert check.found == f"MLFLOW_TRACKING_URI {said}"
