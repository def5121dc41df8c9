import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.cell import run_cell
from harness.errors import StoreError
from harness.records import CellResult, Outcome, Trial
from harness.tracking import finding, reading, sweeps
from harness.tracking.claims import Claims
from harness.tracking.recorder import Recorder
from harness.tracking.store import database, open_store

TRIAL = Trial(
    number=0,
    params={"rate": 0.1 + 0.2, "units": 7, "activation": "relu", "flag": True, "none": None},
    outcome=Outcome.COMPLETE,
    value=1 / 3,
    error=0.1,
    step=40,
    points=((20, 2 / 3), (40, 1 / 3)),
    seconds=0.25,
    message="",
)


@pytest.fixture
def store(root):
    return open_store(root)


@pytest.fixture
def recorder(store, task):
    return Recorder(store, task, "seed: 0\n")


def result(**change):
    correct = np.packbits(np.arange(200) % 4 > 0).tobytes()
    base = CellResult(Outcome.COMPLETE, 1, 0, 0.1, 0.25, 0.5, correct, 0.01, 0.02, environment={"numpy": "2"})
    return replace(base, **change)


def runs(store, kind):
    experiments = [e.experiment_id for e in store.client.search_experiments()]
    return finding.search(store.client, experiments, f"tags.kind = '{kind}'")


def test_a_trial_is_read_back_bit_for_bit(recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.claim(cell)
    recorder.begin(cell)
    others = [
        replace(TRIAL, number=1, outcome=Outcome.PRUNED, value=None, error=None, step=None),
        replace(TRIAL, number=2, outcome=Outcome.FAILED, value=None, points=(), message="ValueError: no"),
    ]
    for trial in (TRIAL, *others):
        recorder.trial(cell, trial)
    assert recorder.begin(cell) == (TRIAL, *others)


def test_the_traceback_of_a_failed_trial_is_an_artifact_of_its_run(store, recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.begin(cell)
    failed = replace(TRIAL, outcome=Outcome.FAILED, value=None, traceback="Traceback: line 7")
    recorder.trial(cell, failed)
    (run,) = runs(store, "trial")
    kept = store.client.download_artifacts(run.info.run_id, "traceback.txt")
    assert Path(kept).read_text() == "Traceback: line 7"
    assert recorder.begin(cell) == (failed,)


def test_what_a_learner_said_in_half_characters_is_recorded(store, recorder, make_cell, logistic):
    cell, said = make_cell(logistic), "FileNotFoundError: no file caf\udce9.csv"
    recorder.begin(cell)
    failed = replace(TRIAL, outcome=Outcome.FAILED, value=None, message=said, traceback=said)
    recorder.trial(cell, failed)
    recorder.result(cell, CellResult(Outcome.FAILED, 1, message=said))
    (run,) = runs(store, "trial")
    assert run.data.tags["message"] == r"FileNotFoundError: no file caf\udce9.csv"
    (cell_run,) = runs(store, "cell")
    assert cell_run.data.tags["message"] == r"FileNotFoundError: no file caf\udce9.csv"


def test_a_cell_is_read_back_with_its_correctness_and_model(store, recorder, make_cell, logistic, task):
    cell = make_cell(logistic, repeat=0, trials=2)
    recorder.begin(cell)
    events = []
    run_cell(cell, task, (), events.append)
    for event in events[1:-1:2]:
        recorder.trial(cell, event.trial)
    recorder.result(cell, events[-1].result)
    (found,) = reading.ended_cells(store, task.name).values()
    assert (found.key, found.family, found.size, found.repeat) == (cell.key, "logistic", 90, 0)
    assert found.test_error == events[-1].result.test_error
    assert found.test_rows == 200
    assert reading.correctness(store, [found])[cell.key] == events[-1].result.correct
    learner = reading.load_model(found.run_id, store.root)
    assert float(np.mean(learner.predict(task.X_test) != task.y_test)) == pytest.approx(found.test_error)


def test_the_trials_of_cells_are_read_by_key_in_the_order_of_their_numbers(
    store, recorder, make_cell, logistic, task
):
    cells = [make_cell(logistic, repeat=repeat) for repeat in range(3)]
    for cell in cells:
        recorder.begin(cell)
        for number in (1, 0):
            recorder.trial(cell, replace(TRIAL, number=number, seconds=1 / 3 + cell.repeat))
        recorder.result(cell, result(trials=2))
    ended = reading.ended_cells(store, task.name)
    wanted = [ended[cell.key] for cell in cells[:2]]
    found = reading.trials_of(store, wanted)
    assert found == {
        cell.key: tuple(replace(TRIAL, number=number, seconds=1 / 3 + cell.repeat) for number in (0, 1))
        for cell in cells[:2]
    }


def test_trials_are_asked_for_once_however_many_the_cells(
    store, recorder, make_cell, logistic, task, monkeypatch
):
    for repeat in range(4):
        cell = make_cell(logistic, repeat=repeat)
        recorder.begin(cell)
        recorder.trial(cell, TRIAL)
        recorder.result(cell, result())
    records = reading.ended_cells(store, task.name).values()
    asked, find = [], reading.find
    monkeypatch.setattr(reading, "find", lambda *words, **tags: asked.append(tags) or find(*words, **tags))
    assert sum(map(len, reading.trials_of(store, records).values())) == 4
    assert len(asked) == 1
    assert reading.trials_of(store, []) == {}
    assert len(asked) == 1


def test_a_trial_cut_off_and_one_of_a_removed_cell_are_not_read(store, recorder, make_cell, logistic, task):
    failed, done = make_cell(logistic, repeat=0), make_cell(logistic, repeat=1)
    for cell in (failed, done):
        recorder.begin(cell)
        recorder.trial(cell, TRIAL)
    recorder.result(failed, CellResult(Outcome.FAILED, 1, message="no trial completed"))
    recorder.begin(failed)  # anew
    recorder.trial(done, replace(TRIAL, number=1))
    store.client.update_run(runs(store, "trial")[-1].info.run_id, status="RUNNING")
    recorder.result(done, result())
    ended = reading.ended_cells(store, task.name)
    assert reading.trials_of(store, ended.values()) == {done.key: (TRIAL,)}


def test_a_complete_cell_is_done_and_a_failed_one_begins_anew(store, recorder, make_cell, logistic):
    done, failed = make_cell(logistic, repeat=0), make_cell(logistic, repeat=1)
    for cell in (done, failed):
        recorder.begin(cell)
        recorder.trial(cell, TRIAL)
    recorder.result(done, result())
    recorder.result(failed, CellResult(Outcome.FAILED, 1, message="no trial completed"))
    assert recorder.begin(done) is None
    assert recorder.begin(failed) == ()
    assert len(runs(store, "trial")) == 1


def test_a_trial_cut_off_before_its_terminal_status_never_happened(store, recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, TRIAL)
    recorder.trial(cell, replace(TRIAL, number=1))
    last = runs(store, "trial")[-1]
    store.client.update_run(last.info.run_id, status="RUNNING")
    assert recorder.begin(cell) == (TRIAL,)
    assert len(runs(store, "trial")) == 1


def test_no_run_is_left_running_after_a_result(store, recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, TRIAL)
    recorder.result(cell, result())
    assert {run.info.status for run in runs(store, "cell") + runs(store, "trial")} == {"FINISHED"}


def test_trials_are_children_of_their_cell(store, recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.trial(cell, TRIAL)
    (parent,), (child,) = runs(store, "cell"), runs(store, "trial")
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.params["rate"] == repr(0.1 + 0.2)


def test_nothing_resolved_is_recorded(store, recorder, make_cell, logistic, monkeypatch):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.result(cell, result())
    (run,) = runs(store, "cell")
    assert reading.artifact(store, run.info.run_id, "config.yaml").read_text() == "seed: 0\n"
    held = json.loads(reading.artifact(store, run.info.run_id, "cell.json").read_text())
    assert held["environment"] == {"numpy": "2"}


def test_a_claim_held_by_another_process_is_not_given_twice(tmp_path):
    code = (
        "import sys; from pathlib import Path; from harness.tracking.claims import Claims\n"
        "claims = Claims(Path(sys.argv[1])); print(claims.take('a'), flush=True); sys.stdin.read()\n"
    )
    path = tmp_path / ".claims"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "True\n"
        mine = Claims(path)
        assert not mine.take("a")
        assert mine.take("b")
        other.kill()
        other.wait()
        assert mine.take("a")
    finally:
        other.kill()
        other.communicate()


def test_two_processes_that_make_the_store_at_once_both_succeed(tmp_path):
    code = "import sys; from pathlib import Path; from harness.tracking.store import open_store\n"
    code += "print(open_store(Path(sys.argv[1])).experiment('x'))\n"
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate()[0].strip().splitlines()[-1] for process in both]
    assert told[0] == told[1]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(file.name for file in tmp_path.iterdir() if file.suffix == ".db") == ["mlflow.db"]


def test_a_database_that_is_none_is_refused_by_its_path(root):
    database(root).write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match=r"mlflow\.db"):
        open_store(root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot write"):
        open_store(tmp_path / "records")


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "records").write_text("")
    with pytest.raises(StoreError, match="cannot write the records below"):
        open_store(tmp_path / "records")


def test_a_folder_whose_name_no_address_can_hold_is_refused(tmp_path):
    with pytest.raises(StoreError, match="holds %, which the address of a"):
        open_store(tmp_path / "100%20")


def test_a_password_in_an_address_is_not_shown(store):
    assert "secret" not in replace(store, uri="https://me:secret@host/x?token=secret").label


def test_a_sweep_is_written_anew_and_the_old_one_removed(store, recorder, make_cell, logistic, task):
    from harness.curves import from_cells

    cells = [make_cell(logistic, size=size, repeat=repeat) for size in (64, 90) for repeat in (0, 1)]
    for cell in cells:
        recorder.begin(cell)
        recorder.trial(cell, TRIAL)
        recorder.result(cell, result())
    records = list(reading.ended_cells(store, task.name).values())
    labels = {"logistic": "logistic regression"}
    drawn = from_cells(reading.frame(records, labels, reading.correctness(store, records)))
    experiment = store.experiment(task.name)
    for _ in range(2):
        sweeps.write_sweep(store, experiment, "blobs", records, drawn, labels, [], "seed: 0\n")
    (sweep,), (curve,) = runs(store, "sweep"), runs(store, "curve")
    assert curve.data.tags["mlflow.parentRunId"] == sweep.info.run_id
    history = store.client.get_metric_history(curve.info.run_id, "test_error")
    assert sorted((point.step, point.value) for point in history) == [(64, 0.25), (90, 0.25)]
    assert len(reading.read_cells("blobs", store.root)) == 4


def test_a_sweep_that_is_not_there_is_named(store):
    with pytest.raises(StoreError, match="no sweep named 'nothing'"):
        reading.read_cells("nothing", store.root)


def test_reading_where_nothing_was_recorded_says_what_to_run(tmp_path):
    with pytest.raises(StoreError, match="run harness sweep first"):
        reading.read_cells("digits", tmp_path)


def test_a_run_without_a_model_says_why_and_a_wrong_id_that_it_is_none(store, recorder, make_cell, logistic):
    cell = make_cell(logistic)
    recorder.begin(cell)
    recorder.result(cell, result())
    (run,) = runs(store, "cell")
    with pytest.raises(StoreError, match=r"has no model in .*; models are kept for cells of repeat 0"):
        reading.load_model(run.info.run_id, store.root)
    with pytest.raises(StoreError) as error:
        reading.load_model("0" * 32, store.root)
    assert "models are kept" not in str(error.value)
