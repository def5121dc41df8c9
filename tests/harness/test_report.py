import csv
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from harness import launch, plots, report, sweep
from harness import plan as planning
from harness.config import DataSettings, RepeatRule
from harness.errors import ConfigError, StoreError
from harness.records import ClaimSettings, SearchSettings
from harness.report.pictures import Picture


@contextmanager
def hurried():
    """The page without its pictures and importances, which take seconds; `undo()` gives them back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.report.pictures.draw", lambda _, alt: Picture("data:,", "data:,", 1, 1, alt))
        patch.setattr("harness.report.findings.importances", lambda *_: {})
        yield patch


@pytest.fixture(autouse=True)
def quick():
    with hurried() as patch:
        yield patch


@pytest.fixture(scope="module")
def recorded(config_at, template_store, tmp_path_factory):
    """The folder of one sweep, for every test that begins with it."""
    folder = tmp_path_factory.mktemp("recorded")
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, folder / file.name)
    with hurried():
        assert sweep.run(config_at(folder)) == 0
    return folder


@pytest.fixture
def swept(config, recorded):
    """The sweep, run: a copy of its folder, in which the store's addresses are those of the copy."""
    shutil.copytree(recorded, config.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.db-shm"))
    with closing(sqlite3.connect(config.root / "mlflow.db")) as connection, connection:
        for table, column in (("runs", "artifact_uri"), ("experiments", "artifact_location")):
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"
            connection.execute(change, (recorded.as_uri(), config.root.as_uri()))
    return config


def rows(config, name):
    with (report.folder(config) / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_leaves_its_picture_and_its_tables(config, capsys, quick):
    quick.undo()
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
    told = capsys.readouterr().out.splitlines()
    assert told[1].startswith("report:  ")
    assert told[1].endswith("report.html")
    assert "curves.png" in told[2]


def test_the_same_sweep_again_runs_and_writes_nothing(swept, capsys):
    before = {file.name: file.stat().st_mtime_ns for file in report.folder(swept).iterdir()}
    capsys.readouterr()
    assert sweep.run(swept) == 0
    assert "8 recorded" in capsys.readouterr().out
    assert {file.name: file.stat().st_mtime_ns for file in report.folder(swept).iterdir()} == before


def test_a_removed_picture_is_drawn_again_without_running_a_cell(swept, capsys):
    picture = report.folder(swept) / "curves.png"
    drawn = picture.read_bytes()
    picture.unlink()
    capsys.readouterr()
    sweep.run(swept)
    assert picture.read_bytes() == drawn
    assert "0 to run" in capsys.readouterr().out


def test_adding_a_size_a_repeat_and_a_family_runs_only_the_new_cells(config, capsys):
    sweep.run(replace(config, families=config.families[:1]))
    capsys.readouterr()
    sizes = DataSettings("digits", (64, 128, 200), {})
    sweep.run(replace(config, data=sizes, repeats=RepeatRule((), 3)))
    assert "18 cells on digits, 4 recorded" in capsys.readouterr().out
    assert len(rows(config, "cells.csv")) == 18


OTHERS = {
    "seed=0, this sweep has seed=1": {"seed": 1},
    "search.trials=4, this sweep has search.trials=5": {"search": SearchSettings(trials=5)},
    "search.trials=4, this sweep has search.trials=None": {"search": SearchSettings(studies=(2, 2))},
    "claims.margin=2.0, this sweep has claims.margin=1.0": {"claims": ClaimSettings(0.01)},
}


def test_a_folder_of_another_configuration_is_refused_naming_both(swept):
    for named, change in OTHERS.items():
        with pytest.raises(ConfigError, match=named) as refused:
            sweep.run(replace(swept, **change))
        assert "name=digits-2" in str(refused.value)


def test_a_sweep_of_several_studies_is_known_again(config, capsys):
    config = replace(config, search=SearchSettings(studies=(2, 1)))
    sweep.run(config)
    assert sweep.run(config) == 0
    assert "0 to run" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"search\.studies=2x1, this sweep has search\.studies=1x2"):
        sweep.run(replace(config, search=SearchSettings(studies=(1, 2))))


def test_a_sweep_that_would_drop_a_family_from_the_picture_is_refused(swept):
    with pytest.raises(ConfigError, match="also shows network"):
        sweep.run(replace(swept, families=swept.families[:1]))


def test_a_sweeps_run_that_was_removed_is_written_again(swept, capsys):
    from harness.tracking import reading, sweeps

    store = reading.existing_store(swept.root, None)
    store.client.delete_run(sweeps.find_sweep(store, "digits").info.run_id)
    assert sweep.run(swept) == 0
    assert len(reading.read_cells("digits", swept.root)) == 8


def test_the_report_again_is_the_same_and_runs_nothing(config, capsys, quick):
    quick.undo()
    sweep.run(config)
    before = {name: (report.folder(config) / name).read_bytes() for name in report.FILES}
    (report.folder(config) / "report.html").unlink()
    capsys.readouterr()
    assert sweep.again(config) == 0
    assert "report.html" in capsys.readouterr().out
    assert {name: (report.folder(config) / name).read_bytes() for name in report.FILES} == before


def test_a_report_that_other_settings_have_made_is_named(swept, capsys):
    assert sweep.again(replace(swept, name="other", seed=7)) == 1
    told = capsys.readouterr().err
    assert "other: none of the 8 cells that these settings ask for is recorded; repeat the settings" in told
    assert told.endswith(f"(reports are here of {swept.name})\n")


def test_the_report_is_kept_with_the_sweeps_run(swept):
    from harness.tracking import reading, sweeps

    store = reading.existing_store(swept.root, None)
    run_id = sweeps.find_sweep(store, "digits").info.run_id
    kept = {file.path for file in store.client.list_artifacts(run_id)}
    assert set(report.FILES) <= kept


def test_curves_alone_call_a_report_of_other_cells_stale(swept, capsys):
    capsys.readouterr()
    sweep.redraw(swept)
    assert "older" not in capsys.readouterr().out
    sweep.run(replace(swept, repeats=RepeatRule((), 3)))
    page = (report.folder(swept) / "report.html").read_bytes()
    capsys.readouterr()
    sweep.redraw(swept)
    assert "the report beside them is older or absent; harness report writes it" in capsys.readouterr().out
    assert (report.folder(swept) / "report.html").read_bytes() == page
    sweep.run(swept)
    assert (report.folder(swept) / "report.html").read_bytes() != page


def test_redrawing_runs_nothing_and_says_what_is_absent(swept, capsys):
    more = replace(swept, data=DataSettings("digits", (64, 128, 200), {}))
    assert sweep.redraw(more) == 1
    assert "not recorded yet: 4 cells" in capsys.readouterr().out
    assert len(rows(swept, "cells.csv")) == 8


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
        "4 trials",
        "logistic above",
    ):
        assert part in text


def test_the_chart_says_how_many_repeats_are_behind_it_and_what_is_missing(config, monkeypatch):
    captions = []
    draw = plots.curves_figure
    monkeypatch.setattr(
        plots, "curves_figure", lambda c, t, caption: captions.append(caption) or draw(c, t, caption)
    )
    sweep.run(config)
    assert "500 test rows, 2 repeats per size. Bands: 95 %" in captions[-1]
    assert "missing" not in captions[-1]
    sweep.redraw(replace(config, repeats=RepeatRule((), 3)))
    assert "2 repeats per size" in captions[-1]
    assert "8 of 12 cells are complete" in captions[-1]


def test_a_name_that_another_sweep_took_meanwhile_is_not_overwritten(config, monkeypatch):
    run_cells = launch.run

    def overtaken(*arguments):
        monkeypatch.undo()
        sweep.run(replace(config, search=replace(config.search, trials=3)))
        run_cells(*arguments)

    monkeypatch.setattr(launch, "run", overtaken)
    with pytest.raises(ConfigError, match=r"was made with search\.trials=3"):
        sweep.run(config)


def test_a_folder_that_cannot_be_made_is_one_line(config):
    (config.root / "reports").write_text("a file")
    small = replace(
        config,
        families=config.families[:1],
        repeats=RepeatRule((), 1),
        data=DataSettings("digits", (64,), {}),
    )
    with pytest.raises(StoreError, match="reports"):
        sweep.run(small)


def test_the_python_face_reads_draws_and_predicts(swept):
    import harness
    from harness.data import load

    cells = harness.read_cells("digits", swept.root)
    assert list(cells["family"].unique()) == ["logistic", "network"]
    assert harness.plot_curves(cells).axes
    digits = load("digits", {}, swept.root / "cache")
    for cell in cells[cells["repeat"] == 0].itertuples():
        learner = harness.load_model(cell.run_id, swept.root)
        assert (learner.predict(digits.X_test) != digits.y_test).mean() == pytest.approx(cell.test_error)
