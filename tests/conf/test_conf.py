"""Every file of configuration composes, parses, and declares all that it may hold."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from harness import conf_files
from harness.cli import compose
from harness.config import SweepConfig, parse, parse_doctor, parse_ui
from harness.course_config import CourseConfig, parse_course
from harness.curves.forecast import FEWEST_SIZES
from harness.data_config import parse_data
from harness.errors import ConfigError
from harness.families import build
from harness.family_config import OPTIONAL, REGRESSOR, REQUIRED
from harness.records import ClaimSettings, Family
from harness.report.levers import FEW_TRIALS
from harness.reproduce_config import parse_reproduce
from harness.space import default_setting, searched

CONF = conf_files.folder()
FAMILIES = conf_files.choices()["model"]
OF_THE_EXTRA = ("cnn", "rnn")  # which come with PyTorch, that need not be here
NETWORKS = ("small_nn", "medium_nn", "large_nn", "shallow_nn", "deep_nn")


@cache
def configuration(*words: str) -> SweepConfig:
    (job,) = compose("config", list(words))
    return parse(job.tree, job.source)


def family(name: str) -> Family:
    return configuration(f"model={name}").families[0]


COURSE = conf_files.of_the_course()
GROUPS = [
    (group, choice)
    for group, choices in conf_files.choices().items()
    for choice in choices
    if group != "experiment" or choice not in COURSE
]


@pytest.mark.parametrize(("group", "choice"), GROUPS)
def test_every_choice_of_every_group_composes_and_parses(group, choice):
    needed = ["launch.address=tcp://127.0.0.1:8786"] if choice == "dask" else []
    assert configuration(f"{group}={choice}", *needed).families


def test_the_groups_are_those_of_the_design():
    assert list(conf_files.choices()) == ["data", "experiment", "launch", "model", "search", "tracking"]


@cache
def course() -> CourseConfig:
    (job,) = compose("course", [])
    return parse_course(job.tree, job.source)


def test_the_course_runs_every_experiment_there_is():
    assert sorted(course().only) == sorted(COURSE)


def test_every_statement_is_of_a_section_of_the_notes():
    stated = {one.section for one in (*course().experiments, *course().told)}
    assert stated <= set(course().sections)


def test_a_reason_to_have_no_experiment_names_only_experiments_that_are_there():
    named = {word for told in course().told for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", told.reason)}
    assert "zero_init" in named
    assert named - {"fashion_mnist"} <= set(COURSE)


@pytest.mark.parametrize("name", COURSE)
def test_the_quick_form_of_an_experiment_changes_only_its_settings(name):
    fields = compose("course", [f"experiment=[{name}]"])[0].tree["course"][name]
    assert fields["quick"].keys() <= fields["settings"].keys()
    assert "seed" in fields["settings"]


def test_the_other_primary_configurations_parse():
    (ui,), (doctor,) = compose("ui", []), compose("doctor", [])
    assert (parse_ui(ui.tree).port, parse_ui(ui.tree).host) == (5000, "127.0.0.1")
    assert parse_doctor(doctor.tree).data.name == "flights"
    assert parse_doctor(doctor.tree).fix is False
    assert parse_data(compose("data", [])[0].tree).data is None
    assert parse_data(compose("data", ["data=digits"])[0].tree).data.name == "digits"
    (reproduce,) = compose("reproduce", ["run_id='0123'"])
    assert parse_reproduce(reproduce.tree).run_id == "0123"


def test_the_default_sweep_is_five_families_on_flights():
    config = configuration()
    names = [one.name for one in config.families]
    assert names == ["logistic_regression", "svm", "small_nn", "medium_nn", "large_nn"]
    assert (config.name, config.data.name, config.root) == ("flights", "flights", Path("mlruns"))
    assert (config.repeats.at(300), config.repeats.at(301)) == (10, 5)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_file_states_every_field(name):
    (fields,) = compose("config", [f"model={name}"])[0].tree["model"].values()
    assert sorted(set(fields) - {REGRESSOR}) == sorted([*REQUIRED, *OPTIONAL])


@pytest.mark.parametrize("name", FAMILIES)
def test_every_searched_entry_states_the_setting_tried_first(name):
    space = family(name).space
    entries = searched(space)
    assert entries
    assert all("default" in entry for entry in entries.values())
    assert default_setting(space) == {path: entry["default"] for path, entry in entries.items()}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_builds_an_estimator_that_takes_its_space(name):
    if name in OF_THE_EXTRA:
        pytest.importorskip("skorch")
    one = family(name)
    learner = build(one, default_setting(one.space), one.space, random_state=0)
    assert hasattr(learner, "fit")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_named_by_its_file(name):
    assert family(name).name == name


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_search_the_four_activations_and_train_in_steps(name):
    one = family(name)
    assert one.space["activation"]["choices"] == ["sigmoid", "tanh", "relu", "leaky_relu"]
    assert (one.selection, one.progress, one.preprocess) == ("log_loss", "steps", "none")


def test_network_classes_are_capped_in_ascending_order():
    caps = [family(name).max_parameters for name in ("small_nn", "medium_nn", "large_nn")]
    assert caps == sorted(caps)
    assert None not in caps


def test_the_kernel_machine_is_selected_on_error_and_stops_at_a_size():
    assert (family("svm").selection, family("svm").max_size) == ("error", 4096)


def test_the_families_experiment_names_the_owners_four():
    config = configuration("experiment=families")
    names = ["logistic_regression", "shallow_nn", "deep_nn", "svm"]
    assert [one.name for one in config.families] == names


def test_the_claims_name_families_of_the_sweep_in_ascending_order():
    for words in ((), ("experiment=families",)):
        config = configuration(*words)
        names = [one.name for one in config.families]
        assert {config.claims.linear, config.claims.kernel, *config.claims.networks} == set(names)
    assert configuration().claims == ClaimSettings()
    assert configuration("experiment=families").claims.networks == ("shallow_nn", "deep_nn")


def test_the_quick_experiment_is_small_and_on_digits():
    config = configuration("experiment=quick")
    assert (config.name, config.data.name) == ("quick", "digits")
    assert [one.name for one in config.families] == ["logistic_regression", "svm", "small_nn", "medium_nn"]
    assert len(config.data.sizes) >= FEWEST_SIZES
    assert config.search.trials_in_all >= FEW_TRIALS


def test_the_command_line_wins_over_an_experiment():
    config = configuration("experiment=quick", "data=flights", "model=svm", "search.trials=7")
    assert (config.data.name, config.search.trials) == ("flights", 7)
    assert [one.name for one in config.families] == ["svm"]


@pytest.mark.parametrize(
    ("words", "budget"),
    [
        ((), {"trials": 8}),
        (("search.seconds=30",), {"seconds": 30.0}),
        (("search.studies=3x8", "search=random"), {"studies": (3, 8)}),
        (("experiment=quick",), {"trials": 4}),
        (("experiment=quick", "search.trials=null", "search.seconds=5"), {"seconds": 5.0}),
    ],
)
def test_a_budget_is_typed_alone(words, budget):
    search = configuration(*words).search
    assert {name: getattr(search, name) for name in ("trials", "seconds", "studies")} == {
        **dict.fromkeys(("trials", "seconds", "studies")),
        **budget,
    }


def test_a_second_budget_beside_an_experiments_is_refused_with_the_remedy():
    with pytest.raises(ConfigError, match=r"search\.trials=4 and search\.seconds=5 .* search\.trials=null"):
        configuration("experiment=quick", "search.seconds=5")


@pytest.mark.parametrize("file", sorted(CONF.rglob("*.yaml")), ids=lambda file: str(file.relative_to(CONF)))
def test_every_file_opens_with_a_word_on_what_it_is(file):
    assert file.read_text().startswith("#")
    assert yaml.safe_load(file.read_text())
