"""The checkers are tried on planted faults: a machine that cannot find them proves nothing."""

import importlib.util
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest

from tests.reliability import attempts, crash_points, lanes, rows, suites
from tests.reliability.records import Tally, compare, snapshot
from tests.reliability.rows import Row
from tests.reliability.tripwire import Tripwire

FIRST = (  # the runs of one cell
    "run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'cell' "
    "AND value = (SELECT min(value) FROM tags WHERE key = 'cell'))"
)


@pytest.fixture(scope="module")
def ended(template_store, tmp_path_factory):
    """The records of a small sweep that ended well."""
    from harness.cli import main

    root = tmp_path_factory.mktemp("ended") / "records"
    shutil.copytree(template_store, root)
    words = ["data=digits", "model=[logistic_regression_sklearn]", "data.sizes=[64]", "search.trials=3"]
    more = ["repeats=2", "launch=inline", "name=small", "claims.linear=logistic_regression_sklearn"]
    assert main(["sweep", *words, *more, f"tracking.root={root}"]) == 0
    return root


@pytest.fixture
def planted(ended, tmp_path):
    """What a copy of the records counts as after a statement or a deed changed it."""

    def plant(change):
        root = crash_points.relocated(ended, tmp_path / "copy")
        if callable(change):
            change(root)
        else:
            with closing(sqlite3.connect(root / "mlflow.db")) as database, database:
                assert database.execute(change).rowcount > 0
        return compare(snapshot(ended, "small"), snapshot(root, "small"))

    return plant


def of(kind, column="run_uuid"):
    """A condition that holds for one run of that kind."""
    return f"{column} = (SELECT min(run_uuid) FROM tags WHERE key = 'kind' AND value = '{kind}')"


def test_records_are_as_themselves_and_hold_what_is_compared(ended, planted):
    held = snapshot(ended, "small")
    assert (len(held.trials), len(held.cells), len(held.curves)) == (6, 2, 3)
    assert set(held.files) == {"cells.csv", "summary.csv", "forecast.csv", "verdicts.json"}
    assert planted(lambda root: None).counts() == Tally().counts()


def test_a_lost_trial_is_found(planted):
    assert planted(f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE {of('trial')}").lost == 1


def test_a_lost_cell_is_found_and_the_trials_it_leaves(planted):
    tally = planted(f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE {of('cell')}")
    assert (tally.lost, tally.wrong) == (1, 3)


def test_a_run_left_running_is_found(planted):
    tally = planted(f"UPDATE runs SET status = 'RUNNING' WHERE {of('trial')}")
    assert (tally.left, tally.lost) == (1, 1)


def test_a_trial_recorded_twice_is_found(planted):
    tally = planted(f"UPDATE tags SET value = '1' WHERE key = 'number' AND value = '0' AND {FIRST}")
    assert (tally.duplicated, tally.lost) == (1, 1)


def test_a_cell_ended_twice_is_found(planted):
    cells = "run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'kind' AND value = 'cell')"
    tally = planted(
        "UPDATE tags SET value = (SELECT min(value) FROM tags WHERE key = 'cell') "
        f"WHERE key = 'cell' AND {cells}"
    )
    assert (tally.duplicated, tally.lost) == (1, 1)


def test_a_sweep_recorded_twice_is_found(planted):
    tally = planted(f"UPDATE tags SET value = 'sweep' WHERE key = 'kind' AND {of('curve')}")
    assert tally.duplicated == 1


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE metrics SET value = value * (1 + 3e-16) WHERE key = 'value' AND {of('trial')}",
        f"UPDATE params SET value = value || '1' WHERE {of('trial')} AND key = 'C'",
        f"UPDATE tags SET value = 'pruned' WHERE key = 'outcome' AND {of('trial')}",
        f"UPDATE tags SET value = '[]' WHERE key = 'points' AND {of('trial')}",
        f"UPDATE tags SET value = 'late' WHERE key = 'message' AND {of('cell')}",
        f"UPDATE metrics SET value = value + 1e-16 WHERE key = 'test_error' AND {of('cell')}",
        f"UPDATE metrics SET value = value + 1e-16 WHERE key = 'test_error' AND {of('curve')}",
    ],
)
def test_a_changed_bit_is_found(planted, change):
    assert planted(change).different == 1


@pytest.mark.parametrize("clock", ["seconds", "fit_seconds"])
def test_a_clock_is_no_difference(planted, clock):
    assert planted(f"UPDATE metrics SET value = value + 1 WHERE key = '{clock}'").faults == 0


def first(root, name):
    return sorted(root.rglob(name))[0]


def test_a_changed_table_is_found(planted):
    def change(root):
        table = root / "reports" / "small" / "cells.csv"
        text = table.read_text()
        table.write_text(text.replace("complete", "failed", 1))

    assert planted(change).different == 1


def test_a_lost_table_is_found(planted):
    assert planted(lambda root: (root / "reports" / "small" / "summary.csv").unlink()).lost == 1


def test_a_changed_artifact_is_found(planted):
    def change(root):
        file = first(root, "correct.npy")
        file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))

    assert planted(change).different == 1


def test_a_complete_cell_without_its_artifact_is_found(planted):
    assert planted(lambda root: first(root, "correct.npy").unlink()).wrong == 1


# Attempts


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def test_an_attempt_tells_its_status_and_keeps_what_it_said(log):
    attempt = attempts.start(lambda: print("said") or 3, log)
    assert attempt.wait() == 3
    assert log.read_text() == "said\n"


def test_an_attempt_that_raises_shows_its_traceback(log):
    assert attempts.start(lambda: 1 // 0, log).wait() == 99
    assert "ZeroDivisionError" in log.read_text()


def test_an_attempt_is_killed_as_by_kill_9(log):
    attempt = attempts.start(lambda: time.sleep(600) or 0, log)
    assert attempt.wait(0.01) is None
    attempt.kill()
    assert attempt.status == -signal.SIGKILL


def test_a_process_that_is_left_behind_is_found_and_ended(log):
    def leave():
        if os.fork() == 0:
            time.sleep(600)
        return 0

    attempt = attempts.start(leave, log)
    assert attempt.wait() == 0
    assert len(attempt.left(0.0)) == 1
    assert attempt.left(10.0) == []


def test_jobs_side_by_side_answer_each_and_stop_where_enough_is_known():
    answers = []

    def jobs():
        for number in range(100):
            if len(answers) >= 3:
                return
            yield lambda at=number: at**2

    for answer in lanes.side_by_side(jobs(), 2):
        answers.append(answer)  # noqa: PERF402  the jobs look at it
    assert sorted(answers)[:3] == [0, 1, 4]
    assert len(answers) < 6


def test_a_job_that_raises_is_told():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(lanes.side_by_side([lambda: 1 // 0], 1))


# Crash points


def test_a_crash_point_ends_the_process_at_that_write_and_at_no_other(tmp_path):
    root = tmp_path / "root"

    def work(at):
        def run():
            Tripwire(root, tmp_path / "points", at).listen()
            root.mkdir()
            for name in ("a", "b"):
                (root / name).write_text(name)
            (root / "b").replace(root / "c")
            return 0

        return run

    assert attempts.start(work(None), tmp_path / "log").wait() == 0
    points = (tmp_path / "points").read_text().splitlines()
    assert points == ["before mkdir of ", "before open of /a", "before open of /b", "before rename of /b"]
    shutil.rmtree(root)
    assert attempts.start(work(2), tmp_path / "log").wait() == -signal.SIGKILL
    assert sorted(os.listdir(root)) == ["a"]


# The table


def test_the_table_counts_every_fault_and_shows_it():
    row = Row("kills", 120, lost=1, different=2, left=1, wrong=1, seconds=3.2, note="round 3: lost a | b")
    assert row.faults == 5
    assert "kills" in rows.as_text([row])
    assert "| kills | 120 | 1 | 0 | 2 | 1 | 1 | 3 | round 3: lost a \\| b |" in rows.as_markdown([row], "w")


@pytest.mark.parametrize("files", suites.TESTS.values(), ids=suites.TESTS)
def test_every_table_that_is_counted_is_there(files):
    assert [name for name in files if not (suites.REPOSITORY / name.partition("::")[0]).is_file()] == []


def test_a_table_that_is_not_there_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(
        suites, "TESTS", {"one of two": ("tests/harness/test_seeds.py", "tests/harness/test_absent.py")}
    )
    (absent,) = suites.tables(tmp_path / "tables")
    assert (absent.faults, absent.tried) == (1, 0)
    assert "tests/harness/test_absent.py" in absent.note


def test_what_attempts_import_first_is_there():
    assert [name for name in attempts.NEEDED if importlib.util.find_spec(name) is None] == []


def test_a_part_that_cannot_be_tried_here_is_no_fault_and_no_number():
    row = rows.absent("full disk", "needs Linux")
    assert row.faults == 0
    assert "| full disk |  |" in rows.as_markdown([row, replace(row, what="x")], "words")


def test_the_table_is_put_between_the_markers_and_nowhere_else(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"before\n{rows.BEGIN}\nold\n{rows.END}\nafter\n")
    rows.write_between_markers(file, "new")
    assert file.read_text() == f"before\n{rows.BEGIN}\nnew\n{rows.END}\nafter\n"
    file.write_text("no markers")
    with pytest.raises(ValueError, match="lacks"):
        rows.write_between_markers(file, "new")
