"""Experiments of the course in their quick form."""

from functools import cache
from pathlib import Path

import pytest

from harness.cli import compose
from harness.course.finding import Finding
from harness.course_config import Experiment, parse_course
from harness.data import load


@cache
def _tree(name: str) -> dict:
    return compose("course", [f"experiment=[{name}]"])[0].tree


def _experiment(name: str, changes: dict, others: dict) -> Experiment:
    fields = _tree(name)["course"][name] | others
    settings = fields["settings"] | fields["quick"] | changes
    tree = _tree(name) | {"course": {name: fields | {"settings": settings}}}
    return parse_course(tree).experiments[0]


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def quick():
    """The experiment of that name with its quick settings, and these instead; `others` beside settings."""
    return lambda name, others=(), /, **changes: _experiment(name, changes, dict(others))


@pytest.fixture
def found(quick, prepared_data):
    """Run the quick form of an experiment: what it finds."""
    import importlib

    def found(name: str, **changes) -> Finding:
        one = quick(name, **changes)
        given = {"data": {key: load(key, {}, prepared_data) for key in one.data}} if one.data else {}
        return importlib.import_module(f"harness.course.{name}").run(**one.settings, **given)

    return found
