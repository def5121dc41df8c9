"""The rules of a comparison: each a check of what the code does, tried on planted faults.

A check runs cells whose learners are watched, and returns what breaks its rule. The rules that are checked
elsewhere: nested, stratified subsets, folds and hold-out, rare classes (test_splits.py); groups and times
that are kept apart (test_apart.py); levels of a category
from the pool, days of the test rows (test_data_*.py); lockstep and the argmin of a mean curve, rungs
(test_evaluate.py); the search of a cut-off cell (test_cell.py, test_search.py); pruning (test_pruning.py);
crowded bounds and searches that are not equally converged (test_boundary.py, test_convergence.py); repeats by
a rule of sizes, and one budget of three (test_config.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from harness import cell as cells
from harness import cli, conf_files, data, evaluate, report
from harness import config as configs
from harness import plan as planning
from harness.config import DataSettings, SweepConfig
from harness.data import digits
from harness.families import build
from harness.records import Cell, CellResult, Family, SearchSettings, Split, Task, Trial, TrialEnded
from harness.seeds import seed_for
from harness.space import default_setting
from harness.splits import inner_splits, subset

SIZE = 90
OF_THE_EXTRA = ("cnn", "rnn")  # which come with PyTorch, that need not be here
POOR_PROBABILITIES = ("k_nearest_neighbors", "naive_bayes")  # votes, and those of features as if independent
TEST = 10_000  # the numbers of test rows begin here


@dataclass(eq=False)
class Watched:
    """A learner that notes the rows it is fitted on and judged on; a row's number is in its first column."""

    learner: Any
    seed: int = 0
    rows: frozenset[int] = frozenset()
    judged: set[int] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.learner, name)

    def with_budget(self, rows: int) -> Watched:
        self.learner = self.learner.with_budget(rows)
        return self

    def fit(self, X: np.ndarray, y: np.ndarray) -> Watched:
        self.rows = numbers(X)
        self.learner.fit(X, y)
        return self

    def iter_fit(self, X: np.ndarray, y: np.ndarray, steps: tuple[int, ...]) -> Iterator[Any]:
        self.rows = numbers(X)
        yield from self.learner.iter_fit(X, y, steps)

    def predict(self, X: np.ndarray) -> np.ndarray:
        self.judged |= numbers(X)
        return self.learner.predict(X)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        self.judged |= numbers(X)
        return self.learner.predict_proba(X)


def numbers(X: np.ndarray) -> frozenset[int]:
    return frozenset(X[:, 0].astype(int).tolist())


@dataclass(frozen=True)
class Account:
    """What happened in a cell: its learners in the order they were made, its trials, its result."""

    learners: list[Watched]
    trials: list[Trial]
    result: CellResult

    @property
    def refit(self) -> Watched:
        return self.learners[-1]

    @property
    def searched(self) -> list[Watched]:
        return [learner for learner in self.learners[:-1] if learner.rows]


def account(cell: Cell, task: Task) -> Account:
    """Run a cell, watching every learner it makes."""
    learners, events = [], []

    def watched(family: Family, setting: Any, space: Any, seed: int, trusted: tuple[str, ...]) -> Watched:
        learners.append(Watched(build(family, setting, space, seed, trusted), seed))
        return learners[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "build", watched)
        cells.run_cell(cell, task, (), events.append)
    trials = [event.trial for event in events if isinstance(event, TrialEnded)]
    return Account(learners, trials, events[-1].result)


@dataclass(frozen=True)
class Bench:
    """Where the rules are checked: two families, a task of numbered rows, a sweep, a folder to write to."""

    families: tuple[Family, Family]
    task: Task
    config: SweepConfig
    folder: Path

    def cell(self, family: Family, size: int = SIZE, repeat: int = 1, trials: int = 2) -> Cell:
        search = SearchSettings(pruner="none", trials=trials)
        return Cell("", self.task.name, self.task.digest, "", family, size, repeat, seed=0, search=search)

    def accounts(self, **change: Any) -> list[Account]:
        return [account(self.cell(family, **change), self.task) for family in self.families]


@pytest.fixture
def bench(task: Task, logistic: Family, network: Family, config: SweepConfig, tmp_path: Path) -> Bench:
    X, X_test = task.X.copy(), task.X_test.copy()
    X[:, 0], X_test[:, 0] = np.arange(len(X)), TEST + np.arange(len(X_test))
    numbered = replace(task, X=X, X_test=X_test)
    automatic = replace(network, estimator={"_target_": network.estimator["_target_"]})
    return Bench((logistic, automatic), numbered, config, tmp_path)


Rule = Callable[[Bench], list[str]]
Plant = Callable[[pytest.MonkeyPatch, Bench], None]

# The checks


def rows_beyond_the_size(bench: Bench) -> list[str]:
    """Size n is everything labelled that a learner may use, validation included."""
    found = []
    for each in bench.accounts():
        used = frozenset().union(
            *(learner.rows | learner.judged for learner in each.searched), each.refit.rows
        )
        if used != numbers(bench.task.X[subset(bench.task.y, SIZE, repeat=1, seed=0)]):
            found.append(f"{len(used)} rows were used at size {SIZE}")
    return found


def rows_both_learned_and_judged(bench: Bench) -> list[str]:
    """A setting is judged on rows that its learners were not fitted on."""
    shared = [learner.rows & learner.judged for each in bench.accounts() for learner in each.searched]
    return [f"{len(rows)} rows were fitted on and judged on" for rows in shared if rows]


def statistics_of_other_rows(bench: Bench) -> list[str]:
    """Means, scales and imputation are fitted on the training rows of that fit only.

    Spoiled validation rows must not change what the learner says of its training rows.
    """
    y = bench.task.y[:SIZE]
    fold = inner_splits(y, repeat=0, seed=0)[0]
    spoiled = bench.task.X[:SIZE].copy()
    spoiled[fold.validation] += 1000
    return [
        f"{family.name} knows the values of its validation rows"
        for family in bench.families
        if (said(family, bench.task.X[:SIZE], y, fold) != said(family, spoiled, y, fold)).any()
    ]


def said(family: Family, X: np.ndarray, y: np.ndarray, fold: Split) -> np.ndarray:
    """The probabilities that the learner of a fold gives to its training rows."""
    learners = []

    def made(_: int) -> Watched:
        learners.append(Watched(build(family, default_setting(family.space), family.space, 0)))
        return learners[-1]

    list(evaluate.points(family, made, X, y, [fold], 3))
    return learners[-1].learner.predict_proba(X[fold.train])


def rows_of_the_test_in_the_pool(bench: Bench) -> list[str]:
    """The test set is disjoint from what learners draw on."""
    loaded = data.load("digits", {}, bench.folder / "cache")
    shared = {row.tobytes() for row in loaded.X} & {row.tobytes() for row in loaded.X_test}
    return [f"{len(shared)} rows of {loaded.name} are in the pool and in the test set"] if shared else []


def rows_that_depend_on_the_family(bench: Bench) -> list[str]:
    """Every family learns from the same rows and is judged on the same."""
    first, second = ([(each.rows, frozenset(each.judged)) for each in a.searched] for a in bench.accounts())
    folds = len(inner_splits(bench.task.y[:SIZE], 1, 0))
    pairs = zip(first[:folds], second[:folds], strict=True)
    return [f"fold {number} is another for each family" for number, (a, b) in enumerate(pairs) if a != b]


def asking_the_test_before_the_end(bench: Bench) -> list[str]:
    """The test set is asked once in a cell, by the winner refitted."""
    found = []
    for each in bench.accounts():
        asked = [learner for learner in each.learners if max(learner.judged, default=0) >= TEST]
        if asked != [each.refit]:
            found.append(f"{len(asked)} learners were asked about test rows")
    return found


def refits_of_another_kind(bench: Bench) -> list[str]:
    """The winner is refitted on all n rows, on the schedule of its search, and stopped at its step."""
    found = []
    for family, each in zip(bench.families, bench.accounts(), strict=True):
        if len(each.refit.rows) != SIZE:
            found.append(f"{family.name} was refitted on {len(each.refit.rows)} of {SIZE} rows")
        if family.progress == "steps":
            horizons = {str(learner.steps) for learner in [*each.searched, each.refit]}
            if len(horizons) > 1:
                found.append(f"the schedules end at {', '.join(sorted(horizons))}")
            if each.refit.n_steps_ != each.trials[each.result.best].step:
                found.append(f"the refit stopped at step {each.refit.n_steps_}")
    return found


def budgets_that_differ(bench: Bench) -> list[str]:
    """Every family has the same budget."""
    sizes = DataSettings("digits", (SIZE,), {})
    plan = planning.make(replace(bench.config, data=sizes), bench.task)
    firsts = {each.family.name: each for each in plan.cells if each.repeat == 0}
    counts = {name: len(account(replace(each, repeat=1), bench.task).trials) for name, each in firsts.items()}
    return [f"the families had {counts} trials"] if len(set(counts.values())) > 1 else []


def unseen_classes_that_cost_everything(bench: Bench) -> list[str]:
    """A class that the training rows lack costs a finite loss."""
    rows = np.arange(SIZE)
    seen = bench.task.y[:SIZE] != 2
    fold = Split(train=rows[seen], validation=rows)
    return [
        f"{family.name} was judged {point.value} at step {point.step}"
        for family in bench.families
        for point in evaluate.points(
            family,
            lambda _, family=family: build(family, default_setting(family.space), family.space, 0),
            bench.task.X[:SIZE],
            bench.task.y[:SIZE],
            [fold],
            3,
        )
        if not np.isfinite(point.value)
    ]


def repeats_that_share_their_luck(bench: Bench) -> list[str]:
    """A repeat has its own rows, its own search and its own initialisation."""
    found = []
    for family in bench.families:
        one, other = (account(bench.cell(family, repeat=repeat), bench.task) for repeat in (1, 2))
        if [trial.params for trial in one.trials[1:]] == [trial.params for trial in other.trials[1:]]:
            found.append(f"two repeats of {family.name} tried the same settings")
        if {learner.seed for learner in one.learners} & {learner.seed for learner in other.learners}:
            found.append(f"two repeats of {family.name} start alike")
        if one.refit.rows == other.refit.rows:
            found.append(f"two repeats of {family.name} have the same rows")
    return found


def metrics_that_do_not_fit(bench: Bench) -> list[str]:
    """Settings are compared by log-loss, and by error where a learner has no probabilities, or poor ones."""
    found = []
    for name in conf_files.choices()["model"]:
        if name in OF_THE_EXTRA and find_spec("skorch") is None:
            continue
        (job,) = cli.compose("config", [f"model={name}"])
        (family,) = configs.parse(job.tree, job.source).families
        learner = build(family, default_setting(family.space), family.space, 0)
        is_sure = hasattr(learner, "predict_proba") and name not in POOR_PROBABILITIES
        wanted = "log_loss" if is_sure else "error"
        if family.selection != wanted:
            found.append(f"{name} is selected by {family.selection}")
    return found


def silence_on_a_pool_that_is_used_up(bench: Bench) -> list[str]:
    """A largest size above half the pool is told, for its repeats share rows."""
    found = []
    for size in (200, 201):
        config = replace(bench.config, data=DataSettings("digits", (64, size), {}))
        told = "more than half the pool" in report.caption(config, planning.make(config, bench.task))
        if told != (size > len(bench.task.y) // 2):
            found.append(f"{size} of {len(bench.task.y)} rows are {'' if told else 'not '}called too many")
    return found


# The planted faults


def a_size_without_its_validation(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    patch.setattr(cells, "subset", lambda y, size, repeat, seed: subset(y, size + 20, repeat, seed))


def folds_that_overlap(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    everything = np.arange(SIZE)

    def overlapping(*key: Any, **named: Any) -> tuple[Split, ...]:
        return tuple(replace(split, train=everything) for split in inner_splits(*key, **named))

    patch.setattr(cells, "inner_splits", overlapping)


def a_scaler_fitted_before_the_split(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    judge = evaluate.points

    def leaking(family: Family, build: Any, X: np.ndarray, *rest: Any) -> Any:
        return judge(family, build, StandardScaler().fit_transform(X).astype(np.float32), *rest)

    patch.setattr(evaluate, "points", leaking)


def a_pool_that_keeps_the_test_rows(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    patch.setattr(digits.np, "setdiff1d", lambda everything, test: everything)


def a_seed_that_knows_the_family(name: str) -> Plant:
    """Of the subset or of the folds."""
    draw, run_cell = {"subset": subset, "inner_splits": inner_splits}[name], cells.run_cell

    def plant(patch: pytest.MonkeyPatch, bench: Bench) -> None:
        def run(cell: Cell, *rest: Any) -> None:
            seed = seed_for("split", family=cell.family.name)
            patch.setattr(cells, name, lambda *key, **named: draw(*key[:-1], seed))
            run_cell(cell, *rest)

        patch.setattr(cells, "run_cell", run)

    plant.__name__ = f"a_seed_of_{name}_that_knows_the_family"
    return plant


def trials_judged_on_the_test(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    judge = evaluate.judged
    patch.setattr(
        evaluate,
        "judged",
        lambda family, learner, X, *rest: judge(family, learner, bench.task.X_test[: len(X)], *rest),
    )


def a_refit_without_the_validation_rows(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    def refit(its: Any, best: Trial) -> Any:
        train = its.folds[0].train
        learner = its.learner(best.params, "all")
        return learner.fit(its.X[train], its.y[train])

    patch.setattr(cells, "_refit", refit)


def a_refit_of_another_horizon(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    def refit(its: Any, best: Trial) -> Any:
        learner = its.learner(best.params, "all")
        if best.step is None or its.cell.family.progress != "steps":
            return learner.fit(its.X, its.y)
        learner = learner.with_budget(20 * len(its.y))
        with contextlib.closing(learner.iter_fit(its.X, its.y, (best.step,))) as training:
            next(training)
        return learner

    patch.setattr(cells, "_refit", refit)


def a_refit_to_the_end(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    def refit(its: Any, best: Trial) -> Any:
        learner = its.learner(best.params, "all")
        if its.cell.family.progress == "steps":
            learner = learner.with_budget(len(its.y))
        return learner.fit(its.X, its.y)

    patch.setattr(cells, "_refit", refit)


def more_trials_for_one_family(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    make = planning.make

    def favouring(config: SweepConfig, task: Task) -> planning.Plan:
        plan = make(config, task)
        more = replace(config.search, trials=6)
        favoured = (replace(c, search=more) if c.family.name == "network" else c for c in plan.cells)
        return replace(plan, cells=tuple(favoured))

    patch.setattr(planning, "make", favouring)


def a_log_loss_without_the_uniform(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    def plain(p: np.ndarray, y: np.ndarray, rows: int) -> float:
        with np.errstate(divide="ignore"):
            return float(-np.mean(np.log(p[np.arange(len(y)), y])))

    patch.setattr(evaluate, "log_loss", plain)


def a_subset_without_the_repeat(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    patch.setattr(cells, "subset", lambda y, size, repeat, seed: subset(y, size, 0, seed))


def a_seed_without_the_repeat(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    patch.setattr(cells, "seed_for", lambda purpose, **axes: seed_for(purpose, **{**axes, "repeat": 0}))


def families_selected_on_error(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    parse = configs.parse

    def swapped(tree: Any, source: str) -> SweepConfig:
        config = parse(tree, source)
        return replace(config, families=tuple(replace(f, selection="error") for f in config.families))

    patch.setattr(configs, "parse", swapped)


def a_caption_without_a_warning(patch: pytest.MonkeyPatch, bench: Bench) -> None:
    patch.setattr(report, "caption", lambda config, plan: "")


# rule -> the faults planted against it, each with what the check must say of it
RULES: dict[Rule, dict[Plant, str]] = {
    rows_beyond_the_size: {a_size_without_its_validation: "110 rows were used at size 90"},
    rows_both_learned_and_judged: {folds_that_overlap: "18 rows were fitted on and judged on"},
    statistics_of_other_rows: {a_scaler_fitted_before_the_split: "knows the values of its validation rows"},
    rows_of_the_test_in_the_pool: {a_pool_that_keeps_the_test_rows: "500 rows of digits are in the pool"},
    rows_that_depend_on_the_family: {
        a_seed_that_knows_the_family("subset"): "fold 0 is another",
        a_seed_that_knows_the_family("inner_splits"): "fold 0 is another",
    },
    asking_the_test_before_the_end: {trials_judged_on_the_test: "learners were asked about test rows"},
    refits_of_another_kind: {
        a_refit_without_the_validation_rows: "was refitted on 72 of 90 rows",
        a_refit_of_another_horizon: "the schedules end at 200, 225",
        a_refit_to_the_end: "the refit stopped at step 200",
    },
    budgets_that_differ: {more_trials_for_one_family: "{'logistic': 4, 'network': 6} trials"},
    unseen_classes_that_cost_everything: {a_log_loss_without_the_uniform: "was judged inf"},
    repeats_that_share_their_luck: {
        a_seed_without_the_repeat: "tried the same settings",
        a_subset_without_the_repeat: "have the same rows",
    },
    metrics_that_do_not_fit: {families_selected_on_error: "large_nn is selected by error"},
    silence_on_a_pool_that_is_used_up: {a_caption_without_a_warning: "not called too many"},
}
FAULTS = [(rule, plant, said) for rule, plants in RULES.items() for plant, said in plants.items()]


def named(part: object) -> str | None:
    return getattr(part, "__name__", "")


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_rule_holds(rule: Rule, bench: Bench) -> None:
    assert rule(bench) == []


@pytest.mark.parametrize(("rule", "plant", "said"), FAULTS, ids=named)
def test_the_rule_finds_its_fault(
    rule: Rule, plant: Plant, said: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, bench)
    assert said in "; ".join(rule(bench))
