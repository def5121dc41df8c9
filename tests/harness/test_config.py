import copy
from pathlib import Path

import pytest

from harness.config import LaunchSettings, RepeatRule, parse, parse_doctor, parse_ui
from harness.errors import ConfigError
from harness.records import ClaimSettings, Family, SearchSettings

TREE = {
    "name": None,
    "seed": 0,
    "repeats": ["10@300", 5],
    "data": {"name": "digits", "sizes": [100, 500]},
    "model": {
        "svm": {
            "label": "SVM",
            "estimator": {"_target_": "sklearn.svm.SVC", "kernel": "rbf"},
            "space": {
                "C": {"low": 0.01, "high": 100.0, "log": True, "default": 1.0},
                "shrinking": {"choices": [True, False], "default": True},
                "hidden": {"layers": {"low": 1, "high": 2, "default": 1}, "units": 8},
                "degree": {"low": 1, "high": 5, "step": 2, "default": 3},
            },
        }
    },
    "search": {"sampler": "tpe", "pruner": "quartile"}
    | dict.fromkeys(("trials", "seconds", "studies", "trial_seconds")),
    "claims": {
        "margin": 2.0,
        "small_sizes": "auto",
        "linear": "logistic_regression",
        "kernel": "svm",
        "networks": ["small_nn", "medium_nn", "large_nn"],
    },
    "launch": {"name": "local", "workers": None, "memory": "auto"},
    "tracking": {"root": "mlruns", "uri": None},
    "trusted_modules": [],
    "format": "text",
}


def tree_with(path, value):
    """The tree with the value at a dotted path; `...` takes the key out."""
    tree = copy.deepcopy(TREE)
    *above, last = path.split(".")
    inner = tree
    for key in above:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return tree


def parsed(path="seed", value=0):
    return parse(tree_with(path, value), "yaml text")


def test_a_tree_becomes_frozen_settings():
    config = parsed()
    assert config.source == "yaml text"
    assert config.search == SearchSettings(sampler="tpe", pruner="quartile", trials=8)
    assert config.launch == LaunchSettings("local", folder=Path("mlruns/slurm"))
    with pytest.raises(AttributeError, match="cannot assign"):
        config.seed = 1


def test_a_family_keeps_its_file_and_takes_defaults_for_the_rest():
    (family,) = parsed().families
    fields = TREE["model"]["svm"]
    assert family == Family("svm", "SVM", fields["estimator"], fields["space"])


def test_the_name_defaults_to_the_data():
    assert parsed().name == "digits"
    assert parsed("name", "mine").name == "mine"


def test_sizes_ascend_and_integral_floats_count():
    assert parsed("data.sizes", [1e4, 500]).data.sizes == (500, 10_000)


def test_one_size_needs_no_list():
    assert parsed("data.sizes", 500).data.sizes == (500,)


def test_auto_sizes_are_left_to_the_data():
    assert parsed("data.sizes", "auto").data.sizes is None


def test_every_other_key_of_the_data_is_an_option():
    assert parsed("data.path", "a.csv").data.options == {"path": "a.csv"}


def test_repeats_may_be_one_number():
    assert parsed("repeats", 3).repeats == RepeatRule((), 3)


def test_repeats_follow_a_rule_by_size():
    rule = parsed("repeats", ["20@500", "10@4000", 5]).repeats
    assert [rule.at(size) for size in (1, 500, 501, 4000, 4001)] == [20, 20, 10, 10, 5]


@pytest.mark.parametrize(
    ("budget", "expected", "words"),
    [
        ({}, SearchSettings(trials=8), "8 trials"),
        ({"trials": 1}, SearchSettings(trials=1), "1 trial"),
        ({"seconds": 30}, SearchSettings(seconds=30.0), "30 s"),
        ({"studies": "3x8"}, SearchSettings(studies=(3, 8)), "3 studies of 8 trials"),
        ({"studies": "1x1"}, SearchSettings(studies=(1, 1)), "1 study of 1 trial"),
    ],
)
def test_a_search_has_one_budget_and_eight_trials_where_none_is_given(budget, expected, words):
    search = parsed("search", TREE["search"] | budget).search
    assert search == expected
    assert search.budget == words


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (
            {"trials": 4, "seconds": 5},
            "search.trials=4 and search.seconds=5 are 2 budgets, a search has one; "
            "set the others to null, such as search.trials=null",
        ),
        (
            {"seconds": 5, "studies": "3x8"},
            "search.seconds=5 and search.studies=3x8 are 2 budgets, .* search.seconds=null",
        ),
        ({"trials": 4, "seconds": 5, "studies": "3x8"}, "search.seconds=5 and search.studies=3x8 are 3 budg"),
    ],
)
def test_two_budgets_are_refused_with_the_remedy(budget, message):
    with pytest.raises(ConfigError, match=message):
        parsed("search", TREE["search"] | budget)


def test_the_margin_is_given_in_points_and_kept_as_a_share():
    assert parsed().claims == ClaimSettings()
    assert parsed("claims.margin", 1).claims.margin == 0.01


def test_the_small_sizes_ascend_and_auto_is_left_to_the_plan():
    assert parsed("claims.small_sizes", [256, 64]).claims.small_sizes == (64, 256)
    assert parsed("claims.small_sizes", "auto").claims.small_sizes is None


def test_an_empty_address_means_the_local_store():
    assert parsed("tracking.uri", "").uri is None


def test_ui_and_doctor_take_only_what_they_use():
    asked = {"tracking": TREE["tracking"], "port": 5001, "host": "0.0.0.0"}
    assert (parse_ui(asked).port, parse_ui(asked).host) == (5001, "0.0.0.0")
    with pytest.raises(ConfigError, match="unknown key hosts; did you mean host"):
        parse_ui(asked | {"hosts": "*"})
    examined = {"tracking": TREE["tracking"], "data": TREE["data"], "format": "json", "fix": True}
    doctor = parse_doctor(examined)
    assert (doctor.format, doctor.data.name, doctor.fix) == ("json", "digits", True)
    with pytest.raises(ConfigError, match="fix must be true or false, got 'yes'"):
        parse_doctor(examined | {"fix": "yes"})


SPACE = "model.svm.space"
SVR = {"estimator": {"_target_": "sklearn.svm.SVR"}}
MISTAKES = [
    ("serch", {}, "unknown key serch; did you mean search?"),
    ("search.trails", 3, "unknown key search.trails; did you mean trials?"),
    ("launch.worker", 3, "unknown key launch.worker; did you mean workers?"),
    ("tracking.port", 3, "unknown key tracking.port; choose from root, uri"),
    ("model.svm.max_sise", 3, "unknown key model.svm.max_sise; did you mean max_size?"),
    (f"{SPACE}.C.hihg", 3, "unknown key model.svm.space.C.hihg; did you mean high?"),
    (f"{SPACE}.hidden.unit", 3, "unknown key model.svm.space.hidden.unit; did you mean units?"),
    (f"{SPACE}.shrinking.log", True, "unknown key model.svm.space.shrinking.log"),
    ("seed", ..., "the configuration lacks the key seed"),
    ("data", ..., "lacks the key data"),
    ("data.sizes", ..., "data lacks the key sizes"),
    ("search", 3, "search must be a group with the keys sampler"),
    ("data", "digits", "data must be a group"),
    ("name", 2024, "name must be a text, got 2024"),
    ("name", "../x", r"name must be a name .* got '\.\./x'"),
    ("name", "a/b", "name must be a name"),
    ("name", "a" * 200, "at most 150"),
    ("name", "", "name must be a text"),
    ("seed", True, "seed must be a whole number from 0 to 4,294,967,295, got True"),
    ("seed", -1, "got -1"),
    ("seed", 2**32, "got 4294967296"),
    ("seed", 1.5, r"got 1\.5"),
    ("seed", "3", "got '3'"),
    ("seed", float("nan"), "got nan"),
    ("repeats", 0, "repeats must be a whole number of at least 1, got 0"),
    ("repeats", [], "repeats must be a list of repeats"),
    ("repeats", ["10@300"], "a plain number last"),
    ("repeats", ["10@300", "5@100", 3], "ascending sizes"),
    ("repeats", ["10@300", "5@300", 3], "ascending sizes"),
    ("repeats", ["0@300", 3], "at least 1, got 0"),
    ("repeats", ["10:300", 3], "made of repeats@size"),
    ("repeats", [5, 3], "made of repeats@size"),
    ("repeats", True, "got True"),
    ("data.sizes", "abc", "data.sizes must be auto or a list of whole numbers, got 'abc'"),
    ("data.sizes", [], "data.sizes must be a list"),
    ("data.sizes", [500, 0], "at least 1, got 0"),
    ("data.sizes", [500, 500.0], "free of repetition"),
    ("data.sizes", [500, 1.5], r"got 1\.5"),
    ("data.sizes", [True], "got True"),
    ("data.sizes", None, "got None"),
    ("data.name", "a/b", "data.name must be a name"),
    ("model", {}, "model must be at least one family"),
    ("model", {"label": "x", "space": {}}, "begin the family's file with the line '# @package model"),
    ("model.svm", 3, "model.svm must be a group"),
    ("model.svm.label", ..., "model.svm lacks the key label"),
    ("model.svm.label", 3, "model.svm.label must be a text"),
    ("model.svm.estimator", "sklearn.svm.SVC", "model.svm.estimator must be a group with the key _target_"),
    ("model.svm.estimator", {"kernel": "rbf"}, "must be a group with the key _target_"),
    ("model.svm.estimator._target_", "SVC", "_target_ must be the dotted path of a class, got 'SVC'"),
    ("model.svm.estimator._target_", "os.system('x')", "must be the dotted path"),
    ("model.svm.selection", "accuracy", "one of log_loss, error, got 'accuracy'"),
    ("model.svm.progress", "epochs", "one of steps, rungs"),
    ("model.svm.preprocess", "scale", "one of standardize, none"),
    ("model.svm.max_size", 0, "at least 1, got 0"),
    ("model.svm.max_parameters", "many", "a whole number"),
    ("model.svm.seconds_per_row", 0, "a number above 0"),
    (SPACE, [1], "a group of parameters"),
    (f"{SPACE}.kernel", {"choices": ["rbf"]}, "also fixed in the estimator"),
    (f"{SPACE}.not a name", 3, "keyed by names of parameters"),
    (f"{SPACE}.C.low", 100.0, r"C.low must be below high \(100.0\)"),
    (f"{SPACE}.C.low", 0, "above 0 on a log scale"),
    (f"{SPACE}.C.low", "small", "C.low must be a number, got 'small'"),
    (f"{SPACE}.C.low", True, "C.low must be a number, got True"),
    (f"{SPACE}.C.high", float("inf"), "C.high must be a number, got inf"),
    (f"{SPACE}.C.high", ..., "C lacks the key high"),
    (f"{SPACE}.C.log", "yes", "C.log must be true or false"),
    (f"{SPACE}.C.step", 1, "both step and log"),
    (f"{SPACE}.C.default", 1000, "C.default must be from low"),
    (f"{SPACE}.C.default", "one", "C.default must be a number"),
    (f"{SPACE}.degree.step", 3, r"a divisor of high - low \(4\)"),
    (f"{SPACE}.degree.step", 0, "above 0 and a divisor"),
    (f"{SPACE}.degree.default", 2, "a number of steps"),
    (f"{SPACE}.degree.default", 3.0, "a whole number, as its bounds are"),
    (f"{SPACE}.shrinking.choices", [], "must be a list of values"),
    (f"{SPACE}.shrinking.choices", [True, True], "free of repetition"),
    (f"{SPACE}.shrinking.choices", [True, [1]], "plain values"),
    (f"{SPACE}.shrinking.default", "maybe", "one of the choices"),
    (f"{SPACE}.hidden.units", 0, "hidden.units must be a whole number"),
    (f"{SPACE}.hidden.units", 2.0, "hidden.units must be a whole number"),
    (f"{SPACE}.hidden.units", {"low": 1.0, "high": 8}, "made of whole numbers"),
    (f"{SPACE}.hidden.layers", {"choices": [1, 0]}, "made of whole numbers"),
    (f"{SPACE}.hidden.units", ..., "hidden lacks the key units"),
    ("search.sampler", "bo", "search.sampler must be one of tpe, random, got 'bo'"),
    ("search.pruner", None, "one of quartile, none"),
    ("search.trials", 0, "search.trials must be a whole number of at least 1, got 0"),
    ("search.trials", "many", "got 'many'"),
    ("search.seconds", 0, "search.seconds must be a number above 0, got 0"),
    ("search.seconds", "30s", "search.seconds must be a number above 0, got '30s'"),
    ("search.studies", 3, "search.studies must be studies x trials in each, got 3; e.g. search.studies=3x8"),
    ("search.studies", "3*8", "studies x trials in each, got '3[*]8'"),
    ("search.studies", "0x8", "search.studies must be a whole number of at least 1, got 0"),
    ("search.trial_seconds", 0, "a number above 0"),
    ("search.trial_seconds", True, "a number above 0"),
    ("claims", ..., "lacks the key claims"),
    ("claims.margins", 2.0, "unknown key claims.margins; did you mean margin?"),
    ("claims.margin", 0, "claims.margin must be a number above 0, got 0"),
    ("claims.margin", 0.02, r"from 0.1 to 50 points of error, got 0.02; 2.0 is two wrong answers"),
    ("claims.margin", 60, "points of error, got 60"),
    ("claims.margin", "2 %", "claims.margin must be a number above 0, got '2 %'"),
    (
        "claims.small_sizes",
        "small",
        "claims.small_sizes must be auto or a list of whole numbers, got 'small'",
    ),
    ("claims.small_sizes", [], "claims.small_sizes must be a list"),
    ("claims.small_sizes", [0], "at least 1, got 0"),
    ("claims.small_sizes", [128, 128], "claims.small_sizes must be free of repetition"),
    ("claims.linear", None, "claims.linear must be a text"),
    ("claims.kernel", ["svm"], "claims.kernel must be a text"),
    ("claims.kernel", "small_nn", "claims must be made of different families"),
    ("claims.networks", "small_nn", "claims.networks must be a list of families, small to large"),
    ("claims.networks", [], "claims.networks must be a list of families"),
    ("claims.networks", ["small_nn", "small_nn"], "made of different families"),
    ("claims.networks", ["small_nn", 3], "claims.networks must be a text, got 3"),
    ("launch.name", "ray", "one of local, inline, dask, slurm"),
    ("launch.workers", 0, "at least 1, got 0"),
    ("launch", {"name": "inline", "workers": 2, "memory": None}, "1 with launch=inline, got 2"),
    ("launch", {"name": "inline", "workers": None, "memory": "2GB"}, "cannot be enforced with launch=inline"),
    ("launch.memory", 2, "an amount with its unit, got 2; e.g. launch.memory=2GB"),
    ("launch.memory", "100MB", "at least 500MB, got '100MB'"),
    ("launch", {"name": "dask", "address": None, "workers": None, "memory": None}, "needs launch.address"),
    (
        "launch",
        {"name": "dask", "address": "there", "workers": 2, "memory": None},
        "the address of a Dask sch",
    ),
    (
        "launch",
        {"name": "slurm", "workers": 2, "memory": None, "walltime": "1:0:0", "queue": None, "account": None},
        "launch=slurm needs launch.memory; e.g. launch.memory=4GB",
    ),
    ("tracking.root", "", "tracking.root must be a text"),
    ("tracking.uri", 3, "the address of an MLflow store"),
    ("trusted_modules", "mine", "a list of modules, got 'mine'"),
    ("trusted_modules", ["a b"], "dotted names of modules"),
    ("format", "xml", "format must be one of text, json, got 'xml'"),
    (
        "metric",
        "accuracy",
        "metric must be one of error, balanced_error, log_loss, rmse, mae, got 'accuracy'",
    ),
    ("metric", ["rmse", "mae"], "metric must be one of error"),
    ("model.svm.regressor", "svr", "model.svm.regressor must be a group with the keys estimator"),
    ("model.svm.regressor", {"label": "SVR"}, "model.svm.regressor lacks the key estimator"),
    (
        "model.svm.regressor",
        {**SVR, "scale": True},
        "unknown key model.svm.regressor.scale; did you mean space",
    ),
    (
        "model.svm.regressor",
        {"estimator": {"_target_": "os.system"}},
        r"model\.svm\.regressor.estimator: _target_",
    ),
    (
        "model.svm.regressor",
        {**SVR, "space": {"C": {"low": 3, "high": 2}}},
        r"regressor\.space\.C\.low must be",
    ),
]


@pytest.mark.parametrize(("path", "value", "says"), MISTAKES)
def test_a_mistake_is_one_line_that_names_its_key(path, value, says):
    with pytest.raises(ConfigError, match=says) as caught:
        parse(tree_with(path, value), "")
    assert "\n" not in str(caught.value)


def test_a_plain_value_fixes_an_entry_of_the_space():
    (family,) = parsed(f"{SPACE}.C", 3).families
    assert family.space["C"] == 3


def test_a_regressor_is_its_family_but_for_what_it_names():
    (family,) = parsed("model.svm.regressor", {**SVR, "space": {"epsilon": 0.1}, "max_size": 99}).families
    assert family.regressor == Family("svm", "SVM", SVR["estimator"], {"epsilon": 0.1}, max_size=99)
    (family,) = parsed("model.svm.regressor", SVR).families
    assert family.regressor.space == family.space
    assert parsed("metric", "mae").metric == "mae"
    assert parse(TREE, "").metric is None


def test_a_family_name_has_no_dot():
    with pytest.raises(ConfigError, match="without a dot"):
        parse({**TREE, "model": {"a.b": TREE["model"]["svm"]}}, "")


def test_whole_bounds_without_a_default_are_fine():
    (family,) = parsed(f"{SPACE}.degree", {"low": 1, "high": 4}).families
    assert family.space["degree"] == {"low": 1, "high": 4}
