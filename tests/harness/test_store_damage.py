"""What is recorded is read back as it was, or refused in one line; nothing of it is lost to a fault."""

import ctypes
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, event

from harness import model_files, sweep
from harness.errors import StoreError
from harness.records import CellResult, Outcome, Trial
from harness.tracking import finding, integrity, reading
from harness.tracking import store as stores
from harness.tracking.database import Fault
from harness.tracking.recorder import Recorder
from harness.tracking.store import database, open_store
from tests.reliability import corruption

CORRECT = np.packbits(np.arange(200) % 4 > 0).tobytes()


def trial(number):
    points = ((20, 2 / 3), (40, 1 / 3))
    return Trial(number, {"C": 0.1 + 0.2, "units": 7}, Outcome.COMPLETE, 1 / 3, 0.1, 40, points, 0.25)


def result(**change):
    base = CellResult(Outcome.COMPLETE, 2, 0, 0.1, 0.25, 0.5, CORRECT, 0.01, 0.02, environment={"numpy": "2"})
    return replace(base, **change)


@pytest.fixture
def store(root):
    return open_store(root)


@pytest.fixture
def recorder(store, task):
    return Recorder(store, task, "seed: 0\n")


@pytest.fixture
def recorded(recorder, make_cell, logistic):
    """A complete cell of two trials, with a model."""
    cell = make_cell(logistic, repeat=0)
    recorder.begin(cell)
    for number in range(2):
        recorder.trial(cell, trial(number))
    recorder.result(cell, result(model=corruption.zipped(b"a model")))
    return cell


def read(store, task):
    """All that a report reads of the cells."""
    records = reading.ended_cells(store, task.name)
    return (
        {
            key: replace(record, fit_seconds=0.0, seconds=0.0, run_id="", place="")
            for key, record in records.items()
        },
        reading.trials_of(store, records.values()),
        reading.correctness(store, records.values()),
        reading.environments(store, records.values()),
    )


def alter(root, statement, *values):
    """Change the database as nobody should."""
    with closing(sqlite3.connect(database(root))) as connection, connection:
        return connection.execute(statement, values).rowcount


def files(root):
    return {file.name: file.read_bytes() for file in root.glob("mlflow.db*")}


# A changed value is found

OF_CELL = "run_uuid = (SELECT run_uuid FROM tags WHERE key = 'kind' AND value = 'cell')"
OF_TRIAL = "run_uuid = (SELECT min(run_uuid) FROM tags WHERE key = 'kind' AND value = 'trial')"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE latest_metrics SET value = value + 1e-16 WHERE key = 'test_error' AND {OF_CELL}",
        f"UPDATE latest_metrics SET value = 3 WHERE key = 'trials' AND {OF_CELL}",
        f"DELETE FROM latest_metrics WHERE key = 'fit_seconds' AND {OF_CELL}",
        f"UPDATE tags SET value = '91' WHERE key = 'size' AND {OF_CELL}",
        f"UPDATE tags SET value = 'failed' WHERE key = 'outcome' AND {OF_CELL}",
        f"UPDATE tags SET value = 'x' WHERE key IN ('message', 'versions') AND {OF_CELL}",
        f"UPDATE tags SET value = 'another' WHERE key = 'cell' AND {OF_CELL}",
        f"DELETE FROM tags WHERE key = 'digest' AND {OF_CELL}",
        f"UPDATE latest_metrics SET value = 0.3 WHERE key = 'value' AND {OF_TRIAL}",
        f"UPDATE params SET value = '0.1' WHERE key = 'C' AND {OF_TRIAL}",
        f"DELETE FROM params WHERE key = 'units' AND {OF_TRIAL}",
        f"UPDATE tags SET value = replace(value, '0.66', '0.67') WHERE key = 'points' AND {OF_TRIAL}",
        f"UPDATE tags SET value = '7' WHERE key = 'number' AND {OF_TRIAL}",
        f"DELETE FROM tags WHERE key = 'digest' AND {OF_TRIAL}",
    ],
)
def test_a_changed_value_is_found(store, recorded, task, statement):
    assert alter(store.root, statement) >= 1
    with pytest.raises(
        StoreError, match=r"run \w{32} of .*mlflow\.db (is not what was recorded|has no digest)"
    ):
        read(store, task)


@pytest.mark.parametrize("key", ["mlflow.parentRunId", "kind"])
def test_a_trial_that_is_lost_is_missed(store, recorded, task, key):
    alter(store.root, f"UPDATE tags SET value = 'x' WHERE key = '{key}' AND {OF_TRIAL}")
    with pytest.raises(StoreError, match="must have 2 trials numbered from 0"):
        read(store, task)


def test_a_changed_trial_of_a_cell_under_way_is_found(store, recorder, make_cell, logistic, task):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, trial(0))
    recorder.trial(cell, trial(1))
    alter(store.root, f"UPDATE params SET value = '0.1' WHERE key = 'C' AND {OF_TRIAL}")
    with pytest.raises(StoreError, match=r"is not what was recorded; put a copy .* harness doctor"):
        Recorder(store, task, "").begin(cell)


def test_a_first_trial_that_is_lost_is_missed_in_a_cell_under_way(store, recorder, make_cell, logistic, task):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, trial(1))
    with pytest.raises(StoreError, match="must have 1 trials numbered from 0, and has 1"):
        Recorder(store, task, "").begin(cell)


def test_a_note_that_someone_adds_does_no_harm(store, recorded, task):
    before = read(store, task)
    for run in finding.search(store.client, [store.experiment(task.name)], "tags.kind != 'sweep'"):
        store.client.set_tag(run.info.run_id, "mlflow.note.content", "look at this one")
        store.client.set_tag(run.info.run_id, "mine", "yes")
    assert read(store, task) == before


def test_a_negative_zero_is_no_damage(store, recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, replace(trial(0), value=-0.0))
    assert recorder.begin(cell) == (replace(trial(0), value=0.0),)


def test_a_result_written_twice_counts_as_the_second_whatever_the_clock_says(
    store, recorder, make_cell, logistic, task, monkeypatch
):
    cell = make_cell(logistic)
    recorder.begin(cell)
    for number in range(2):
        recorder.trial(cell, trial(number))
    recorder.result(cell, result(seconds=9.0))
    run = reading.ended_cells(store, task.name)[cell.key].run_id
    store.client.update_run(run, status="RUNNING")  # as where the driver died before the last write
    again = Recorder(store, task, "")
    again.begin(cell)
    yesterday = time.time() - 86400
    monkeypatch.setattr(time, "time", lambda: yesterday)
    again.result(cell, result(seconds=1.0))
    assert reading.ended_cells(store, task.name)[cell.key].seconds == 1.0


# Artifacts


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def of_run(store, task, name):
    (record,) = reading.ended_cells(store, task.name).values()
    return record.run_id, reading.artifact(store, record.run_id, name)


@pytest.mark.parametrize("name", ["correct.npy", "cell.json"])
def test_a_changed_artifact_is_found(store, recorded, task, name):
    _, path = of_run(store, task, name)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(StoreError, match=f"the artifact {name} of run .* is not what was recorded"):
        read(store, task)


def test_a_pickle_in_place_of_an_artifact_is_refused_unread(store, recorded, task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, path = of_run(store, task, "correct.npy")
    np.save(path, np.array([Malicious()], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match=r"correct\.npy"):
        read(store, task)
    assert not Path("unpickled").exists()


def test_a_model_that_was_exchanged_is_refused_before_it_is_parsed(store, recorded, task, monkeypatch):
    run, path = of_run(store, task, "model.skops")
    path.write_bytes(pickle.dumps(Malicious()))
    monkeypatch.setattr(model_files, "load", lambda *_: pytest.fail("it was parsed"))
    with pytest.raises(StoreError, match="model"):
        reading.load_model(run, store.root)


@pytest.mark.parametrize(
    "place", ["file:///etc", "/etc", "https://example.org/x", "s3://bucket/x", "file://h/etc"]
)
def test_a_place_outside_the_store_is_refused(store, recorded, task, place):
    run, _ = of_run(store, task, "cell.json")
    alter(store.root, f"UPDATE runs SET artifact_uri = ? WHERE {OF_CELL}", place)
    with pytest.raises(StoreError, match=r"mlflow\.db names .* which is outside"):
        reading.artifact(store, run, "passwd")


@pytest.mark.parametrize("name", ["../../../../mlflow.db", "/etc/passwd", "a/../../../../../x"])
def test_a_name_that_leads_out_of_the_store_is_refused(store, recorded, task, name):
    run, _ = of_run(store, task, "cell.json")
    with pytest.raises(StoreError, match="which is outside"):
        reading.artifact(store, run, name)


def test_a_link_that_leads_out_of_the_store_is_refused(store, recorded, task, tmp_path):
    run, path = of_run(store, task, "cell.json")
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(path, tmp_path / "elsewhere")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere" / path.name)
    with pytest.raises(StoreError, match="which is outside"):
        reading.artifact(store, run, "cell.json")


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "%2e%2e", "n" * 250, "ü ö", "a#b?c;d", "-x", "'\"", "sweep\nx"]
)
def test_whatever_a_data_set_is_called_its_artifacts_stay_inside(store, make_cell, logistic, task, name):
    task = replace(task, name=name)
    cell = replace(make_cell(logistic), data=name)
    recorder = Recorder(store, task, "")
    recorder.begin(cell)
    for number in range(2):
        recorder.trial(cell, trial(number))
    recorder.result(cell, result())
    assert read(store, task)[2] == {cell.key: CORRECT}
    (folder,) = (store.root / "artifacts").iterdir()
    assert folder.parent == store.root / "artifacts"
    assert sorted(path.name for path in store.root.iterdir() if path.is_dir()) == ["artifacts"]


# A database that is none, or is damaged


def execute(*statements):
    def damage(file):
        with closing(sqlite3.connect(file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return damage


def foreign(file):
    file.unlink()
    execute("CREATE TABLE songs (name TEXT)")(file)


def noise(file):
    with file.open("r+b") as held:
        held.seek(5 * 4096)
        held.write(b"\xa5" * 4096)


def cut(file):
    os.truncate(file, file.stat().st_size // 2 + 100)


DAMAGES = {
    "empty": (lambda file: os.truncate(file, 0), r"is empty .*fix=true removes it"),
    "text": (lambda file: file.write_bytes(b"not a database" * 1000), r"is damaged \(file is not a database"),
    "foreign": (foreign, r"is half-created \(it lacks the tables .* move mlflow\.db\* away"),
    "half": (
        execute("DROP TABLE alembic_version"),
        r"is half-created \(it lacks the tables alembic_version\)",
    ),
    "unfinished": (execute("DELETE FROM alembic_version"), r"is half-created \(it carries no revisions\)"),
    "older": (
        execute("UPDATE alembic_version SET version_num = '451aebb31d03'"),
        "is older .* mlflow db upgrade",
    ),
    "newer": (
        execute("UPDATE alembic_version SET version_num = 'ffffffffffff'"),
        "is newer .* install the MLflow",
    ),
    "cut": (cut, "is damaged .* find a copy from before"),
    "noise": (noise, "is damaged .* find a copy from before"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_database_that_cannot_be_used_is_refused_and_not_touched(root, kind):
    damage, said = DAMAGES[kind]
    damage(database(root))
    before = files(root)
    with pytest.raises(StoreError, match=rf"mlflow\.db {said}") as told:
        open_store(root)
    assert "\n" not in str(told.value)
    assert files(root) == before


@pytest.mark.parametrize("index", [True, False])
def test_the_log_that_a_killed_driver_leaves_is_recovered(store, recorded, task, tmp_path, index):
    wanted = read(store, task)
    copy = tmp_path / "copy"
    shutil.copytree(store.root / "artifacts", copy / "artifacts")
    for file in store.root.glob("mlflow.db*"):
        if index or not file.name.endswith("-shm"):
            shutil.copy(file, copy)
    assert (copy / "mlflow.db-wal").stat().st_size > 0
    before = sorted(files(copy))
    assert integrity.thorough(database(copy)) is None
    assert sorted(files(copy)) == before
    alter(copy, "UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?)", str(store.root), str(copy))
    alter(
        copy,
        "UPDATE experiments SET artifact_location = replace(artifact_location, ?, ?)",
        str(store.root),
        str(copy),
    )
    assert read(open_store(copy), task) == wanted


@pytest.fixture
def killed(store, recorded, tmp_path):
    """A store whose driver was killed: all that it recorded is in the log beside the database."""
    left = tmp_path / "killed"
    shutil.copytree(store.root, left, ignore=shutil.ignore_patterns(".claims", "cache"))
    assert (left / "mlflow.db-wal").stat().st_size > 0
    shutil.copy(database(left), tmp_path / "bare.db")
    with closing(sqlite3.connect(tmp_path / "bare.db")) as bare:  # it is the log that holds the runs
        assert bare.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    return left


def count(root):
    with closing(sqlite3.connect(database(root))) as connection:
        ((runs,),) = connection.execute("SELECT count(*) FROM runs").fetchall()
    return runs


def test_the_log_of_a_database_that_was_moved_away_is_set_aside_and_kept(killed):
    wal, shm = ((killed / f"mlflow.db{suffix}").read_bytes() for suffix in ("-wal", "-shm"))
    moved = database(killed).rename(killed / "moved.db")
    (killed / "mlflow.db-wal.old").write_text("of an earlier one")
    open_store(killed)
    assert count(killed) == 0
    assert integrity.thorough(database(killed)) is None
    assert (killed / "mlflow.db-wal.old").read_text() == "of an earlier one"
    assert (killed / "mlflow.db-wal.old2").read_bytes() == wal
    assert (killed / "mlflow.db-shm.old").read_bytes() == shm
    shutil.copy(moved, killed / "again.db")  # and with its log beside it, it is what it was
    shutil.copy(killed / "mlflow.db-wal.old2", killed / "again.db-wal")
    with closing(sqlite3.connect(killed / "again.db")) as again:
        assert again.execute("SELECT count(*) FROM runs").fetchone()[0] > 2


def test_the_remedy_takes_the_log_away_with_the_database(killed):
    said = Fault("half-created", "").remedy(database(killed))
    (command,) = re.findall(r"in its folder: (.*)\)", said)
    subprocess.run(command, shell=True, cwd=killed, check=True)
    assert sorted(files(killed)) == []
    assert sorted(files(killed / "old")) == ["mlflow.db", "mlflow.db-shm", "mlflow.db-wal"]


@pytest.mark.parametrize("kind", ["half-created", "damaged", "older", "half-migrated"])
def test_a_remedy_that_exchanges_the_database_moves_its_log_away(kind):
    said = Fault(kind, "").remedy(Path("mlruns/mlflow.db"))
    assert "move mlflow.db* away (in its folder: mkdir old && mv mlflow.db* old)" in said


def test_a_store_in_use_is_checked_beside_its_user(store, recorded, task):
    assert integrity.thorough(database(store.root)) is None
    assert read(open_store(store.root), task) == read(store, task)


def test_a_run_filed_under_another_experiment_is_missed(store, recorded):
    alter(store.root, f"UPDATE runs SET experiment_id = 0 WHERE {OF_CELL}")
    with pytest.raises(StoreError, match=r"is damaged \(run \w{32} is out of place\)"):
        open_store(store.root)


def test_a_run_whose_kind_is_garbled_is_missed(store, recorded):
    alter(store.root, f"UPDATE tags SET value = 'cXll' WHERE key = 'kind' AND {OF_CELL}")
    with pytest.raises(StoreError, match=r"is damaged \(run \w{32} is out of place\)"):
        open_store(store.root)


def test_damage_at_random_is_refused_or_harmless(template_store, tmp_path):
    (tmp_path / "whole").mkdir()
    shutil.copy(database(template_store), tmp_path / "whole")
    attempts = corruption.run(0, 6, 6, tmp_path)
    assert [each for each in attempts if each.end == "WRONG"] == []
    assert {each.end for each in attempts} == {"refused", "intact"}


def test_the_corruption_suite_sees_what_is_lost(template_store, tmp_path, monkeypatch):
    """Without the digests and counts, some of it would be read back otherwise."""
    (tmp_path / "whole").mkdir()
    shutil.copy(database(template_store), tmp_path / "whole")

    def lose(file, rng):
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE latest_metrics SET value = 0.5 WHERE key = 'test_error'")
        corruption._settle(file.parent)
        return "changed"

    monkeypatch.setattr(corruption, "truncate", lose)
    monkeypatch.setattr(corruption, "_target", lambda root, *_: database(root))
    monkeypatch.setattr("harness.tracking.digests.check", lambda run, label: run)
    (lost,) = corruption.run(0, 1, 0, tmp_path)
    assert (lost.end, lost.told) == ("WRONG", "read back otherwise: cells")


# Faults in mid-sweep


@contextmanager
def every_connection(statement):
    """A PRAGMA on each connection that MLflow has from now on, and on those it holds, at each statement."""

    def amend(connection, cursor, sql, parameters, context, many):
        cursor.execute(statement)
        return (statement if "busy_timeout" in sql else sql), parameters

    event.listen(Engine, "before_cursor_execute", amend, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", amend)


def record(recorder, cell, numbers=range(2)):
    for number in numbers:
        recorder.trial(cell, trial(number))
    recorder.result(cell, result())


def test_a_full_database_loses_nothing_and_the_cell_continues(store, recorder, make_cell, logistic, task):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, trial(0))
    pages = database(store.root).stat().st_size // 4096 + 3
    many = [replace(trial(at), message="m" * 2000, outcome=Outcome.FAILED) for at in range(1, 100)]
    with (
        every_connection(f"PRAGMA max_page_count = {pages}"),
        pytest.raises(StoreError, match=r"mlflow\.db cannot be written or read \(.*full\); what is recorded"),
    ):
        all(recorder.trial(cell, each) is None for each in many)
    with every_connection("PRAGMA max_page_count = 1073741823"):
        kept = Recorder(store, task, "").begin(cell)
    assert kept[0] == trial(0)
    assert list(kept[1:]) == many[: len(kept) - 1]


def test_a_database_that_is_locked_for_long_is_told_and_the_cell_continues(
    store, recorder, make_cell, logistic, task
):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, trial(0))
    with closing(sqlite3.connect(database(store.root))) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            every_connection("PRAGMA busy_timeout = 50"),
            pytest.raises(StoreError, match=r"mlflow\.db .*database is locked"),
        ):
            recorder.trial(cell, trial(1))
    again = Recorder(store, task, "")
    assert again.begin(cell) == (trial(0),)
    record(again, cell, [1])
    assert read(store, task)[1] == {cell.key: (trial(0), trial(1))}


def test_artifacts_that_cannot_be_written_are_told_and_the_cell_continues(
    store, recorder, make_cell, logistic, task
):
    cell = make_cell(logistic)
    recorder.begin(cell)
    (store.root / "artifacts").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot be written or read \(.*artifacts"):
        record(recorder, cell)
    assert reading.ended_cells(store, task.name) == {}
    (store.root / "artifacts").unlink()
    again = Recorder(store, task, "seed: 0\n")
    assert again.begin(cell) == (trial(0), trial(1))
    record(again, cell, [])
    assert read(store, task)[1] == {cell.key: (trial(0), trial(1))}


def test_a_claim_that_cannot_be_made_is_no_claim_of_another(
    store, recorder, make_cell, logistic, monkeypatch
):
    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(store.root / ".claims"))

    monkeypatch.setattr("harness.tracking.claims._handle", refuse)
    with pytest.raises(StoreError, match=r"Permission denied: .*\.claims"):
        recorder.claim(make_cell(logistic))


def test_a_report_that_cannot_be_written_loses_no_cell(config, capsys):
    (config.root / "reports").write_text("in the way")
    small = replace(config, families=config.families[:1], data=replace(config.data, sizes=(64,)))
    with pytest.raises(StoreError, match=r"cannot be written or read \(.*reports"):
        sweep.run(small)
    (config.root / "reports").unlink()
    capsys.readouterr()
    assert sweep.run(small) == 0
    assert "2 recorded" in capsys.readouterr().out


@pytest.fixture
def small_disk(tmp_path, template_store):
    """A disk of its own with little room beside an empty store; and how to give it more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = database(template_store).stat().st_size + 200_000
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        shutil.copy(database(template_store), disk)
        yield disk, lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def finish(root, task, cells):
    """What a sweep does with its cells: what is missing of each."""
    store = open_store(root)
    recorder = Recorder(store, task, "")
    for cell in cells:
        ended = recorder.begin(cell)
        if ended is not None:
            record(recorder, cell, range(len(ended), 2))
    return store


def test_a_full_disk_loses_nothing_and_the_cells_continue(small_disk, task, make_cell, logistic):
    disk, make_room = small_disk
    cells = [make_cell(logistic, repeat=repeat) for repeat in range(20)]
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"{disk}.*(full|space|disk I/O error)"):
            finish(disk, task, cells)
    make_room()
    store = finish(disk, task, cells)
    assert read(store, task)[1] == {cell.key: (trial(0), trial(1)) for cell in cells}
    running = finding.search(store.client, [store.experiment(task.name)], "attributes.status = 'RUNNING'")
    assert running == []


def as_a_person():
    """In a child, before it starts: without root's right to write anywhere."""
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


ON_READ_ONLY = """
import os, sys
from pathlib import Path
import harness.sweep
from harness.cli import main
root = Path(sys.argv[1])
words = ["data=digits", "model=[logistic_regression_sklearn]", "data.sizes=[64]", "repeats=2",
         "search.trials=2", "launch=inline", f"tracking.root={root}"]
def held():
    return {file.name: file.read_bytes() for file in root.glob("mlflow.db*")}
if not os.fork():  # in a process of its own, which leaves no file open
    sys.exit(main(["sweep", *words]))
assert os.wait()[1] == 0
before = held()
print("---", file=sys.stderr, flush=True)
for place, mode in ((root, 0o555), (root / "mlflow.db", 0o444)):
    usual = place.stat().st_mode
    place.chmod(mode)
    for command in ("sweep", "plan", "report", "curves"):
        print(command, main([command, *words]), file=sys.stderr)
    assert held() == before
    place.chmod(usual)
assert main(["sweep", *words]) == 0
"""


@pytest.mark.skipif(sys.platform != "linux", reason="drops a right of root's as Linux does")
def test_a_read_only_store_is_told_in_one_line_by_every_command(root):
    line = [sys.executable, "-W", "ignore", "-c", ON_READ_ONLY, str(root)]
    done = subprocess.run(line, capture_output=True, text=True, preexec_fn=as_a_person, check=False)
    assert done.returncode == 0, done.stderr
    told = done.stderr.partition("---\n")[2].splitlines()
    assert told[1::2] == ["sweep 2", "plan 2", "report 2", "curves 2"] * 2
    assert all(each.startswith("harness: ") and str(root) in each for each in told[0::2])


def test_an_error_without_words_is_told_by_its_name(store):
    with pytest.raises(StoreError, match=r"\(OSError\)"), store.told():
        raise OSError
    assert stores.shown(store.uri).endswith("mlflow.db")
