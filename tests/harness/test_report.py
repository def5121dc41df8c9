import csv
from dataclasses import replace

import pytest

from harness import plan as planning
from harness import report, sweep
from harness.config import DataSettings, RepeatRule
from harness.errors import ConfigError
from harness.records import SearchSettings


def rows(config, name):
    with (report.folder(config) / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_leaves_its_picture_and_its_tables(config, capsys):
    assert sweep.run(config) == 0
    assert all((report.folder(config) / name).stat().st_size > 0 for name in report.FILES)
    cells = rows(config, "cells.csv")
    assert list(cells[0]) == list(report.CELL_COLUMNS)
    assert len(cells) == 8
    summary = {(row["family"], row["size"]): row for row in rows(config, "summary.csv")}
    for (family, size), row in summary.items():
        errors = [float(c["test_error"]) for c in cells if (c["family"], c["size"]) == (family, size)]
        assert float(row["mean"]) == pytest.approx(sum(errors) / len(errors))
        assert float(row["low"]) <= float(row["mean"]) <= float(row["high"])
    assert "curves.png" in capsys.readouterr().out


def test_the_same_sweep_again_runs_and_writes_nothing(config, capsys):
    sweep.run(config)
    before = {file.name: file.stat().st_mtime_ns for file in report.folder(config).iterdir()}
    capsys.readouterr()
    assert sweep.run(config) == 0
    assert "8 recorded" in capsys.readouterr().out
    assert {file.name: file.stat().st_mtime_ns for file in report.folder(config).iterdir()} == before


def test_a_removed_picture_is_drawn_again_without_running_a_cell(config, capsys):
    sweep.run(config)
    picture = report.folder(config) / "curves.png"
    drawn = picture.read_bytes()
    picture.unlink()
    capsys.readouterr()
    sweep.run(config)
    assert picture.read_bytes() == drawn
    assert "0 to run" in capsys.readouterr().out


def test_adding_a_size_a_repeat_and_a_family_runs_only_the_new_cells(config, capsys):
    sweep.run(replace(config, families=config.families[:1]))
    capsys.readouterr()
    sizes = DataSettings("digits", (64, 128, 200), {})
    sweep.run(replace(config, data=sizes, repeats=RepeatRule((), 3)))
    assert "18 cells on digits, 4 recorded" in capsys.readouterr().out
    assert len(rows(config, "cells.csv")) == 18


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "seed=0, this sweep has seed=1"),
        ({"search": SearchSettings(trials=5)}, "search.trials=4, this sweep has search.trials=5"),
    ],
)
def test_a_folder_of_another_configuration_is_refused_naming_both(config, task, change, named):
    sweep.run(config)
    with pytest.raises(ConfigError, match=named) as refused:
        sweep.run(replace(config, **change))
    assert "name=digits-2" in str(refused.value)


def test_a_sweep_that_would_drop_a_family_from_the_picture_is_refused(config):
    sweep.run(config)
    with pytest.raises(ConfigError, match="also shows network"):
        sweep.run(replace(config, families=config.families[:1]))


def test_a_sweeps_run_that_was_removed_is_written_again(config, capsys):
    from harness.tracking import reading, sweeps

    sweep.run(config)
    store = reading.existing_store(config.root, None)
    store.client.delete_run(sweeps.find_sweep(store, "digits").info.run_id)
    assert sweep.run(config) == 0
    assert len(reading.read_cells("digits", config.root)) == 8


def test_redrawing_runs_nothing_and_says_what_is_absent(config, capsys):
    sweep.run(config)
    more = replace(config, data=DataSettings("digits", (64, 128, 200), {}))
    assert sweep.redraw(more) == 1
    assert "4 cells are not recorded yet" in capsys.readouterr().out
    assert len(rows(config, "cells.csv")) == 8


def test_a_sweep_whose_cells_fail_says_so_and_ends_with_status_1(config, capsys):
    broken = replace(config.families[0], name="broken", space={"C": {"choices": [-1.0, -2.0]}})
    assert sweep.run(replace(config, families=(broken, config.families[1]))) == 1
    told = capsys.readouterr()
    assert "4 cells failed, the first broken n=64 repeat 0 (no trial of 4 completed" in told.out
    assert {row["outcome"] for row in rows(config, "cells.csv")} == {"complete", "failed"}


def test_the_caption_tells_data_protocol_and_what_was_left_out(config, task):
    capped = replace(config, families=(replace(config.families[0], max_size=100), config.families[1]))
    text = report.caption(capped, planning.make(capped, task))
    for part in (
        "blobs",
        "400 rows",
        "200 fixed test rows",
        "2 repeats",
        "4 trials",
        "95 %",
        "logistic above",
    ):
        assert part in text


def test_the_python_face_reads_draws_and_predicts(config):
    import harness
    from harness.data import load

    sweep.run(config)
    cells = harness.read_cells("digits", config.root)
    assert list(cells["family"].unique()) == ["logistic", "network"]
    assert harness.plot_curves(cells).axes
    digits = load("digits", {}, config.root / "cache")
    for cell in cells[cells["repeat"] == 0].itertuples():
        learner = harness.load_model(cell.run_id, config.root)
        assert (learner.predict(digits.X_test) != digits.y_test).mean() == pytest.approx(cell.test_error)
