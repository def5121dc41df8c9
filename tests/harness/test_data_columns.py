"""What a column is found to hold, and what becomes of it."""

import re

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet
import pytest

from harness.data import load
from harness.data.file import examine
from harness.errors import DataError


def read(path="some.csv", **options):
    from pathlib import Path

    return load("file", {"path": path, "target": "label", **options}, Path("cache"))


def both(task):
    """Every row of the pool and the test as a frame, with the number of the row where it has one."""
    frame = pandas.DataFrame(np.concatenate([task.X, task.X_test]), columns=list(task.features))
    return frame.sort_values("row", ignore_index=True) if "row" in frame else frame


def columns(path="some.csv", **options):
    """What was found, by column."""
    given = {"path": path, "target": "label", "drop": [], "group": None, "time": None}
    found = examine({**given, "test_path": None, "test_rows": None, **options})
    return {column.name: column for column in found.columns}


# Dates


def test_a_date_becomes_the_numbers_of_its_calendar(write):
    days = pandas.date_range("2023-12-25", periods=40).strftime("%Y-%m-%d").tolist()
    write(row=range(40), day=[*days[:-1], None])
    task = read()
    assert task.features == ("row", *(f"day.{part}" for part in PARTS if part != "hour"))
    frame = both(task)
    assert frame.iloc[7].tolist() == [7, 2024, 1, 0, 1, 19723]  # the first of January 2024, a Monday
    assert frame.iloc[66 - 60].tolist() == [6, 2023, 12, 6, 365, 19722]
    assert frame.iloc[39, 1:].isna().all()
    assert frame.iloc[:39].notna().all().all()


PARTS = ("year", "month", "day_of_week", "day_of_year", "hour", "timestamp")


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M",
     "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+00:00", "%-m/%-d/%Y %-H:%M",
     "%Y-%-m-%-d %H:%M",
     "%Y-%m-%d %I:%M %p", "%m/%d/%Y %-I:%M%p", "%d-%b-%Y %H:%M", "%-d %b %Y %H:%M"],
)  # fmt: skip
def test_every_form_of_a_date_is_the_same_numbers(write, form):
    times = pandas.date_range("2024-01-05 06:30", periods=40, freq="29h")
    write(row=range(40), day=times.strftime(form).tolist())
    task = read()
    assert task.features == ("row", *(f"day.{part}" for part in PARTS))
    frame = both(task)
    for part in ("year", "month", "day_of_week", "day_of_year", "hour"):
        assert frame[f"day.{part}"].tolist() == getattr(times, part).tolist()
    days = (times - pandas.Timestamp("1970-01-01")) / pandas.Timedelta(days=1)
    assert np.allclose(frame["day.timestamp"], days, rtol=1e-6)


def test_an_offset_is_taken_to_utc(write):
    write(row=range(40), at=["2024-01-01T01:00:00+02:00", "2024-01-01T01:00:00-02:00"] * 20)
    assert both(read())["at.hour"].tolist() == [23, 3] * 20


def test_dates_of_a_parquet_are_those_of_a_csv(write):
    times = pandas.Series(pandas.date_range("2024-01-05 06:30", periods=40, freq="29h"))
    day = pyarrow.array(times.dt.date)
    zoned = pyarrow.array(times).cast(pyarrow.timestamp("ns", "Europe/Oslo"))
    label = pyarrow.array(["a", "b"] * 20)
    held = {"row": range(40), "time": pyarrow.array(times), "zoned": zoned, "day": day, "label": label}
    pyarrow.parquet.write_table(pyarrow.table(held), "some.parquet")
    write(row=range(40), time=times, zoned=times, day=times.dt.strftime("%Y-%m-%d"))
    assert read("some.parquet").digest == read().digest


def test_a_day_that_may_be_a_month_is_refused_with_the_remedies(write):
    write(day=["01/02/2024", "03/04/2024"] * 20)
    with pytest.raises(
        DataError, match=r"'day' holds dates such as '01/02/2024', of which nothing tells .*drop"
    ):
        read()
    write(day=["01/01/2024", "04/04/2024"] * 20, row=range(40))
    assert "day.month" in read().features
    assert read(drop="day").features == ("row",)


def test_nearly_all_dates_are_refused_with_the_one_that_is_none_and_others_are_text(write):
    days = pandas.date_range("2024-01-01", periods=40).strftime("%Y-%m-%d").tolist()
    said = (
        r"^some\.csv line 41: 'day' is '2024-02-30', and 39 of the 40 values of that column are dates; "
        r"write a date as 2024-04-03, leave the cell empty if it is missing, or drop the column: "
        r"'data\.drop=\[day\]'$"
    )
    write(day=[*days[:39], "2024-02-30"])
    with pytest.raises(DataError, match=said):
        read()
    write(day=[*days[:30], *["later"] * 10])
    assert "day=later" in read().features


def test_a_part_with_the_name_of_another_column_is_refused(write):
    write(**{"day": ["2024-01-01", "2024-02-03"] * 20, "day.year": range(40)})
    with pytest.raises(DataError, match=r"'day\.year' is a column and a part of a date; rename the column"):
        read()


def test_hours_and_months_that_there_are_not_are_no_dates(write):
    write(day=["2024-01-01 13:00 PM", "2024-01-02 00:10 AM", "02-Jux-2024", "2024-1-32"] * 10)
    assert "day=02-Jux-2024" in read().features


# Numbers that are written as texts


@pytest.mark.parametrize("cell", ["3.2%", "$812.40", "1,234", "12,5", "-€ 7", "(5)", "1,234,567.8"])
def test_numbers_with_signs_are_refused_with_the_remedies(write, cell):
    write(row=range(40), price=[str(row) if row % 2 else cell for row in range(40)])
    with pytest.raises(
        DataError,
        match=rf"^some\.csv line 2: 'price' is {re.escape(repr(cell))}, and 40 of the 40 values of that "
        r"column are numbers, some with a .*; write them as 1234\.5, put a letter .*'data\.drop=\[price\]'$",
    ):
        read()
    write(row=range(40), price=[f"p{cell}"] * 40)
    assert f"price=p{cell}" in read().features


def test_a_text_with_many_numbers_is_said_to_be_one(write):
    marks = ["?" if row % 5 == 0 else f"{row}.5" for row in range(100)]
    words = ["a" if row % 3 else "7" for row in range(100)]
    signed = [["5%", "6%", "?", "-"][row % 4] for row in range(100)]
    gaps = [f"{row}.5" if row % 3 else "unknown" for row in range(99)] + ["unknown"]
    gaps[1:30] = ["unknown"] * 29
    write(row=range(100), marks=marks, words=words, signed=signed, gaps=gaps)
    assert read().notes == (
        "'marks' is taken as text: of 100 values 80 are numbers, the others '?'; empty those cells unless "
        "they are codes",
        "'signed' is taken as text: of 100 values 50 are numbers, 50 of them with a sign or comma, such "
        "as '5%', the others '-', '?'; write the numbers as 1234.5 and empty those cells unless they are "
        "codes",
        "'gaps' is taken as text: of 100 values 46 are numbers, the others 'unknown'; empty those cells "
        "unless they are codes",
    )
    assert columns()["words"].becomes == "2 one-hot columns"
    assert columns()["signed"].becomes == "4 one-hot columns; many values are numbers"


# Ids and columns that are left out


def test_a_text_that_names_its_row_is_left_out_and_said_so(write):
    write(row=range(90), name=[f"n{row}" for row in range(90)], city=["x", "y", "z"] * 30)
    task = read()
    assert task.features == ("row", "city=x", "city=y", "city=z")
    assert task.notes == ("left out as ids or free text: name",)
    assert columns()["name"].becomes == "dropped: 72 of 72 values are different, as ids and free text are"
    assert columns()["row"].becomes == "as it is; if these are ids, 'data.drop=[row]'"


def test_a_number_that_never_varies_is_kept_and_told_of(write):
    write(row=range(90), same=[7] * 90, none=[""] * 90)
    assert read().features == ("row", "same", "none")
    assert columns()["same"].becomes == "as it is; one value"
    assert columns()["none"].becomes == "as it is; no value"


def test_a_text_of_which_some_values_repeat_is_kept(write):
    write(row=range(200), name=[f"n{row // 2 if row < 100 else row}" for row in range(200)])
    assert "name=(other)" in read().features
    found = columns()["name"]
    assert 120 < found.distinct < 150
    assert found.becomes == f"49 one-hot columns, and one for the {found.distinct - 49} others"


def test_dropped_columns_are_not_looked_at(write):
    write(row=range(40), price=["1,5", *map(str, range(39))], note=["x"] * 40)
    with pytest.raises(DataError, match=r"'price' is '1,5'"):
        read()
    assert read(drop=["price"]).features == ("row", "note=x")
    assert read(drop="price").digest == read(drop=["price"]).digest
    assert read(drop=["price", "note"]).digest != read(drop=["price"]).digest
    assert columns(drop=["price"])["price"].becomes == "dropped by data.drop"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"drop": ["pirce"]},
            "data.drop must be made of columns of some.csv, got 'pirce'; did you mean price?",
        ),
        ({"drop": ["label"]}, "'label' is two of target, group, time and drop; choose one"),
        ({"drop": ["price", "city"]}, "some.csv has no column left to learn from; shorten data.drop"),
        ({"group": "cty"}, "data.group must be a column of some.csv, got 'cty'; did you mean city?"),
        (
            {"time": "when"},
            "data.time must be a column of some.csv, got 'when'; its columns: label, price, city",
        ),
        ({"group": "label"}, "'label' is two of target, group, time and drop"),
        ({"group": "city", "drop": ["city"]}, "'city' is two of"),
        ({"group": "city", "time": "price"}, "data.group and data.time are both given"),
        (
            {"time": "city"},
            "data.time must be a column of dates or numbers, got 'city' with values such as 'x'; write them "
            "as 2024-04-03 18:30",
        ),
    ],
)
def test_a_bad_choice_of_columns_is_refused(write, options, message):
    write(price=range(40), city=["x", "y"] * 20)
    with pytest.raises(DataError, match=re.escape(message)):
        read(**options)


def test_nothing_but_free_text_is_named_with_the_reason_and_the_remedy(write):
    write(review=[f"n{row}" for row in range(100)])
    said = (
        "some.csv has no column to learn from: left out is 'review' (80 of 80 values are different, as ids "
        "and free text are); turn free text into numbers or categories first, such as its length or its topic"
    )
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        read()
    write(**{f"c{at}": [f"n{row}" for row in range(100)] for at in range(5)})
    with pytest.raises(
        DataError, match=r": left out are 'c0' \(80 of .*\), 'c1' .*, 'c2' .* and 2 more; turn"
    ):
        read()


def test_what_is_decided_of_levels_depends_on_the_pool_alone(write):
    names = [f"n{row}" if row % 2 else "same" for row in range(300)]
    write(row=range(300), name=names)
    pool = set(both(read())["row"]) - set(read().X_test[:, 0])
    write(row=range(300), name=[name if row in pool else f"t{row}" for row, name in enumerate(names)])
    assert not any(feature.startswith("name=t") for feature in read().features)


# Columns without a value


@pytest.mark.parametrize("name", ["some.csv", "some.parquet"])
@pytest.mark.parametrize("role", ["target", "group", "time"])
def test_a_role_without_a_value_is_refused_with_the_first_row(tmp_path, monkeypatch, name, role):
    monkeypatch.chdir(tmp_path)
    frame = pandas.DataFrame({"x": range(40), "label": ["a", "b"] * 20, "none": [None] * 40})
    frame.to_csv(name, index=False) if name.endswith("csv") else frame.to_parquet(name)
    where = "line 2" if name.endswith("csv") else "row 1"
    said = rf"^some\.\w+: 40 of 40 rows have no 'none', the {role} \(the first on {where}\); fill them in"
    with pytest.raises(DataError, match=said):
        read(name, **{role: "none"})


def test_categories_without_a_value_are_no_column(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    none = pandas.Categorical([None] * 40, categories=["a", "b"])
    frame = pandas.DataFrame({"x": range(40), "label": ["a", "b"] * 20, "none": none})
    frame.to_parquet("some.parquet")
    assert read("some.parquet").features == ("x",)
