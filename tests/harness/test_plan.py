import json
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from harness import data
from harness import plan as planning
from harness.config import DataSettings, LaunchSettings, RepeatRule
from harness.errors import ConfigError, DataError
from harness.records import SearchSettings
from harness.tracking.reading import CellRecord


def keys(config, task):
    return {cell.key for cell in planning.make(config, task).cells}


def test_a_plan_holds_every_family_size_and_repeat_once(config, task):
    plan = planning.make(replace(config, repeats=RepeatRule(((64, 3),), beyond=2)), task)
    assert [(c.family.name, c.size, c.repeat) for c in plan.cells][:5] == [
        ("logistic", 64, 0),
        ("logistic", 64, 1),
        ("logistic", 64, 2),
        ("logistic", 128, 0),
        ("logistic", 128, 1),
    ]
    assert len(keys(config, task)) == 8


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"search": SearchSettings(trials=5)},
        {"search": SearchSettings(seconds=4.0)},
        {"search": SearchSettings(studies=(1, 4))},
        {"search": SearchSettings(studies=(4, 1))},
        {"search": SearchSettings(trials=4, pruner="none")},
        {"search": SearchSettings(trials=4, sampler="random")},
    ],
)
def test_what_numbers_depend_on_changes_every_key(config, task, change):
    assert not keys(config, task) & keys(replace(config, **change), task)


@pytest.mark.parametrize(
    "change",
    [
        {"launch": LaunchSettings("local", 2)},
        {"name": "other"},
        {"format": "json"},
        {"repeats": RepeatRule((), beyond=3)},
        {"data": DataSettings("digits", (32, 64, 128), {})},
    ],
)
def test_what_numbers_do_not_depend_on_keeps_every_key(config, task, change):
    assert keys(config, task) <= keys(replace(config, **change), task)


def test_a_familys_key_knows_nothing_of_the_other_families(config, task):
    alone = replace(config, families=config.families[:1])
    assert keys(alone, task) <= keys(config, task)


def test_a_label_or_a_cost_is_no_part_of_the_key_and_a_space_is(config, task):
    first = config.families[0]
    for change, same in [
        ({"label": "x"}, True),
        ({"seconds_per_row": 1.0}, True),
        ({"space": {"C": 1.0}}, False),
    ]:
        changed = replace(config, families=(replace(first, **change), config.families[1]))
        assert (keys(changed, task) == keys(config, task)) is same


@pytest.mark.parametrize("budget", [{"trials": 9}, {"seconds": 4.0}, {"studies": (3, 8)}])
def test_a_family_with_nothing_to_search_is_tried_once_and_its_key_knows_no_budget(config, task, budget):
    fixed = replace(config, families=(replace(config.families[0], space={"C": 1.0}),))
    asked = replace(fixed, search=SearchSettings(**budget))
    assert keys(asked, task) == keys(fixed, task)
    assert {cell.search.budget for cell in planning.make(asked, task).cells} == {"1 trial"}


def test_other_data_has_other_keys(config, task):
    assert not keys(config, task) & keys(config, replace(task, digest="e" * 32))


def test_a_size_above_a_familys_largest_is_skipped_with_its_reason(config, task):
    capped = replace(config, families=(replace(config.families[0], max_size=100), config.families[1]))
    plan = planning.make(capped, task)
    assert [(s.family, s.size) for s in plan.skipped] == [("logistic", 128)]
    assert "100" in plan.skipped[0].reason
    assert not any(c.size == 128 and c.family.name == "logistic" for c in plan.cells)


def test_a_size_above_the_pool_is_refused(config, task):
    with pytest.raises(ConfigError, match="size must be at most 400"):
        planning.make(replace(config, data=DataSettings("digits", (401,), {})), task)


def test_a_family_that_cannot_be_built_is_refused_before_anything_runs(config, task):
    broken = replace(config.families[0], space={"D": 1.0})
    with pytest.raises(ConfigError, match="takes no 'D'"):
        planning.make(replace(config, families=(broken,)), task)


@pytest.mark.parametrize("target", ["sklearn.svm.SVR", "sklearn.cluster.KMeans"])
def test_what_is_no_classifier_is_refused(config, task, target):
    family = replace(config.families[0], estimator={"_target_": target}, space={}, selection="error")
    with pytest.raises(ConfigError, match=rf"model\.logistic: {target} must be a classifier"):
        planning.make(replace(config, families=(family,)), task)


def test_a_size_that_may_hold_one_class_is_refused_and_not_proposed(config, task):
    rare = replace(task, y=(np.arange(400) % 50 == 0).astype(np.int64), classes=("no", "yes"))
    with pytest.raises(ConfigError, match=r"at least 150 .*98\.0 % of the pool are of one class"):
        planning.make(config, rare)
    proposed = replace(config, data=DataSettings("digits", None, {}))
    rarer = replace(task, y=(np.arange(400) % 30 == 0).astype(np.int64), classes=("no", "yes"))
    assert {cell.size for cell in planning.make(proposed, rarer).cells} == {96, 128}


@pytest.mark.parametrize(
    ("rare", "remedy"),
    [(2, ""), (3, ", or give one size: 'data.sizes=[400]'"), (5, ", or give one size: 'data.sizes=[240]'")],
)
def test_where_no_proposed_size_can_be_run_the_class_and_its_rows_are_told(config, task, rare, remedy):
    few = replace(task, y=(np.arange(400) < rare).astype(np.int64), classes=("no", "yes"))
    said = (
        f"data.sizes=auto has no size to run: of the 400 rows to draw on only {rare} are of another class "
        "than 'no' (yes), and to draw 128, its largest size, 10 are needed; collect more rows of such "
        f"classes, or choose another target{remedy}"
    )
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        planning.make(replace(config, data=DataSettings("digits", None, {})), few)
    enough = replace(task, y=(np.arange(400) < 10).astype(np.int64), classes=("no", "yes"))
    assert planning.make(replace(config, data=DataSettings("digits", None, {})), enough).cells
    if remedy:
        given = DataSettings("digits", (400 if rare == 3 else 240,), {})
        assert planning.make(replace(config, data=given), few).cells


def test_a_rare_class_beside_two_common_ones_hinders_no_size(config, task):
    classes = np.where(np.arange(400) < 3, 2, np.arange(400) % 2)
    sizes = {
        cell.size for cell in planning.make(config, replace(task, y=classes, classes=("a", "b", "c"))).cells
    }
    assert sizes == {64, 128}


def test_a_family_too_large_for_wide_data_is_named(config, task):
    network = replace(config.families[1], max_parameters=5)
    with pytest.raises(ConfigError, match=r"model\.network: a network of .* leave the family out"):
        planning.make(replace(config, families=(network,)), task)


def test_a_learner_that_cannot_be_watched_is_refused_as_one_that_trains_in_steps(config, task):
    broken = replace(config.families[0], progress="steps")
    with pytest.raises(ConfigError, match="iter_fit"):
        planning.make(replace(config, families=(broken,)), task)


def record(cell, outcome="complete", seconds=1.0):
    return CellRecord(
        cell.key,
        "run",
        cell.family.name,
        cell.size,
        cell.repeat,
        outcome,
        0.1,
        0.1,
        4,
        0.1,
        seconds,
        100,
        "",
        "",
    )


def test_complete_cells_are_done_and_failed_ones_are_tried_again(config, task):
    plan = planning.make(config, task)
    ended = {plan.cells[0].key: record(plan.cells[0]), plan.cells[1].key: record(plan.cells[1], "failed")}
    assert planning.missing(plan, ended) == list(plan.cells[1:])


def test_longest_cells_come_first_as_recorded_cells_tell(config, task):
    plan = planning.make(config, task)
    slow = next(c for c in plan.cells if c.family.name == "logistic" and c.size == 64)
    ordered = planning.longest_first(plan.cells, [record(slow, seconds=1000.0)])
    assert [(c.family.name, c.size) for c in ordered[:2]] == [("logistic", 128)] * 2
    assert [(c.family.name, c.size) for c in ordered[2:4]] == [("logistic", 64)] * 2


BUDGETS = [
    (SearchSettings(trials=4), 4, "4 trials"),
    (SearchSettings(seconds=30.0), None, "30 s"),
    (SearchSettings(studies=(3, 8)), 24, "3 studies of 8 trials"),
]


@pytest.mark.parametrize(("search", "trials", "words"), BUDGETS)
def test_the_plan_tells_each_budget(config, capsys, search, trials, words):
    config = replace(config, search=search)
    planning.show(replace(config, format="json"))
    told = json.loads(capsys.readouterr().out)
    assert (told["trials"], told["budget"]) == (trials, words)
    planning.show(config)
    assert capsys.readouterr().out.startswith(f"digits: 8 cells of {words} on digits\n")


def test_a_cell_costs_its_trials_and_its_refit_or_its_seconds_and_a_trial_more(config, task):
    def estimate(search, ended=()):
        cell = planning.make(replace(config, search=search), task).cells[0]
        return planning.estimated_seconds([cell], ended)[cell.key]

    trial = estimate(SearchSettings(trials=1)) / 2
    assert estimate(SearchSettings(trials=4)) == pytest.approx(5 * trial)
    assert estimate(SearchSettings(studies=(3, 8))) == pytest.approx(25 * trial)
    assert estimate(SearchSettings(seconds=30.0)) == pytest.approx(30 + trial)
    recorded = record(planning.make(config, task).cells[0], seconds=50.0)  # 4 trials and the refit: 10 s each
    assert estimate(SearchSettings(trials=9), [recorded]) == pytest.approx(100)
    assert estimate(SearchSettings(seconds=30.0), [recorded]) == pytest.approx(40)
    assert estimate(SearchSettings(seconds=3.0), [recorded]) == pytest.approx(20)


def test_the_plan_command_prints_json_that_adds_up(config, capsys):
    assert planning.show(replace(config, format="json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["missing"] == len(told["cells"]) == 8
    assert told["estimated_seconds"] > 0
    assert told["done"] == 0


def test_a_cell_that_is_sent_to_a_worker_names_its_data_and_does_not_carry_it(config, tmp_path):
    plan = planning.make(config, data.load("digits", {}, tmp_path / "cache"))
    cell = plan.cells[0]
    assert len(pickle.dumps(cell)) < 5_000
    assert np.array_equal(data.open_cached(cell.path).X, plan.task.X)
