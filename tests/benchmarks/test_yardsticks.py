"""Yardsticks choose nothing by test rows, keep their lines apart, and say what they were made with."""

import csv
import json
from dataclasses import replace

import pytest

from benchmarks.yardsticks import RESULTS, TABLE, Yardstick, family_of, main, measured, record
from harness import data
from harness.families import build
from harness.space import default_setting

TINY = Yardstick(
    data="digits",
    rows=200,
    family="large_nn",
    published=0.1,
    source="nobody",
    allowed=0.2,
    target=0.0,
    trials=2,
    fixed={"hidden": [32], "batch_size": 32, "dropout": 0.1, "activation": "relu"},
    epochs=20,
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def digits(cache):
    return data.load("digits", {}, cache)


def rows_of(results):
    with results.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", TABLE)
def test_every_line_is_of_a_known_data_set_and_its_learner_can_be_built(name):
    line = TABLE[name]
    assert line.data in data.RECIPES
    family = family_of(line)
    learner = build(family, default_setting(family.space), family.space, 0)
    if line.epochs:
        assert learner.steps == line.epochs * -(-line.rows // learner.batch_size)
    assert line.target <= line.allowed
    assert line.searched_at is None or line.searched_at < line.rows


def test_a_line_is_told_with_its_budget_its_versions_and_its_processor(cache):
    row = record("tiny", TINY, cache, {})
    assert row["met"] == ("allowed" if float(row["error"]) <= 0.2 else "missed")
    assert 0 < float(row["error"]) < 0.3
    assert row["budget"] == "2 trials"
    assert row["seeds"] == "seed 0, repeats 0 to 0"
    assert "numpy 2." in row["versions"]
    assert row["processor"]
    assert json.loads(row["fixed"])["steps"] == 20 * 7
    assert [sorted(each) for each in json.loads(row["chosen"])] == [["learning_rate", "step", "weight_decay"]]


def test_repeats_are_averaged_and_each_is_kept(cache):
    row = record("tiny", replace(TINY, repeats=2, trials=1), cache, {})
    first, second = map(float, row["errors"].split())
    assert first != second
    assert float(row["error"]) == pytest.approx((first + second) / 2, abs=1e-4)


def test_what_is_chosen_does_not_depend_on_the_test_rows(digits):
    other = replace(digits, X_test=digits.X_test[::-1], y_test=digits.y_test)
    (ours, result), (theirs, misled) = (measured(TINY, task, 0) for task in (digits, other))
    assert (ours.number, ours.params, ours.step) == (theirs.number, theirs.params, theirs.step)
    assert misled.test_error > 0.5 > result.test_error


def test_the_winner_of_a_search_on_fewer_rows_is_fitted_on_all(digits):
    small = replace(TINY, searched_at=100, rows=400)
    winner, result = measured(small, digits, 0)
    alone, _ = measured(replace(TINY, rows=100, epochs=20), digits, 0)
    assert winner.params == alone.params
    assert (winner.step, winner.error) == (20 * 13, alone.error)
    assert result.trials == 1
    assert result.test_error < measured(replace(TINY, rows=100), digits, 0)[1].test_error


def test_a_line_replaces_its_own_and_no_other(tmp_path, cache, capsys):
    table, results = {"first": TINY, "second": replace(TINY, trials=1)}, tmp_path / "results" / "some.csv"
    main(["second"], table, results, cache)
    main(["first"], table, results, cache)
    before = rows_of(results)
    main(["second"], {**table, "second": replace(TINY, trials=1, published=0.5)}, results, cache)
    after = rows_of(results)
    assert [row["yardstick"] for row in after] == ["first", "second"]
    assert after[0] == before[0]
    assert (before[1]["published"], after[1]["published"]) == ("0.1", "0.5")
    assert capsys.readouterr().out.count("\nsecond | ") == 2
    assert [file.name for file in results.parent.iterdir()] == ["some.csv"]


def test_a_mistake_is_one_line_and_writes_nothing(tmp_path, cache):
    said = main(["minst_network"], results=tmp_path / "some.csv", cache=cache)
    assert said.startswith("no yardstick is named 'minst_network'; there are mnist1d_network, ")
    assert not list(tmp_path.iterdir())


def test_a_line_whose_data_is_not_here_is_told_at_the_end_and_the_others_are_measured(tmp_path, cache):
    table = {"absent": replace(TINY, data="nowhere"), "there": replace(TINY, trials=1)}
    said = main([], table, tmp_path / "some.csv", cache)
    assert said.startswith("absent: data must be one of")
    assert [row["yardstick"] for row in rows_of(tmp_path / "some.csv")] == ["there"]


def test_the_kept_results_are_of_lines_of_the_table_as_they_stand():
    for row in rows_of(RESULTS):
        line = TABLE[row["yardstick"]]
        stated = (row["data"], row["rows"], row["published"], row["allowed"], row["target"], row["source"])
        numbers = (line.rows, line.published, line.allowed, line.target)
        assert stated == (line.data, *map(str, numbers), line.source)
        assert json.loads(row["fixed"]) == dict(family_of(line).estimator)
        assert f"{line.trials} trials" in row["budget"]
