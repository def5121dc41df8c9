"""Damaged cells and sweeps: named, left alone while they are held, removed, and made again as they were."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness import plan, sweep
from harness.config import DataSettings, DoctorConfig
from harness.doctor import mend, records
from harness.doctor.check import line
from harness.errors import DamageError, StoreError
from harness.records import CellResult, Outcome, Trial
from harness.tracking import damage, finding, leftovers, reading, sweeps
from harness.tracking.claims import Claims
from harness.tracking.recorder import Recorder
from harness.tracking.store import database, open_store

CORRECT = np.packbits(np.arange(200) % 4 > 0).tobytes()


@pytest.fixture
def store(root):
    return open_store(root)


@pytest.fixture
def cells(store, task, make_cell, logistic):
    """Three complete cells of two trials, and one that was cut off after two."""
    recorder, made = Recorder(store, task, "seed: 0\n"), [make_cell(logistic, repeat=at) for at in range(4)]
    for cell in made:
        recorder.begin(cell)
        for number in range(2):
            recorder.trial(cell, Trial(number, {"C": 0.1 + number}, Outcome.COMPLETE, 0.2, 0.1, seconds=0.1))
        if cell.repeat < 3:
            recorder.result(cell, CellResult(Outcome.COMPLETE, 2, 0, 0.1, 0.25, 0.5, CORRECT))
    return made


def alter(root, statement, *values):
    """Change the database as nobody should."""
    with closing(sqlite3.connect(database(root))) as connection, connection:
        assert connection.execute(statement, values).rowcount >= 1


def run_of(store, cell, kind="cell"):
    """The newest run of a cell, or of its trials."""
    found = finding.search(store.client, [store.experiment(cell.data)], f"tags.cell = '{cell.key}'")
    return [run for run in found if run.data.tags["kind"] == kind][-1].info.run_id


def change_a_metric(store, run_id):
    alter(store.root, "UPDATE latest_metrics SET value = value + 0.01 WHERE run_uuid = ?", run_id)


def change_a_tag(store, run_id, key, value="x"):
    alter(store.root, "UPDATE tags SET value = ? WHERE key = ? AND run_uuid = ?", value, key, run_id)


def mended(root):
    config = DoctorConfig(root, None, DataSettings("digits", None, {}), "text", fix=True)
    told = [line(check) for check in mend.mend(config, Claims(root.resolve() / ".claims"))]
    return [text for text in told if text.split()[1] != "prepared"]


def looked(root):
    return [(check.status, check.found) for check in records.sound(root)]


def active(store, cell):
    return finding.search(store.client, [store.experiment(cell.data)], f"tags.cell = '{cell.key}'")


# What is found


def test_sound_records_are_ok_those_of_a_cell_under_way_too(store, cells):
    assert looked(store.root) == [("ok", "blobs: 4 cells, 8 trials, each as it was recorded")]
    assert mended(store.root) == []
    assert leftovers.count(database(store.root)) == 4


def harm_a_metric(store, cell):
    change_a_metric(store, run_of(store, cell))


def harm_a_trial(store, cell):
    change_a_tag(store, run_of(store, cell, "trial"), "points", "[[1, 0.5]]")


def lose_a_trial(store, cell):
    store.client.delete_run(run_of(store, cell, "trial"))


def lose_a_trials_place(store, cell):
    change_a_tag(store, run_of(store, cell, "trial"), "mlflow.parentRunId")


def lose_a_digest(store, cell):
    alter(store.root, "DELETE FROM tags WHERE key = 'digest' AND run_uuid = ?", run_of(store, cell))


def harm_an_artifact(store, cell):
    reading.artifact(store, run_of(store, cell), "config.yaml").write_text("seed: 1\n")


def lose_an_artifact(store, cell):
    reading.artifact(store, run_of(store, cell), "correct.npy").unlink()


HARMS = {
    harm_a_metric: "is not what was recorded",
    harm_a_trial: "is not what was recorded",
    lose_a_trial: "must have 2 trials numbered from 0, and has 0",
    lose_a_trials_place: "must have 2 trials numbered from 0, and has 0",
    lose_a_digest: "has no digest",
    harm_an_artifact: "the artifact config.yaml",
    lose_an_artifact: "lacks its artifact correct.npy",
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_cell_is_named_with_the_reason_and_removed_with_its_trials(store, cells, harm):
    harm(store, cells[1])
    (check,) = records.sound(store.root)
    assert check.status == "bad"
    assert check.found.startswith("blobs: 1 of 4 cells damaged, the first logistic n=90 repeat 1 (")
    assert HARMS[harm] in check.found
    assert mended(store.root) == ["fixed records       removed 1 damaged cell of blobs"]
    assert active(store, cells[1]) == []
    assert [status for status, _ in looked(store.root)] == ["ok"]
    assert all(len(active(store, cell)) == 3 for cell in cells if cell is not cells[1])


def test_a_cut_off_cell_with_a_damaged_trial_is_found_and_begins_anew(store, cells, task):
    cut_off = cells[3]
    harm_a_trial(store, cut_off)
    with pytest.raises(DamageError, match=r"harness doctor fix=true removes run \w{32}"):
        Recorder(store, task, "").begin(cut_off)
    assert looked(store.root)[0][0] == "bad"
    assert mended(store.root) == ["fixed records       removed 1 damaged cell of blobs"]
    assert Recorder(store, task, "").begin(cut_off) == ()


def test_what_a_live_driver_holds_is_left_alone(store, cells, holding):
    harm_a_metric(store, cells[0])
    harm_a_trial(store, cells[3])
    driver = holding(store.root, cells[0].key, cells[3].key)
    assert looked(store.root)[0][0] == "ok"
    assert mended(store.root) == []
    driver.communicate()
    assert mended(store.root) == ["fixed records       removed 2 damaged cells of blobs"]


def test_a_cell_that_a_driver_took_between_look_and_removal_is_left_alone(store, cells, holding, monkeypatch):
    harm_a_metric(store, cells[0])
    found = damage.examine(store)
    holding(store.root, cells[0].key)
    monkeypatch.setattr(damage, "examine", lambda store: found)
    assert list(damage.remove(store)) == []
    assert len(active(store, cells[0])) == 3


def test_records_from_before_there_were_digests_are_told_apart(store, cells):
    harm_an_artifact(store, cells[2])
    alter(store.root, "DELETE FROM tags WHERE key = 'digest'")
    (check,) = records.sound(store.root)
    assert check.found.startswith("blobs: 4 of 4 cells of a version that made no digests, the first logistic")
    assert "to keep them, use the version that recorded them" in check.remedy
    with pytest.raises(StoreError, match="has no digest: it was lost, or a version that made none recorded"):
        reading.ended_cells(store, "blobs")
    assert mended(store.root) == ["fixed records       removed 4 damaged cells of blobs"]


def test_records_that_were_moved_are_out_of_reach_and_stay(store, cells, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (store.root / "artifacts").rename(elsewhere / "artifacts")
    for file in store.root.glob("mlflow.db*"):
        shutil.copy(file, elsewhere)
    for root in (store.root, elsewhere):  # the folder is not there, or is not where the database says
        (check,) = records.sound(root)
        assert check.found.startswith("blobs: 3 of 4 cells out of reach, the first logistic n=90 repeat 0 (")
        assert "move the records back" in check.remedy
        assert mended(root) == []
    (elsewhere / "artifacts").rename(store.root / "artifacts")
    assert looked(store.root)[0][0] == "ok"


def test_a_store_that_cannot_be_read_is_told(store, cells, monkeypatch):
    def refuse(*_):
        raise StoreError("the records cannot be read")

    monkeypatch.setattr(damage, "examine", refuse)
    told = mended(store.root)
    assert told == ["warn  records       could not be mended (the records cannot be read)"]


# A sweep meets damage


def numbers(config):
    """All that a sweep gives, but seconds and the names of runs."""
    table = pd.read_csv(config.root / "reports" / config.name / "cells.csv")
    store = open_store(config.root)
    ended = reading.ended_cells(store, "digits")
    trials = {
        key: [replace(trial, seconds=0.0) for trial in held]
        for key, held in reading.trials_of(store, ended.values()).items()
    }
    running = finding.search(store.client, [store.experiment("digits")], "attributes.status = 'RUNNING'")
    runs = finding.search(store.client, [store.experiment("digits")], "tags.kind != 'x'")
    table = table.drop(columns=["fit_seconds", "run_id"])
    return table.to_csv(), trials, running, len(runs)


def test_a_damaged_sweep_is_mended_and_swept_again_to_the_same_numbers(config, capsys):
    assert sweep.run(config) == 0
    whole, store, cells = numbers(config), open_store(config.root), plan.of(config).cells
    assert len(cells) == 8
    for harm, cell in zip(HARMS, cells, strict=False):
        harm(store, cell)
    made = sweeps.find_sweep(store, config.name)
    reading.artifact(store, made.info.run_id, sweeps.MEMBERS).write_text("{}")
    with pytest.raises(StoreError, match=r"is not what was recorded; put .* harness doctor fix=true removes"):
        sweep.run(config)
    (check,) = records.sound(config.root)
    assert check.found.startswith("digits: 7 of 8 cells and 1 of 1 sweep damaged, the first ")
    assert mended(config.root) == [
        "fixed records       removed 7 damaged cells of digits",
        "fixed records       removed 1 damaged sweep of digits",
    ]
    capsys.readouterr()
    assert sweep.run(config) == 0
    assert "8 cells on digits, 1 recorded in" in capsys.readouterr().out
    assert numbers(config) == whole
    assert looked(config.root) == [("ok", "digits: 8 cells, 32 trials, each as it was recorded")]


def test_damage_stops_the_sweep_that_it_is_part_of_and_no_other(config, capsys):
    small = replace(config, families=config.families[:1], repeats=replace(config.repeats, beyond=1))
    other = replace(small, name="other", data=replace(config.data, sizes=(96,)))
    assert sweep.run(small) == 0
    harm_a_metric(open_store(config.root), plan.of(small).cells[0])
    assert sweep.run(other) == 0
    assert plan.show(other) == 0
    assert sweep.again(other) == 0
    assert len(reading.read_cells("other", config.root)) == 1
    for refused in (sweep.run, plan.show, sweep.again, sweep.redraw):
        with pytest.raises(DamageError, match="harness doctor fix=true"):
            refused(small)
    with pytest.raises(DamageError, match="is not what was recorded"):
        reading.read_cells("digits", config.root)


def test_a_cell_whose_key_was_changed_is_made_again_and_no_table_lacks_it_in_silence(config, capsys):
    small = replace(config, families=config.families[:1], repeats=replace(config.repeats, beyond=1))
    assert sweep.run(small) == 0
    store = open_store(config.root)
    change_a_tag(store, run_of(store, plan.of(small).cells[0]), "cell", "it's another")
    with pytest.raises(DamageError, match="is not what was recorded"):
        reading.read_cells("digits", config.root)
    assert sweep.run(small) == 0
    assert len(reading.read_cells("digits", config.root)) == 2
    assert mended(config.root) == ["fixed records       removed 1 damaged cell of digits"]
    assert [status for status, _ in looked(config.root)] == ["ok"]
