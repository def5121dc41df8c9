"""What is written past the client is what the client writes, and what is read past it is what it reads."""

import json
import math
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import StoreError
from harness.records import CellResult, Outcome, Trial
from harness.tracking import digests, finding, recorder, tables, trials, writing
from harness.tracking.database import mlflow_revisions
from harness.tracking.recorder import Recorder
from harness.tracking.store import database, open_store
from harness.tracking.writing import Held, Times

WRITTEN = ("runs", "tags", "params", "metrics", "latest_metrics", "datasets", "inputs", "input_tags")
SETTING = {"rate": 0.1 + 0.2, "units": 7, "activation": "relu", "flag": True, "none": None}
POINTS = tuple((step, 1 / step) for step in range(1, 21))
TRIALS = [
    Trial(0, SETTING, Outcome.COMPLETE, 1 / 3, 0.1, 40, POINTS, 0.25),
    Trial(1, SETTING, Outcome.PRUNED, points=POINTS[:3], seconds=1 / 7),
    Trial(2, SETTING, Outcome.DIVERGED, seconds=1e-9, message="loss 'nan' at step 7\nü"),
    Trial(3, {}, Outcome.FAILED, seconds=3.0, message="ValueError: no", traceback="Traceback: line 7"),
    Trial(4, SETTING, Outcome.TIMED_OUT, -0.0, 5e-324, 0, (), 1e9),
]
CORRECT = np.packbits(np.arange(200) % 4 > 0).tobytes()
COMPLETE = CellResult(Outcome.COMPLETE, 5, 0, 0.1, 0.25, 0.5, CORRECT, 0.01, 0.02, environment={"numpy": "2"})
FAILED = CellResult(Outcome.FAILED, 0, message="no trial of 0 completed")


@pytest.fixture
def store(root):
    return open_store(root)


@pytest.fixture
def cells(make_cell, logistic):
    return [make_cell(logistic, repeat=repeat) for repeat in range(4)]


@pytest.fixture
def clock(monkeypatch):
    """A clock that says the same whichever way is taken: a millisecond more each time it is asked."""

    def start():
        ticks = iter(range(10**6))
        fake = SimpleNamespace(time=lambda: 1.7e9 + next(ticks) / 1000)
        monkeypatch.setattr(trials, "time", fake)
        monkeypatch.setattr(recorder, "time", fake)

    return start


def client_alone(store):
    return replace(store, tables=None)


def record(store, task, cells):
    """A complete cell, a failed one, one that was deleted, and one under way."""
    pen = Recorder(store, task, "seed: 0\n")
    complete, failed, deleted, running = cells
    for cell in cells:
        assert pen.claim(cell)
        assert pen.begin(cell) == ()
    for cell in (complete, deleted, running):
        for trial in TRIALS:
            pen.trial(cell, trial)
    pen.result(complete, COMPLETE)
    pen.result(failed, FAILED)
    pen.result(deleted, COMPLETE)
    for cell in cells:
        pen.release(cell)
    experiment = store.experiment(task.name)
    (run,) = finding.search(store.client, [experiment], f"tags.kind = 'cell' and tags.cell = '{deleted.key}'")
    for each in (*finding.children(store.client, run), run):
        store.client.delete_run(each.info.run_id)


def rows(root):
    """Every row of what is written, ids that are drawn at random named by what they stand for."""
    with closing(sqlite3.connect(database(root))) as connection:
        names = dict(connection.execute("SELECT run_uuid, value FROM tags WHERE key = 'cell'"))
        own = dict(connection.execute("SELECT run_uuid, name FROM runs"))
        deleted = {run for (run,) in connection.execute("SELECT run_uuid FROM runs WHERE deleted_time > 0")}
        connection.execute("UPDATE runs SET deleted_time = 1 WHERE deleted_time > 0")
        text = {table: _texts(connection, table) for table in WRITTEN}
    assert len(deleted) == len(TRIALS) + 1
    named = {run: f"{own[run]} of {names[run]}" for run in own}
    return {table: sorted(_named(line, root, named) for line in lines) for table, lines in text.items()}


def _texts(connection, table):
    cursor = connection.execute(f"SELECT * FROM {table}")
    columns = [column for column, *_ in cursor.description]
    return [json.dumps(dict(zip(columns, row, strict=True))) for row in cursor]


def _named(line, root, named):
    line = line.replace(root.resolve().as_uri(), "ROOT")
    for run, name in named.items():
        line = line.replace(run, name)
    line = re.sub(r'("(dataset_uuid|input_uuid|source_id)": )"[0-9a-f]{32}"', r'\1"drawn"', line)
    return re.sub(r'("key": "digest", "value": )"[0-9a-f]{64}"', r'\1"of the above"', line)


def test_a_sweep_written_whole_leaves_the_rows_that_the_client_leaves(
    template_store, tmp_path, task, cells, clock
):
    found = []
    for name, way in (("whole", lambda store: store), ("client", client_alone)):
        root = shutil.copytree(template_store, tmp_path / name, ignore=shutil.ignore_patterns(".claims"))
        clock()
        store = way(open_store(root))
        record(store, task, cells)
        found.append(rows(root))
        for kind in ("cell", "trial"):
            for run in finding.find(store, [store.experiment(task.name)], "!RUNNING", kind=kind):
                digests.check(run, "")
    assert len(found[0]["runs"]) == len(cells) + 3 * len(TRIALS)
    assert [name for name, lines in found[0].items() if not lines] == ["input_tags"]
    assert found[0] == found[1]


def plain(run):
    return vars(run.info), run.data.tags, run.data.metrics, run.data.params


def test_what_is_found_past_the_client_is_what_the_client_finds(store, task, cells):
    record(store, task, cells)
    alter(store, "UPDATE tags SET value = 'x' WHERE key = 'digest'")
    alter(store, "UPDATE latest_metrics SET is_nan = 1, value = 0 WHERE key = 'step'")
    alter(store, "DELETE FROM tags WHERE key = 'points' AND value = '[]'")
    experiments, counts = [store.experiment(task.name), store.experiment("other")], []
    for status in ("!RUNNING", "RUNNING", "FINISHED", "FAILED"):
        for tags in ({"kind": "cell"}, {"kind": "trial"}, {"kind": "trial", "number": "2"}, {}):
            found = list(finding.find(store, experiments, status, **tags))
            wanted = list(finding.find(client_alone(store), experiments, status, **tags))
            assert [repr(plain(run)) for run in found] == [repr(plain(run)) for run in wanted]
            assert list(finding.find(store, experiments[1:], status, **tags)) == []
            counts.append(len(found))
    assert counts == [2, 10, 2, 12, 1, 0, 0, 1, 1, 4, 0, 5, 1, 6, 2, 7]


def alter(store, statement):
    with closing(sqlite3.connect(database(store.root))) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def test_the_tables_of_the_installed_mlflow_are_known():
    assert set(tables.KNOWN) >= mlflow_revisions()[1]


def test_tables_of_another_revision_are_left_to_the_client(root, task, cells, monkeypatch):
    monkeypatch.setattr(tables, "KNOWN", ())
    store = open_store(root)
    assert store.tables is None
    record(store, task, cells)
    pen = Recorder(store, task, "")
    assert pen.begin(cells[0]) is None
    assert pen.begin(cells[3]) == tuple(TRIALS)


@pytest.mark.parametrize(
    "held",
    [
        Held({}, {"a/b": 1.0}, {}),
        Held({}, {"nan": math.nan}, {}),
        Held({}, {"huge": -math.inf}, {}),
        Held({}, {}, {"é": "1"}),
        Held({}, {}, {"x" * 251: "1"}),
        Held({}, {}, {"long": "x" * 6001}),
        Held({"long": "x" * 8001}, {}, {}),
    ],
    ids=["path", "nan", "inf", "letter", "name", "value", "tag"],
)
def test_what_mlflow_may_change_goes_through_its_client(store, held, monkeypatch):
    monkeypatch.setattr(writing, "_insert_run", None)
    monkeypatch.setattr(store.client, "create_run", lambda *words: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writing.new_run(store, "0", "x", "FINISHED", Times(1, 2), held)


@pytest.mark.parametrize("write", ["trial", "result"])
def test_a_write_that_fails_half_way_leaves_nothing(store, task, cells, write, monkeypatch):
    pen = Recorder(store, task, "")
    pen.begin(cells[0])
    before = contents(store)

    def fail(*words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_pairs" if write == "trial" else "_use", fail)
    with pytest.raises(StoreError, match="No space left on device"):
        pen.trial(cells[0], TRIALS[0]) if write == "trial" else pen.result(cells[0], COMPLETE)
    monkeypatch.undo()
    assert contents(store) == before
    pen.trial(cells[0], TRIALS[0])
    pen.result(cells[0], replace(COMPLETE, trials=1))
    assert Recorder(store, task, "").begin(cells[0]) is None


def contents(store):
    with closing(sqlite3.connect(database(store.root))) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in WRITTEN}


def test_nothing_is_written_into_what_was_deleted_meanwhile(store, task, cells):
    pen = Recorder(store, task, "")
    pen.begin(cells[0])
    store.client.delete_experiment(store.experiment(task.name))
    before = contents(store)
    with pytest.raises(StoreError, match=r"experiment \d+ was deleted"):
        pen.trial(cells[0], TRIALS[0])
    with pytest.raises(StoreError, match=r"run \w+ was deleted"):
        pen.result(cells[0], COMPLETE)
    assert contents(store) == before


def test_a_cell_of_another_driver_is_found_after_the_first_look(store, task, cells):
    first, second = Recorder(store, task, ""), Recorder(client_alone(store), task, "")
    first.begin(cells[0])
    second.begin(cells[1])
    second.trial(cells[1], TRIALS[0])
    assert first.begin(cells[1]) == (TRIALS[0],)
    second.result(cells[1], replace(COMPLETE, trials=1))
    assert first.begin(cells[1]) is None


def test_a_cell_is_found_where_its_row_has_the_number_of_one_that_was_purged(store, task, cells):
    first, second = Recorder(store, task, ""), Recorder(store, task, "")
    first.begin(cells[0])
    first.begin(cells[1])
    last = "(SELECT run_uuid FROM runs ORDER BY rowid DESC LIMIT 1)"
    alter(store, f"DELETE FROM tags WHERE run_uuid = {last}")
    alter(store, f"DELETE FROM runs WHERE run_uuid = {last}")
    second.begin(cells[2])
    second.trial(cells[2], TRIALS[0])
    assert first.begin(cells[2]) == (TRIALS[0],)
    assert first.begin(cells[0]) == ()
