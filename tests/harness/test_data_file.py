import re

import numpy as np
import pandas
import pytest

from harness.data.csv_file import MISSING
from harness.errors import DataError

HEADER = "age,city,member,label\n"
ROWS = "30,Oslo,True,yes\n41,Rome,False,no\n" * 15


def rows_of(task):
    """Every row by its number in the column `row`: where it went, its other features, its class."""
    row, others = task.features.index("row"), [name for name in task.features if name != "row"]
    return {
        int(x[row]): (part, {name: x[task.features.index(name)] for name in others}, task.classes[label])
        for part, X, y in (("pool", task.X, task.y), ("test", task.X_test, task.y_test))
        for x, label in zip(X, y, strict=True)
    }


def test_columns_of_every_kind_become_numbers(load_text):
    text = "row,age,member,maybe, city ,empty,label\n" + "".join(
        f'{row},{age},{member},{maybe}, "{city}", ,{label}\n'
        for row, (age, member, maybe, city, label) in enumerate(
            [
                ("30", "True", "True", "Oslo", "yes"),
                ("NA", "False", "", " Rome ", "no"),
                ("-1.5e2", "TRUE", "false", "", "yes "),
                ("", "False", "FALSE", "Ber, lin", "no"),
            ]
            * 10
        )
    )
    task = load_text(text)
    assert task.features == ("row", "age", "member", "maybe", "empty", *CITIES)
    assert task.classes == ("no", "yes")
    rows = rows_of(task)
    assert len(rows) == 40
    nan = pytest.approx(np.nan, nan_ok=True)
    expected = [
        (30, 1, 1, "city=Oslo", "yes"),
        (nan, 0, nan, "city=Rome", "no"),
        (-150, 1, 0, None, "yes"),
        (nan, 0, 0, "city=Ber, lin", "no"),
    ]
    for row, (_, found, label) in rows.items():
        age, member, maybe, city, right = expected[row % 4]
        assert label == right
        assert [found["age"], found["member"], found["maybe"]] == [age, member, maybe]
        assert np.isnan(found["empty"])
        assert [name for name in CITIES if found[name]] == ([city] if city else [])


CITIES = ("city=Ber, lin", "city=Oslo", "city=Rome")


def test_blank_lines_a_byte_order_mark_and_quoted_line_breaks_are_read(load_text):
    lines = "\ufeff" + HEADER + "\n  \n" + '30,"Os\nlo",True,yes\n' + ROWS
    task = load_text(lines.replace("\n", "\r\n"))
    assert len(task.y) + len(task.y_test) == 31
    assert task.features[0] == "age"


def test_the_test_set_is_a_stratified_fifth_that_no_option_moves(load_text):
    text = "row,label\n" + "".join(f"{row},{'ab'[row % 10 == 0]}\n" for row in range(1000))
    task = load_text(text)
    assert len(task.y_test) == 200
    assert np.bincount(task.y_test).tolist() == [180, 20]
    test = {row for row, (part, *_) in rows_of(task).items() if part == "test"}
    assert test == {row for row, (part, *_) in rows_of(load_text(text)).items() if part == "test"}
    assert len(load_text(text, test_rows=500).y_test) == 500


def test_the_test_set_of_a_long_file_has_10_000_rows(load_text):
    task = load_text("row,label\n" + "1,a\n2,b\n" * 26_000)
    assert (len(task.y), len(task.y_test)) == (42_000, 10_000)


def test_a_level_of_the_test_rows_alone_has_no_column(load_text):
    def text(city_of):
        return "row,city,label\n" + "".join(f"{row},{city_of(row)},{'ab'[row % 2]}\n" for row in range(100))

    test = {row for row, (part, *_) in rows_of(load_text(text(lambda row: "Oslo"))).items() if part == "test"}
    planted = load_text(text(lambda row: "Rome" if row in test else "Oslo"))
    assert planted.features == ("row", "city=Oslo")
    assert {row for row, (_, found, _) in rows_of(planted).items() if not found["city=Oslo"]} == test


def test_of_many_levels_the_49_most_frequent_in_the_pool_and_the_rest_remain(load_text):
    cities = [f"c{number:02}" for number in range(60) for _ in range(60 - number)]
    text = "row,city,label\n" + "".join(f"{row},{city},{'ab'[row % 2]}\n" for row, city in enumerate(cities))
    task = load_text(text + f"{len(cities)},,a\n")
    names = [name for name in task.features if name.startswith("city=")]
    assert len(names) == 50
    assert names[:40] == [f"city=c{number:02}" for number in range(40)]
    assert names[-1] == "city=(other)"
    for row, (_, found, _) in rows_of(task).items():
        city = f"city={cities[row]}" if row < len(cities) else None
        set_by_row = [name for name in names if found[name]]
        assert set_by_row == ([city if city in names else "city=(other)"] if city else [])


def test_of_many_levels_one_that_is_named_as_the_rest_belongs_to_it(load_text):
    cities = ["(other)" if row % 3 == 0 else f"c{row % 61:02}" for row in range(600)]
    task = load_text(
        "row,city,label\n" + "".join(f"{row},{city},{'ab'[row % 2]}\n" for row, city in enumerate(cities))
    )
    names = [name for name in task.features if name.startswith("city=")]
    assert len(names) == len(set(names)) == 50
    assert all(found["city=(other)"] for row, (_, found, _) in rows_of(task).items() if row % 3 == 0)


def test_fifty_levels_all_remain(load_text):
    text = "city,label\n" + "".join(f"c{row % 50:02},{'ab'[row % 2]}\n" for row in range(1000))
    assert load_text(text).features == tuple(f"city=c{number:02}" for number in range(50))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a"], ("a", "b")),
        (["10", "9"], ("9", "10")),
        (["True", "False"], ("False", "True")),
        (["0.5", "-1.0"], ("-1.0", "0.5")),
        (["9", "x"], ("9", "x")),
    ],
)
def test_classes_are_the_labels_as_written_in_their_order(load_text, labels, classes):
    task = load_text("row,label\n" + "".join(f"{row},{labels[row % 2]}\n" for row in range(40)))
    assert task.classes == classes
    assert all(label == labels[row % 2] for row, (*_, label) in rows_of(task).items())


def test_one_hundred_numbers_are_classes_and_more_are_not(load_text):
    def text(count):
        return "a,label\n" + "".join(f"{row},{row % count}\n" for row in range(1000))

    assert len(load_text(text(100)).classes) == 100
    more = load_text(text(101))
    assert (more.classes, more.kind) == ((), "regression")
    assert set(more.y) | set(more.y_test) == set(range(101))


@pytest.mark.parametrize(("label", "kind"), [("n{}", None), ("{}", "classification")])
def test_as_many_classes_as_half_of_the_rows_are_learnt_and_more_are_not(load_text, label, kind):
    def text(count):
        return "a,label\n" + "".join(f"{row},{label.format(row % count)}\n" for row in range(60))

    assert len(load_text(text(30)).classes) == 30
    with pytest.raises(
        DataError, match=r"^data\.target: 'label' has 31 classes in 60 rows, and each needs rows"
    ):
        load_text(text(31), kind=kind)


def test_integers_beyond_64_bits_are_numbers(load_text):
    task = load_text("id,label\n" + "".join(f"{10**25 + row},{'ab'[row % 2]}\n" for row in range(40)))
    assert task.features == ("id",)
    assert np.all(task.X == 10.0**25)


def test_ten_thousand_columns_are_read_and_more_are_not(load_text):
    def text(count):
        return ",".join(["label", *(f"c{number}" for number in range(count - 1))]) + "\n"

    with pytest.raises(DataError, match=r"has 10,001 columns, and at most 10,000 are read; drop some"):
        load_text(text(10_001))
    with pytest.raises(DataError, match="no rows below"):
        load_text(text(10_000))


def test_a_label_and_a_group_are_as_they_are_written_and_elsewhere_none_is_missing(load_text):
    land = ["NA", "None", "null", "DE"]
    text = "row,part,land,label\n" + "".join(
        f"{row},{land[row % 4]},{land[row // 10 % 4]}{row // 40},{land[row % 4]}\n" for row in range(200)
    )
    task = load_text(text, group="land")
    assert task.classes == ("DE", "NA", "None", "null")
    assert task.features == ("row", "part=DE")
    load_text(text.replace("NA0", "NA"), group="land")
    with pytest.raises(DataError, match="line 202 has no 'label', the target"):
        load_text(text + "200,DE,DE0,\n")


def test_what_is_missing_is_what_pandas_says():
    from pandas._libs.parsers import STR_NA_VALUES

    assert set(MISSING) == STR_NA_VALUES


BAD = {
    "empty": ("", "some.csv has nothing in it;"),
    "blank": ("\n\n", "some.csv has nothing in it;"),
    "no rows": (HEADER, "some.csv has no rows below its column names;"),
    "few rows": (HEADER + ROWS[:34], "some.csv has 2 rows, and needs at least 10;"),
    "long row": (HEADER + ROWS + "1,2,3,4,5\n", "some.csv line 32 has 5 fields, and there are 4 columns;"),
    "short row": (HEADER + "\n1,2\n" + ROWS, "some.csv line 3 has 2 fields, and there are 4 columns;"),
    "open quote": (HEADER + ROWS + '3,"Oslo,True,yes\n' + ROWS, "some.csv line 62 has 2 fields"),
    "quoted nothing": (HEADER + ROWS + '""\n', "can be read as 30 rows or as 31; mend its quotes"),
    "two columns of a name": ("age,age,label\n1,2,yes\n", "some.csv has 2 columns named 'age'; rename"),
    "no name": (
        ",age,label\n1,2,yes\n",
        "column 1 has no name; name it, or leave it out if it numbers the rows (pandas does with "
        "to_csv(index=False))",
    ),
    "semicolons": (
        "age;label\n1,5;yes\n",
        "some.csv has one column, 'age;label', and needs two or more, separated by commas; semicolons "
        "seem to stand for them: save it with commas and points",
    ),
    "tabs": ("age\tlabel\n1\tyes\n", "tabs seem to stand for them: save it with commas"),
    "one column": ("age\n1\n", "has one column, 'age', and needs two or more, separated by commas"),
    "bytes": (HEADER.encode() + b"1,Troms\xf8,True,yes\n", "some.csv line 2 is not UTF-8; save"),
    "many bytes": ((HEADER + ROWS * 999).encode() + b"\xff", "some.csv line 29972 is not UTF-8; save"),
    "UTF-16": ((HEADER + ROWS).encode("utf-16"), "some.csv line 1 is not UTF-8; save the file as UTF-8"),
    "huge field": (HEADER + "1" * 200_000 + ",Oslo,True,yes\n", "some.csv: field larger than field limit"),
    "no label": (HEADER + ROWS + "\n1,Oslo,True,\n", "some.csv line 33 has no 'label', the target; fill"),
    "one class": (HEADER + ROWS.replace("no", "yes"), "'label' is 'yes' in every row; choose a target"),
    "class all in test": (
        HEADER + "30,Oslo,True,yes\n" * 9 + "1,Oslo,True,no\n",
        "outside the test rows 'label' has one label only; bring rows",
    ),
    "beyond float32": (
        HEADER + "\n" + ROWS + "1e39,Oslo,True,no\n",
        "some.csv line 33: 'age' is 1e+39, beyond 32-bit",
    ),
    "infinite": (HEADER + ROWS + "-inf,Oslo,True,no\n", "some.csv line 32: 'age' is -inf, beyond 32-bit"),
    "unlike target": (
        HEADER.replace("label", "class") + ROWS,
        "must be a column of some.csv, got 'label'; its columns: age, city, member, class",
    ),
    "mistyped target": (HEADER.replace("label", "labels") + ROWS, "got 'label'; did you mean labels?"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_one_line(load_text, tmp_path, text, message):
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        load_text(text)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["some.csv"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": None}, r"^data=file needs data\.path, the file to learn from: data\.path="),
        ({"target": None}, r"needs data\.target, the column to predict, one of: age, city, member, label$"),
        (
            {"path": "no.csv"},
            r"^data\.path: there is no file 'no\.csv' \(it does not exist, seen from /.*\); mend",
        ),
        ({"path": "."}, r"^data\.path: there is no file '\.' \(it is a folder"),
        ({"test_rows": 4}, r"^data\.test_rows must be a whole number from 5 to 15, got 4;"),
        ({"test_rows": 16}, r"from 5 to 15, got 16;"),
        (
            {"targets": "label"},
            r"no option 'targets' \(its options: path, target, drop, group, time, test_path, .*\); did",
        ),
    ],
)
def test_a_bad_option_is_refused_in_one_line(load_text, options, message):
    with pytest.raises(DataError, match=message) as caught:
        load_text(HEADER + ROWS, **options)
    assert "\n" not in str(caught.value)


def test_a_home_folder_is_understood(load_text, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_text(HEADER + ROWS, path="~/some.csv").name == "some"


def test_a_changed_file_is_prepared_anew_and_an_unchanged_one_is_not(load_text):
    first, again = load_text(HEADER + ROWS), load_text(HEADER + ROWS)
    changed = load_text(HEADER + ROWS.replace("41", "42"))
    assert first.path == again.path != changed.path
    assert first.digest == again.digest != changed.digest


def test_a_table_that_pandas_wrote_is_read_as_pandas_has_it(load_text):
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {"row": np.arange(200), "x": rng.normal(size=200), "label": rng.choice(["a", "b"], size=200)}
    )
    rows = rows_of(load_text(frame.to_csv(index=False)))
    assert [rows[row][1]["x"] for row in range(200)] == frame["x"].astype(np.float32).tolist()
    assert [rows[row][2] for row in range(200)] == frame["label"].tolist()
