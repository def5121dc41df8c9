"""What `course` is given: the experiments with their settings, which of them to run, where the page goes."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import conf_files
from harness.checks import flag, is_number, keys, mistake, nearest, one_of, path_of, sequence, text, whole
from harness.config import tracking
from harness.errors import ConfigError

FIELDS = ("statement", "section", "settings", "quick")
GIVEN = ("data", "sweep")  # parameters that are loaded, not set
FROM_ZERO = (".seed", ".depths")  # a network without a hidden layer is one of depth 0
LISTED = re.compile(r"(?:list|tuple|Sequence)\[(int|float|str|bool)\b.*\]")


@dataclass(frozen=True)
class Experiment:
    """One statement and what it is tried with.

    Attributes:
        settings: the keyword arguments of `harness.course.<name>.run`.
        data: the data sets that it is given, by name.
        sweep: whether it is given what the default sweep found.
    """

    name: str
    section: str
    statement: str
    settings: Mapping[str, Any]
    data: tuple[str, ...] = ()
    sweep: bool = False


@dataclass(frozen=True)
class Told:
    """A statement of the notes without an experiment, and the reason."""

    section: str
    statement: str
    reason: str


@dataclass(frozen=True)
class CourseConfig:
    """The checked form of `conf/course.yaml`.

    Attributes:
        experiments: all of them; the page shows each.
        only: the names of those to run.
        sections: of the notes, in their order.
        page: where the page is written as well; its pictures lie in a folder beside it.
    """

    root: Path
    uri: str | None
    experiments: tuple[Experiment, ...]
    only: tuple[str, ...]
    told: tuple[Told, ...]
    sections: tuple[str, ...]
    page: Path | None


def parse_course(tree: Mapping[str, Any], source: str = "") -> CourseConfig:
    """The checked form of a resolved tree.

    Raises:
        ConfigError: for the first key that is unknown or missing, or value of a wrong type or form.
    """
    keys(tree, "", ("only", "page", "sections", "statements", "tracking", "course"))
    root, uri = tracking(tree["tracking"])
    page = None if tree["page"] is None else path_of(tree["page"], "page")
    if page is not None and page.suffix != ".md":
        raise mistake("page", "a path that ends in .md", tree["page"], "e.g. page=docs/course.md")
    sections = tuple(text(one, "sections") for one in sequence(tree["sections"], "sections", "sections"))
    experiments = tuple(_experiment(key, fields) for key, fields in tree["course"].items())
    only = _only(tree["only"], [one.name for one in experiments])
    return CourseConfig(root, uri, experiments, only, _told(tree["statements"]), sections, page)


def _only(value: object, known: list[str]) -> tuple[str, ...]:
    if value is None:
        return tuple(known)
    listed = sequence([value] if isinstance(value, str) else value, "only", "experiments")
    for one in listed:
        if one not in known:
            raise ConfigError(f"only names {one!r}, which is no experiment; {nearest(str(one), known)}")
    return tuple(one for one in known if one in listed)


def _told(value: object) -> tuple[Told, ...]:
    found = []
    for number, each in enumerate(sequence(value, "statements", "statements")):
        fields = keys(each, f"statements[{number}]", ("section", "statement", "reason"))
        found.append(Told(*(text(fields[key], key) for key in ("section", "statement", "reason"))))
    return tuple(found)


def _experiment(key: str, value: object) -> Experiment:
    path = f"course.{key}"
    fields = keys(value, path, FIELDS, optional=GIVEN)
    known = tuple(conf_files.choices()["data"])
    given = sequence(fields["data"], f"{path}.data", "data sets") if "data" in fields else []
    data = tuple(one_of(each, f"{path}.data", known) for each in given)
    sweep = flag(fields.get("sweep", False), f"{path}.sweep")
    settings = _settings(key, fields["settings"], f"{path}.settings")
    section, statement = (text(fields[part], f"{path}.{part}") for part in ("section", "statement"))
    return Experiment(key, section, statement, settings, data, sweep)


def _settings(key: str, value: object, path: str) -> dict[str, Any]:
    """Each setting as the parameter of that name says, all of them as the experiment's own check does."""
    module = importlib.import_module(f"harness.course.{key}")
    parameters = inspect.signature(module.run).parameters.values()
    kinds = {each.name: str(each.annotation) for each in parameters if each.name not in GIVEN}
    given = keys(value, path, kinds)
    settings = {each: _typed(given[each], kind, f"{path}.{each}") for each, kind in kinds.items()}
    if hasattr(module, "check"):
        module.check(settings, path)
    return settings


def _typed(value: object, kind: str, path: str) -> Any:
    """A value of the type an annotation names: a plain one, or a list of one.

    >>> _typed([1e3], "list[int]", "steps"), _typed(2, "float", "rate")
    ([1000], 2.0)
    """
    if match := LISTED.fullmatch(kind):
        return [CHECKS[match[1]](each, path) for each in sequence(value, path, f"{match[1]} values")]
    return CHECKS[kind](value, path)


def _number(value: object, path: str) -> float:
    if not is_number(value):
        raise mistake(path, "a number", value)
    return float(value)


CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "int": lambda value, path: whole(value, path, 0 if path.endswith(FROM_ZERO) else 1),
    "float": _number,
    "str": text,
    "bool": flag,
}
