"""`harness data` says what was found in a data set, and writes nothing."""

import numpy as np
import pandas
import pytest

from harness.cli import main
from harness.data import describe, load

FILE = ["data", "data=file", "data.path=some.csv"]


@pytest.fixture
def some(tmp_path, monkeypatch):
    """A table of every kind of column, alone in the working folder."""
    monkeypatch.chdir(tmp_path)
    row = np.arange(200)
    frame = pandas.DataFrame(
        {
            "id": [f"c{number}" for number in row],
            "age": [None if number % 10 == 0 else number % 70 for number in row],
            "member": row % 2 == 0,
            "joined": pandas.date_range("2023-01-01", periods=200).strftime("%Y-%m-%d"),
            "city": [["Oslo", "Rome", None][number % 3] for number in row],
            "note": ["x"] * 200,
            "label": ["yes" if number % 4 == 0 else "no" for number in row],
        }
    )
    frame.to_csv("some.csv", index=False)
    return tmp_path


def said(capsys, *words):
    assert main([*FILE, *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_columns_classes_rows_and_sizes_are_told_and_nothing_is_written(some, capsys):
    lines = said(capsys, "data.target=label", "data.drop=[note]")
    assert [path.name for path in some.iterdir()] == ["some.csv"]
    assert lines[0] == "some.csv: 200 rows, 7 columns"
    table = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[3:10]}
    assert table == {
        "id": "text 0 160 dropped: 160 of 160 values are different, as ids and free text are",
        "age": "number 20 63 as it is",
        "member": "boolean 0 2 0 or 1",
        "joined": "date 0 200 year, month, day_of_week, day_of_year, timestamp",
        "city": "text 66 2 2 one-hot columns",
        "note": "dropped by data.drop",
        "label": "the target",
    }
    assert "160 rows to draw on, 40 test rows, 9 features" in lines
    assert "note: left out as ids or free text: id" in lines
    shares = [line.split() for line in lines if line.startswith(("no ", "yes "))]
    assert shares == [
        ["no", "120", "75.0", "%", "30", "75.0", "%"],
        ["yes", "40", "25.0", "%", "10", "25.0", "%"],
    ]
    assert lines[-1] == "sizes: [64] (data.sizes=auto)"


def test_what_is_told_is_what_a_sweep_gets(some, tmp_path):
    options = {"path": "some.csv", "target": "label"}
    task = load("file", options, tmp_path / "cache")
    assert f"{len(task.y)} rows to draw on, {len(task.y_test)} test rows, {len(task.features)} features" in (
        describe("file", options)
    )


def test_without_a_target_the_columns_are_told(some, capsys):
    lines = said(capsys)
    assert any(line.startswith("label") and line.endswith("2 one-hot columns") for line in lines)
    assert lines[-1].startswith("no target is given: add data.target=COLUMN")
    assert [path.name for path in some.iterdir()] == ["some.csv"]


def test_a_wide_table_and_a_long_name_are_cut(some, capsys):
    names = ["label", "a" * 50, *(f"c{number}" for number in range(300))]
    (some / "some.csv").write_text(",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n")
    lines = said(capsys)
    assert "and 102 more" in lines
    assert any(line.startswith("a" * 29 + "...  number") for line in lines)
    assert max(map(len, lines)) < 130


def test_names_that_steer_a_terminal_are_told_without_that(some, capsys):
    head = 'a\x1b[2J,"b\nc",label\n'
    ids = "".join(f"i{row},j{row}\x1b[1m,x\ni{row}x,k{row},\x1by\n" for row in range(100))
    (some / "some.csv").write_text(head + ids + "i,i,x\ni,i,x\n")
    assert main([*FILE, "data.target=label", "data.drop=[]"]) == 2
    assert "\x1b" not in capsys.readouterr().err
    (some / "some.csv").write_text(
        "row," + head + "".join(f"{n},{line}\n" for n, line in enumerate(ids.split()))
    )
    out = "\n".join(said(capsys, "data.target=label"))
    assert "\x1b" not in out
    assert "left out as ids or free text: a [2J, b c" in out


def test_a_ladder_that_is_out_of_reach_is_told_as_such(some, capsys):
    (some / "some.csv").write_text("a,label\n" + "1,x\n2,y\n" * 8)
    assert said(capsys, "data.target=label")[-1].startswith("sizes: none: data.sizes=auto needs a pool of")


def test_where_the_sweep_refuses_every_size_none_is_told(some, capsys):
    rows = "".join(f"{row},{'yes' if row < 3 else 'no'}\n" for row in range(800))
    (some / "some.csv").write_text("a,label\n" + rows)
    told = said(capsys, "data.target=label")[-1].removeprefix("sizes: none: ")
    assert told.startswith("data.sizes=auto has no size to run: of the 640 rows to draw on only ")
    assert main(["plan", *FILE[1:], "data.target=label"]) == 2
    assert capsys.readouterr().err == f"harness: {told}\n"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "digits",
            ["1,297 rows to draw on, 500 test rows, 64 features", "sizes: [64,96,128,192,256,384,512]"],
        ),
        (
            "flights",
            ["origin       text    3 one-hot columns", "departure    number  as it is", "licence: CC0"],
        ),
    ],
)
def test_a_built_in_data_set_is_described_too(name, lines, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", f"data={name}"]) == 0
    out = capsys.readouterr().out
    assert all(line in out for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_without_a_choice_every_data_set_is_listed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("digits", "file", "flights"))
    assert list(tmp_path.iterdir()) == []
