"""The kind of a target is told from its values, can be overridden, and is said before anything runs."""

import re

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from harness import data
from harness.data import describe, load
from harness.data.target import SPREADS
from harness.errors import DataError


def text(values):
    return "a,label\n" + "".join(f"{row},{value}\n" for row, value in enumerate(values))


VALUES = {
    "few numbers": ([row % 10 for row in range(400)], "classification"),
    "0 and 1": ([row % 2 for row in range(400)], "classification"),
    "a hundred numbers": ([row % 100 for row in range(400)], "classification"),
    "more than a hundred": ([row % 101 for row in range(400)], "regression"),
    "half of few rows": ([row % 20 for row in range(40)], "classification"),
    "more than half of few rows": ([row % 21 for row in range(40)], "regression"),
    "all different": ([1.5 * row for row in range(40)], "regression"),
    "exponents and signs": ([f"{(-1) ** row * row}e-3" for row in range(40)], "regression"),
    "half points": ([(row % 10) / 2 for row in range(400)], "classification"),
    "quarters": ([(row % 11) / 4 for row in range(400)], "regression"),
    "codes": ([f"{row % 150:05d}" for row in range(400)], "classification"),
    "words": (["yn"[row % 2] for row in range(40)], "classification"),
    "words and a number": ([["y", "n", "3"][row % 3] for row in range(40)], "classification"),
    "few with a sign": ([f"{row % 5} %" for row in range(40)], "classification"),
    "truth values": ([row % 3 == 0 for row in range(40)], "classification"),
}


@pytest.mark.parametrize(("values", "kind"), VALUES.values(), ids=VALUES)
def test_the_kind_is_told_from_the_target(values, kind, load_text):
    task = load_text(text(values))
    assert (task.kind, bool(task.classes)) == (kind, kind == "classification")
    assert task.y.dtype == task.y_test.dtype == (np.int64 if task.classes else np.float64)


@pytest.mark.parametrize(
    ("name", "kind"), [("few numbers", "regression"), ("more than a hundred", "classification")]
)
def test_the_kind_can_be_overridden_and_is_another_data_set(name, kind, load_text):
    values, told = VALUES[name]
    task, other = load_text(text(values), kind=kind), load_text(text(values))
    assert (task.kind, other.kind) == (kind, told)
    assert task.digest != other.digest


@pytest.mark.parametrize("name", VALUES)
def test_a_note_tells_of_numbers_that_are_taken_as_classes(name, load_text):
    values, _ = VALUES[name]
    count = {"a hundred numbers": 100, "half of few rows": 20}.get(name)
    told = [note for note in load_text(text(values)).notes if "taken as classes" in note]
    said = f"the {count} numbers of the target are taken as classes; data.kind=regression predicts the number"
    assert told == [said] * (count is not None)


def test_no_note_tells_of_classes_that_were_asked_for_or_are_ten(load_text):
    ages = text([18 + row % 72 for row in range(400)])
    assert load_text(ages).notes[0].startswith("the 72 numbers of the target")
    assert load_text(ages, kind="classification").notes == ()
    assert load_text(text([row % 10 for row in range(400)])).notes == ()
    assert load_text(text([row % 11 for row in range(400)])).notes[0].startswith("the 11 numbers")


def test_numbers_are_kept_to_their_last_bit_and_each_row_once(load_text):
    values = np.random.default_rng(0).normal(1e4, 3.0, 60)
    task = load_text(text(map(repr, values.tolist())))
    rows = np.concatenate([task.X, task.X_test])[:, task.features.index("a")].astype(int)
    found = np.concatenate([task.y, task.y_test])
    assert sorted(rows) == list(range(60))
    assert found.tolist() == values[rows].tolist()


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ([*range(300), "n/k"], {}, r"line 302: 'label' is 'n/k', and nearly all others are numbers; mend it"),
        (
            [*range(300), "inf"],
            {},
            r"line 302: 'label' is 'inf', and a regression needs a number in every row",
        ),
        (
            [f'"${1234 * row:,}"' for row in range(1, 301)],
            {},
            r"line 2: 'label' is '\$1,234', and 300 of the 300 values .* write them as 1234\.5 \(data\.kind=",
        ),
        ([*range(300), ""], {}, r"line 302 has no 'label', the target"),
        (["y", "n"] * 20, {"kind": "regression"}, r"line 2: 'label' is 'y', and a regression needs a number"),
        ([7] * 40, {"kind": "regression"}, r"'label' is '7' in every row; choose a target that varies"),
        (
            [1e9 + row % 7 for row in range(300)],
            {"kind": "regression"},
            r"too far for single precision; subtract",
        ),
        ([1e-40 * row for row in range(300)], {}, r"standard deviation of 8.66e-39; put it in a unit"),
        (
            [1e-10 * row for row in range(300)],
            {},
            r"of 8\.66e-09; put it in a unit in which that is between 0\.0001 and 1e\+30",
        ),
        ([1e200 * row for row in range(300)], {}, r"standard deviation of inf; put it in a unit"),
        ([7, 8] * 20, {"kind": "ranking"}, r"data\.kind must be classification or regression, or null"),
    ],
)
def test_what_is_no_target_of_its_kind_is_refused_in_one_line(values, options, said, load_text):
    with pytest.raises(DataError, match=said) as caught:
        load_text(text(values), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        (range(1), "some.csv line 2 has no 'label', the target; fill it in or remove the line"),
        (
            range(4, 44, 4),
            "some.csv: 10 of 1,500 rows have no 'label', the target (the first on line 6); fill them in, or "
            "keep only the rows that have one",
        ),
    ],
)
@pytest.mark.parametrize("label", ["ab", "12"])
def test_rows_without_a_label_are_counted(gaps, said, label, load_text):
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        load_text(text(["" if row in gaps else label[row % 2] for row in range(1500)]))


@pytest.mark.parametrize("spread", SPREADS)
def test_trees_learn_as_much_of_a_target_at_the_ends_of_the_spreads(spread):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2))
    y = X[:, 0] ** 3 / np.std(X[:, 0] ** 3)  # without noise, so that leaves are as narrow as trees make them

    def left(unit):
        forest = RandomForestRegressor(10, random_state=0).fit(X[:400], unit * y[:400])
        return np.sqrt(np.mean((forest.predict(X[400:]) / unit - y[400:]) ** 2))

    assert left(spread) == pytest.approx(left(1.0), rel=0.05)
    assert left(1.0) < 0.5


def test_the_kind_its_reason_and_the_spread_are_told_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.csv").write_text(text(range(300)))
    lines = describe("file", {"path": "some.csv", "target": "label"})
    why = "the target is a number with 300 different values"
    assert f"regression, for {why} (data.kind=classification overrides)" in lines
    spread = [line.split() for line in lines if line.startswith(("target ", "rows to draw on "))]
    assert spread[0] == ["target", "mean", "deviation", "least", "5", "%", "median", "95", "%", "most"]
    overridden = describe("file", {"path": "some.csv", "target": "label", "kind": "regression"})
    assert "regression, for data.kind=regression (data.kind=classification overrides)" in overridden
    (tmp_path / "some.csv").write_text(text(["yn"[row % 2] for row in range(40)]))
    lines = describe("file", {"path": "some.csv", "target": "label"})
    assert "classification, for the target has 2 different values (data.kind=regression overrides)" in lines


def test_numbers_come_back_from_the_cache_as_they_were(load_text, tmp_path):
    made = load_text(text(range(300)))
    again = data.open_cached(made.path)
    assert (again.kind, again.digest) == ("regression", made.digest)
    assert again.y.tolist() == made.y.tolist()
    assert again.y_test.dtype == np.float64


def test_a_test_file_holds_numbers_too(load_text, tmp_path):
    (tmp_path / "test.csv").write_text(text([0.25, -7.5, 1e9, 0.25, 3]))
    task = load_text(text(range(300)), test_path="test.csv")
    assert task.y_test.tolist() == [0.25, -7.5, 1e9, 0.25, 3.0]
    (tmp_path / "test.csv").write_text(text([1, 2, 3, 4, "much"]))
    with pytest.raises(DataError, match=r"test\.csv line 6: 'label' is 'much', and a regression needs"):
        load_text(text(range(301)), test_path="test.csv")


def test_the_built_in_numbers_are_what_their_sources_hold(tmp_path):
    from sklearn.datasets import load_diabetes

    task = load("diabetes", {}, tmp_path)
    assert (task.kind, task.X.shape, task.X_test.shape) == ("regression", (342, 10), (100, 10))
    assert sorted([*task.y, *task.y_test]) == sorted(load_diabetes().target)
