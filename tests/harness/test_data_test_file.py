"""A given test file is read as the other one was found to be, and must be apart from it."""

import re

import numpy as np
import pandas
import pytest

from harness.data import load
from harness.errors import DataError


def read(path="some.csv", **options):
    from pathlib import Path

    return load("file", {"path": path, "target": "label", **options}, Path("cache"))


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_the_dates_of_a_test_file_are_read_as_those_of_the_other(write, form):
    days = pandas.date_range("2024-01-01", periods=40)
    write(day=days.strftime(form))
    write("test.csv", day=pandas.date_range("2024-12-01", periods=12).strftime(form))
    task = read(test_path="test.csv")
    assert task.X_test[:, task.features.index("day.month")].tolist() == [12] * 12
    write("test.csv", day=pandas.date_range("2024-12-01", periods=12).strftime("%Y-%m-%d"))
    assert np.array_equal(read(test_path="test.csv").X_test, task.X_test)


@pytest.mark.parametrize("days", [["05/01/2021", "13/02/2021"] * 6, ["05/01/2021"] * 39 + ["13/02/2021"]])
def test_a_date_of_the_test_file_does_not_change_how_the_others_are_read(write, days):
    write(day=["01/15/2020", "02/03/2020"] * 20)
    write("test.csv", day=days)
    said = (
        r"^test\.csv line \d+: 'day' is '13/02/2021', which is no date as data\.path has them "
        r"\(month first\); write it as 2024-04-03, or leave the cell empty if it is missing$"
    )
    with pytest.raises(DataError, match=said):
        read(test_path="test.csv")
    for mended, month in (("2021-02-13", 2), (None, np.nan)):
        write("test.csv", day=[mended if day.startswith("13") else day for day in days])
        task = read(test_path="test.csv")
        months = task.X_test[:, task.features.index("day.month")]
        assert np.array_equal(months, [month if "13" in day else 5 for day in days], equal_nan=True)


def test_a_test_file_whose_dates_are_all_of_the_other_order_is_refused(write):
    write(day=["01/15/2020", "02/03/2020"] * 20)
    write("test.csv", day=["15/01/2021", "13/02/2021"] * 6)
    with pytest.raises(DataError, match=r"^test\.csv line 2: 'day' is '15/01/2021', which is no date as"):
        read(test_path="test.csv")


def test_a_given_test_file_is_the_test_set(write):
    write(row=range(40), day=["2024-01-01", "2024-02-03"] * 20, code=["a1", "7"] * 20)
    write("test.csv", code=["07"] * 12, day=["2024-05-05"] * 12, more=["x"] * 12, row=range(100, 112))
    task = read(test_path="test.csv")
    assert (len(task.y), len(task.y_test)) == (40, 12)
    assert task.X[:, 0].tolist() == list(range(40))
    assert task.X_test[:, 0].tolist() == list(range(100, 112))
    assert task.y_test.tolist() == [0, 1] * 6
    assert task.notes[-2:] == (
        "tested on the rows of test.csv",
        "'code': 12 of the 12 values of the test rows, such as '07', are no levels of data.path and set no "
        "column; write them as there if they mean the same",
    )
    level = task.features.index("code=7")
    assert task.X[:, level].sum() == 20
    assert task.X_test[:, level].sum() == 0  # 07 is another code


@pytest.mark.parametrize("name", ["test.csv", "test.parquet"])
@pytest.mark.parametrize(("codes", "floats"), [(["1", "2", "x"], False), (["1.0", "2.0", "x"], True)])
def test_codes_that_became_floats_beside_a_gap_are_the_same_levels(write, codes, floats, name):
    write(row=range(60), code=codes * 20)
    tested = {"row": range(60, 90), "code": [1.0, 2.0, 2.0 if floats else None] * 10}
    frame = pandas.DataFrame({**tested, "label": ["a", "b"] * 15})
    if floats:
        frame["code"] = frame["code"].astype("int64")
    frame.to_csv(name, index=False) if name.endswith("csv") else frame.to_parquet(name)
    task = read(test_path=name)
    assert task.features[1:] == tuple(f"code={code}" for code in codes)
    assert task.X_test[:, 1].tolist() == [1, 0, 0] * 10
    assert task.X_test[:, 2].tolist() == [0, 1, int(floats)] * 10
    assert task.notes[-1].startswith("tested on")


def test_levels_that_the_file_lacks_are_told_from_one_in_a_hundred(write):
    write(row=range(600), city=["Oslo", "Rome"] * 300, many=[f"m{row % 60}" for row in range(600)])

    def notes(strangers):
        cities = ["Bern"] * strangers + ["Oslo"] * (300 - strangers) + [None] * 100
        write("test.csv", row=range(600, 1000), city=cities, many=["m1"] * 390 + ["new"] * 10)
        return [note for note in read(test_path="test.csv").notes if "no levels" in note]

    assert notes(3) == [
        "'city': 3 of the 300 values of the test rows, such as 'Bern', are no levels of data.path and set "
        "no column; write them as there if they mean the same",
        "'many': 10 of the 400 values of the test rows, such as 'new', are no levels of data.path and "
        "count as the rest; write them as there if they mean the same",
    ]
    assert len(notes(2)) == 1


@pytest.mark.parametrize("copy", ["some.csv", "copy.csv"])
def test_the_rows_to_draw_on_are_no_test_file(write, copy):
    write(row=range(40))
    write(copy, row=range(40))
    with pytest.raises(DataError, match=rf"^data\.test_path: {copy} holds what data\.path holds"):
        read(test_path=copy)


def test_rows_that_are_in_both_files_are_counted(write):
    write(row=range(40), city=["x", None] * 20, day=["2024-01-01", None] * 20)
    write("test.csv", row=range(10, 50), city=["x", None] * 20, day=["2024-01-01", None] * 20)
    notes = read(test_path="test.csv").notes
    assert "30 of the 40 test rows are among the rows to draw on, value by value" in notes
    write("test.csv", row=range(11, 51), city=["x", None] * 20, day=["2024-01-01", None] * 20)
    assert read(test_path="test.csv").notes == ("tested on the rows of test.csv",)


def test_a_class_that_is_not_tested_is_told(write):
    write(row=range(40), label=["a", "b", "c", "d"] * 10)
    write("test.csv", row=range(40, 50))
    assert read(test_path="test.csv").notes[-1] == "no test row is of class c, d"


def test_a_changed_test_file_is_other_data(write):
    write(row=range(40))
    write("test.csv", row=range(2, 42))
    first = read(test_path="test.csv")
    write("test.csv", row=range(1, 41))
    assert read(test_path="test.csv").digest != first.digest


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ({"row": ["x"] * 40}, {}, "test.csv: 'row' holds texts, and numbers in data.path; mend"),
        ({"age": range(40)}, {}, "test.csv has no column 'row', and data.path has; add it or drop it there"),
        (
            {"row": range(40), "label": ["c"] * 40},
            {},
            "test.csv line 2: 'label' is 'c', as no row of data.path",
        ),
        (
            {"row": range(40), "label": ["a", None] * 20},
            {},
            "test.csv: 20 of 40 rows have no 'label', the target",
        ),
        ({"row": range(40)}, {"test_rows": 9}, "data.test_path and data.test_rows are both given"),
        (
            {"row": range(4), "x": range(4)},
            {},
            "data.test_path: test.csv has 4 rows, and needs 5; bring more",
        ),
        ({"row": range(40)}, {"test_path": "no.csv"}, "data.test_path: there is no file 'no.csv'"),
        ({"row": range(40)}, {"time": "row"}, "test.csv begins at 0.0 by 'row', and data.path ends at 39.0"),
        (
            {"row": range(40)},
            {"group": "row"},
            "test.csv: 40 groups of data.path are tested too, such as '0'",
        ),
    ],
)
def test_a_test_file_that_does_not_fit_is_refused(write, table, options, message):
    write(row=range(40), x=range(40))
    write("test.csv", **{"x": range(1, 41), **table})
    with pytest.raises(DataError, match=re.escape(message)):
        read(**{"test_path": "test.csv", **options})


def test_a_column_without_a_value_fits_every_kind(write):
    day, flag, city = ["2024-01-01", "2024-02-03"] * 20, [True, False] * 20, ["x", "y"] * 20
    write(day=day, flag=flag, x=range(40), city=city)
    write("test.csv", day=[None] * 10, flag=[None] * 10, x=range(10), city=[None] * 10)
    task = read(test_path="test.csv")
    numbers = [at for at, name in enumerate(task.features) if name not in ("x", "city=x", "city=y")]
    assert np.isnan(task.X_test[:, numbers]).all()
    assert not task.X_test[:, -2:].any()
