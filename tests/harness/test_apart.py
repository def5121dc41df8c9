"""No group is on both sides of a split, and nothing is judged on rows before those it learnt from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.apart import group_folds, latest, whole_groups
from harness.cell import run_cell
from harness.data import load, open_cached
from harness.data.cache import digest_of
from harness.errors import ConfigError, DataError
from harness.records import CellEnded, Family, Outcome
from harness.splits import check_searches, inner_splits, subset


@st.composite
def grouped(draw):
    """Classes and groups of up to 3,000 rows in random order, from 2 groups to nearly one a row."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    n = draw(st.one_of(st.integers(5, 60), st.integers(400, 3_000)))
    groups = rng.integers(draw(st.integers(2, n)), size=n)
    groups[:2] = (0, 1)
    return rng.integers(draw(st.integers(1, 5)), size=n), rng.permutation(groups)


@settings(deadline=None)
@given(grouped(), st.integers(0, 3))
def test_no_group_is_on_both_sides_of_an_inner_split(data, repeat):
    y, groups = data
    splits = inner_splits(y, repeat, seed=0, groups=groups)
    assert splits
    for split in splits:
        assert len(split.train)
        assert len(split.validation)
        assert not set(groups[split.train]) & set(groups[split.validation])
        assert sorted([*split.train, *split.validation]) == list(range(len(y)))
    if len(y) <= 2_000:
        assert sorted(np.concatenate([split.validation for split in splits])) == list(range(len(y)))


def test_rows_that_stand_alone_are_split_as_evenly_as_without_groups():
    y = np.random.default_rng(0).integers(4, size=500)
    folds = group_folds(y, np.arange(500), 5, np.random.default_rng(0))
    counts = np.array([np.bincount(y[fold]) for fold in folds])
    assert np.ptp(counts, axis=0).max() <= 2
    assert np.ptp(counts.sum(axis=1)) <= 4


def test_folds_of_small_groups_are_alike_in_size_and_in_every_class():
    rng = np.random.default_rng(1)
    y, groups = rng.permutation(np.repeat([0, 1, 2], [700, 250, 50])), rng.integers(150, size=1_000)
    folds = group_folds(y, groups, 5, rng)
    counts = np.array([np.bincount(y[fold]) for fold in folds])
    assert np.ptp(counts, axis=0).max() <= 6
    assert np.ptp(counts.sum(axis=1)) <= 8


def test_groups_are_dealt_anew_in_every_repeat_and_the_same_again():
    y, groups = np.arange(400) % 2, np.arange(400) // 8
    one, again, other = (inner_splits(y, repeat, seed=0, groups=groups)[0].validation for repeat in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_hold_out_of_groups_has_about_its_size():
    groups = np.random.default_rng(0).integers(1_000, size=10_000)
    (split,) = inner_splits(np.arange(10_000) % 2, 0, seed=0, groups=groups)
    assert 1_980 <= len(split.validation) <= 2_000


def test_where_no_group_fits_the_smallest_is_held_out():
    groups = np.repeat([0, 1, 2], [50, 20, 30])
    assert groups[whole_groups(groups, 10, np.random.default_rng(0))].tolist() == [1] * 20


@given(st.lists(st.integers(0, 20), min_size=5, max_size=300))
def test_no_row_is_judged_before_one_that_was_learnt_from(times):
    times = np.array(times)
    (split,) = inner_splits(np.arange(len(times)) % 2, 0, seed=0, times=times)
    assert times[split.validation].min() >= times[split.train].max()
    assert len(split.validation) == len(times) // 5
    assert len(latest(times, 3)) == 3


# A file


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write `some.csv` of these columns."""
    monkeypatch.chdir(tmp_path)
    return lambda **columns: pandas.DataFrame(columns).to_csv("some.csv", index=False)


def read(**options):
    return load("file", {"path": "some.csv", "target": "label", **options}, Path("cache"))


def patients(count=60, visits=10, noise=0.05):
    """Visits that tell the patient, and labels that only the patient tells: nothing is of use for others."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(count), visits)
    signs = rng.normal(size=(count, 3))[who] + noise * rng.normal(size=(count * visits, 3))
    ill = rng.permutation(np.arange(count) % 2)[who]
    columns = {f"sign{at}": signs[:, at] for at in range(3)}
    return {**columns, "patient": [f"p{one}" for one in who], "label": np.where(ill, "yes", "no")}


NEIGHBOUR = Family(
    name="neighbour",
    label="nearest neighbour",
    estimator={"_target_": "sklearn.neighbors.KNeighborsClassifier"},
    space={"n_neighbors": 1},
    selection="error",
)


def result_of(make_cell, task, size=300):
    events = []
    cell = replace(make_cell(NEIGHBOUR, size=size, trials=1), data=task.name, digest=task.digest)
    run_cell(cell, task, (), events.append)
    assert isinstance(events[-1], CellEnded)
    return events[-1].result


def test_a_search_that_keeps_groups_apart_is_not_fooled_and_one_that_does_not_is(write, make_cell):
    """The sceptic's test: a neighbour recognises the patient, which is of no use for a new one."""
    write(**patients())
    fooled = result_of(make_cell, read(drop=["patient"]))
    assert fooled.val_error < 0.05
    assert fooled.test_error < 0.05
    kept = result_of(make_cell, read(group="patient"))
    assert kept.val_error > 0.3
    assert kept.test_error > 0.3


def test_no_group_is_both_drawn_on_and_tested(write):
    columns = patients()
    write(**columns, row=np.arange(600))
    task = read(group="patient")
    assert "patient" not in " ".join(task.features)
    row = task.features.index("row")
    patient = np.array(columns["patient"])
    pool, test = (set(patient[X[:, row].astype(int)]) for X in (task.X, task.X_test))
    assert not pool & test
    assert len(pool | test) == 60
    assert 110 <= len(task.y_test) <= 120
    assert [patient[int(x)] for x in task.X[:, row]] == [f"p{code}" for code in decoded(task, columns)]


def decoded(task, columns):
    """The patients' numbers by the codes, which are in the order of the texts."""
    names = sorted(set(columns["patient"]))
    return [int(names[code][1:]) for code in task.groups]


def test_a_test_of_few_groups_and_a_class_that_is_late_are_told(write):
    row = np.arange(200)
    write(x=row, g=np.digitize(row, [90, 185]), label=np.where(row % 2, "a", "b"))
    assert read(group="g").notes[-1].startswith("only 15 rows are tested, for 40 were wanted and the groups")
    write(x=row, day=row, label=np.where(row > 170, "c", np.where(row % 2, "a", "b")))
    assert read(time="day").notes[0] == "no row to draw on is of class c"


def test_the_latest_rows_are_tested_and_none_of_their_time_is_drawn_on(write):
    days = pandas.Series(pandas.date_range("2024-01-01", periods=50)).repeat(4).sample(frac=1, random_state=0)
    write(row=range(200), day=days.dt.strftime("%Y-%m-%d").tolist(), label=["a", "b"] * 100)
    task = read(time="day", test_rows=30)
    assert task.features == ("row", "day.month", "day.day_of_week", "day.day_of_year")
    begun = days.dt.strftime("%d.%m.%Y").tolist()
    write(row=range(200), day=days.dt.strftime("%Y-%m-%d").tolist(), begun=begun, label=["a", "b"] * 100)
    every = read(time="day", test_rows=30).features
    assert [name for name in every if name.startswith("begun")] == [
        *("begun.month", "begun.day_of_week", "begun.day_of_year")
    ]
    order = days.rank(method="dense").to_numpy()
    pool, test = (order[X[:, 0].astype(int)] for X in (task.X, task.X_test))
    assert (len(test), test.min(), pool.max()) == (28, 44, 43)
    assert np.array_equal(pool, task.times + 1)


def test_a_number_orders_rows_too_and_is_no_feature(write):
    write(week=[*range(100)] * 2, x=range(200), label=["a", "b"] * 100)
    task = read(time="week")
    assert task.features == ("x",)
    assert len(task.y_test) == 40
    assert set(task.X_test[:, 0]) == {*range(80, 100), *range(180, 200)}


def test_a_forward_split_is_kept_in_a_search(write, make_cell):
    """Labels turn round at the last fifth of the pool: a search that looked back would not see it."""
    week = np.arange(500)
    x = np.random.default_rng(0).normal(size=500)
    label = np.where((x > 0) == (week < 320), "a", "b")
    write(week=week, x=x, label=label)
    result = result_of(make_cell, read(time="week"), size=400)
    assert result.outcome is Outcome.COMPLETE
    assert result.val_error > 0.9


def test_groups_and_times_come_back_from_the_cache_and_are_part_of_the_digest(write):
    write(**patients(), week=np.arange(600))
    plain, by_group, by_time = read(), read(group="patient"), read(time="week")
    assert (plain.groups, plain.times, by_group.times, by_time.groups) == (None, None, None, None)
    for task, name in ((by_group, "groups"), (by_time, "times")):
        array = getattr(open_cached(task.path), name)
        assert array.dtype == np.int64
        assert isinstance(array.base, np.memmap)
        assert len(array) == len(task.y)
        assert digest_of(task) == task.digest
        assert digest_of(replace(task, **{name: array + 1})) != task.digest
        assert digest_of(replace(task, **{name: None})) != task.digest
    (Path(by_group.path) / "groups.npy").unlink()
    with pytest.raises(DataError, match=r"is missing or damaged"):
        open_cached(by_group.path)


def test_a_size_at_which_a_repeat_draws_one_group_is_refused(task):
    groups = (np.arange(len(task.y)) > 1).astype(np.int64)
    small, whole = {(5, repeat) for repeat in range(20)}, len(task.y)
    said = (
        r"^at size 5 the search of repeat \d+ would learn from rows of one class only, for groups stay whole"
    )
    with pytest.raises(ConfigError, match=said + r"; raise data\.sizes, or set data\.group=null$"):
        check_searches(replace(task, groups=groups), small, seed=0)
    check_searches(replace(task, groups=np.arange(whole)), {(whole, repeat) for repeat in range(20)}, seed=0)
    check_searches(task, small, seed=0)
    with pytest.raises(ConfigError, match="at size 5 "):  # the repeats that only a larger size has
        check_searches(replace(task, groups=groups * 0), {(5, 3)}, seed=0)


def test_a_search_that_would_learn_one_class_is_refused_before_anything_runs(write):
    """One of ten groups is of the rare class, and in folds of whole ones it is judged, never learnt from."""
    rows = np.arange(600)
    group = rows // 20
    rare = group % 30 == 0
    write(x=rows, g=group, day=rows, label=np.where(rare, "a", "b"), late=np.where(rows > 450, "a", "b"))
    task = read(target="late", drop=["label", "g"], time="day", test_rows=100)
    said = (
        r"^at size 200 the search of repeat 0 would learn from .* of one class only, for it judges the latest"
    )
    with pytest.raises(ConfigError, match=said):
        check_searches(task, {(200, 0)}, seed=0)
    task = replace(task, groups=group[: len(task.y)], times=None)
    with pytest.raises(ConfigError, match=r"at size 100 the search of repeat 1 .* groups stay whole"):
        check_searches(replace(task, y=(task.groups == 3).astype(np.int64)), {(100, 1)}, seed=0)


def test_what_is_checked_is_what_a_cell_splits(write):
    """A draw that passes has two classes on each training side of its folds."""
    write(**patients())
    task = read(group="patient")
    check_searches(task, {(size, repeat) for size in (40, 80, 160) for repeat in range(3)}, seed=0)
    for repeat in range(3):
        rows = subset(task.y, 40, repeat, 0)
        for split in inner_splits(task.y[rows], repeat, 0, groups=task.groups[rows]):
            assert len(set(task.y[rows][split.train])) == 2


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (
            ["a", "b"] * 30,
            r"data\.group: 'g' has 2 groups of up to 30 rows, of which 30 of 60 would be tested;",
        ),
        (["a"] * 60, r"'g' has 1 group of up to 60 rows, of which"),
        (["a"] * 50 + ["b"] * 4 + ["c"] * 6, r"'g' has 3 groups of up to 50 rows, of which 10 of 60"),
        (["a"] * 55 + ["b"] * 2 + ["c"] * 3, r"line 2 has no 'g', the group; fill it in"),
    ],
)
def test_groups_that_cannot_be_held_out_are_refused(write, group, message):
    if "no 'g'" in message:
        group = [None, *group[1:]]
    write(x=range(60), g=group, label=["x", "y"] * 30)
    if "10 of 60" in message:
        assert len(read(group="g").y_test) == 10
        return
    with pytest.raises(DataError, match=message):
        read(group="g")


@pytest.mark.parametrize(
    ("week", "message"),
    [
        (
            [1] * 20 + [2] * 40,
            r"data\.time: by 'w' the latest rows are 40 of 60, and from 5 to 30 can be tested",
        ),
        ([1] * 57 + [2] * 3, r"the latest rows are 3 of 60"),
        ([None] + [1] * 59, r"line 2 has no 'w', the time; fill it in"),
    ],
)
def test_times_that_cannot_be_held_out_are_refused(write, week, message):
    write(x=range(60), w=week, label=["x", "y"] * 30)
    with pytest.raises(DataError, match=message):
        read(time="w")
