"""A configuration is a plain tree, checked once and then frozen.

Whoever holds a `SweepConfig` need not ask again whether a key exists, has the right type, lies in its range.
Imports neither Hydra nor NumPy, so that help and completion stay quick.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.checks import (
    address,
    flag,
    keys,
    mistake,
    name,
    one_of,
    path_of,
    positive,
    refuse_course,
    sequence,
    whole,
)
from harness.family_config import parse_families
from harness.launch_config import LaunchSettings, parse_launch
from harness.naming import default_name
from harness.search_config import parse_search
from harness.secrets import refuse_secrets

if TYPE_CHECKING:
    from harness.records import ClaimSettings, Family, SearchSettings

FORMATS = ("text", "json")
MARGINS = (0.1, 50.0)  # in points; below, somebody meant a share
SWEEP_KEYS = (
    *("name", "seed", "repeats", "data", "search", "claims"),
    *("launch", "tracking", "trusted_modules", "format"),
)
METRICS = ("error", "balanced_error", "log_loss", "rmse", "mae")


@dataclass(frozen=True)
class RepeatRule:
    """How many repeats a size gets: the number beside the first limit that the size does not exceed.

    Attributes:
        steps: (limit, repeats), ascending by limit.
        beyond: repeats at sizes above every limit.

    >>> RepeatRule(((300, 10),), beyond=5).at(300), RepeatRule(((300, 10),), beyond=5).at(301)
    (10, 5)
    """

    steps: tuple[tuple[int, int], ...]
    beyond: int

    def at(self, size: int) -> int:
        """Repeats at a size."""
        return next((repeats for limit, repeats in self.steps if size <= limit), self.beyond)


@dataclass(frozen=True)
class DataSettings:
    """Which data set; `sizes` ascend, None lets the data propose them; `options` are the loader's own."""

    name: str
    sizes: tuple[int, ...] | None
    options: Mapping[str, Any]


@dataclass(frozen=True)
class SweepConfig:
    """What `sweep`, `plan`, `curves` and `report` are given.

    Attributes:
        root: folder of the local store, the cache and the reports.
        uri: the MLflow store; None means the local one below `root`.
        source: the unresolved YAML text, which is what may be recorded: a resolved one prints secrets.
        metric: what is searched for and charted; None for the one of the data's kind.
    """

    name: str
    seed: int
    repeats: RepeatRule
    data: DataSettings
    families: tuple[Family, ...]
    search: SearchSettings
    claims: ClaimSettings
    launch: LaunchSettings
    root: Path
    uri: str | None
    format: str
    trusted_modules: tuple[str, ...]
    source: str
    metric: str | None = None


@dataclass(frozen=True)
class UiConfig:
    """What `ui` is given; `host` is an address, not a name."""

    root: Path
    uri: str | None
    port: int
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class DoctorConfig:
    """What `doctor` is given; `fix` lets it mend what is safe."""

    root: Path
    uri: str | None
    data: DataSettings
    format: str
    fix: bool = False


def parse(tree: Mapping[str, Any], source: str) -> SweepConfig:
    """The checked form of a resolved tree (`conf/config.yaml` with its groups).

    Args:
        tree: nested mappings and lists of plain values.
        source: the unresolved YAML text of the same tree.

    Raises:
        ConfigError: for the first key that is unknown or missing, or value of a wrong type or range.
    """
    if isinstance(tree.get("course"), Mapping):
        refuse_course(tree["course"])
    # model is absent where the list of families is empty, metric in what was recorded before there was one
    keys(tree, "", SWEEP_KEYS, optional=["model", "metric"])
    data = data_settings(tree["data"])
    root, uri = tracking(tree["tracking"])
    trusted = modules(tree["trusted_modules"])
    families = parse_families(tree.get("model"), trusted)
    refuse_secrets(tree["name"], "name")
    for family in families:
        for each in filter(None, (family, family.regressor)):
            refuse_secrets([each.label, each.space], f"model.{family.name}, label or space,")
    return SweepConfig(
        name=default_name(tree["data"]) if tree["name"] is None else name(tree["name"], "name"),
        seed=whole(tree["seed"], "seed", 0, 2**32 - 1),
        repeats=_repeats(tree["repeats"]),
        data=data,
        families=families,
        search=parse_search(tree["search"]),
        claims=_claims(tree["claims"]),
        launch=parse_launch(tree["launch"], root),
        root=root,
        uri=uri,
        format=one_of(tree["format"], "format", FORMATS),
        trusted_modules=trusted,
        source=source,
        metric=None if (metric := tree.get("metric")) is None else one_of(metric, "metric", METRICS),
    )


def parse_ui(tree: Mapping[str, Any], source: str = "") -> UiConfig:
    """The checked form of `conf/ui.yaml`.

    Raises:
        ConfigError: as `parse`.

    >>> parse_ui({"tracking": {"root": "mlruns", "uri": None}, "port": 5000, "host": "127.0.0.1"}).port
    5000
    """
    keys(tree, "", ("tracking", "port", "host"))
    root, uri = tracking(tree["tracking"])
    return UiConfig(root, uri, whole(tree["port"], "port", 1, 65535), address(tree["host"], "host"))


def parse_doctor(tree: Mapping[str, Any], source: str = "") -> DoctorConfig:
    """The checked form of `conf/doctor.yaml`.

    Raises:
        ConfigError: as `parse`.
    """
    keys(tree, "", ("tracking", "data", "format", "fix"))
    root, uri = tracking(tree["tracking"])
    output = one_of(tree["format"], "format", FORMATS)
    return DoctorConfig(root, uri, data_settings(tree["data"]), output, flag(tree["fix"], "fix"))


def data_settings(tree: object) -> DataSettings:
    """Every key beside `name` and `sizes` is an option, which `harness.data.load` checks."""
    stated = list(tree) if isinstance(tree, Mapping) else []
    fields = keys(tree, "data", ("name", "sizes"), optional=stated)
    options = {key: value for key, value in fields.items() if key not in ("name", "sizes")}
    return DataSettings(name(fields["name"], "data.name"), _sizes(fields["sizes"], "data.sizes"), options)


def _sizes(value: object, path: str) -> tuple[int, ...] | None:
    if value == "auto":
        return None
    if isinstance(value, str):
        raise mistake(path, "auto or a list of whole numbers", value, f"e.g. '{path}=[500,5000]'")
    listed = sequence(value if isinstance(value, list) else [value], path, "whole numbers")
    sizes = sorted(whole(size, path) for size in listed)
    if len(set(sizes)) < len(sizes):
        raise mistake(path, "free of repetition", listed)
    return tuple(sizes)


def _repeats(value: object) -> RepeatRule:
    """A whole number, or a list of 'repeats@largest size' that ends in a plain number for the sizes above."""
    *limited, beyond = sequence(value if isinstance(value, list) else [value], "repeats", "repeats")
    steps = tuple(_repeat_step(item) for item in limited)
    limits = [limit for limit, _ in steps]
    if isinstance(beyond, str) or limits != sorted(set(limits)):
        rule = "a number, or a list such as [20@500,10@4000,5] with ascending sizes and a plain number last"
        raise mistake("repeats", rule, value)
    return RepeatRule(steps, whole(beyond, "repeats"))


def _repeat_step(item: object) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,9})@(\d{1,12})", item) if isinstance(item, str) else None
    if match is None:
        raise mistake("repeats", "made of repeats@size, such as 10@300, and a plain number last", item)
    return whole(int(match[2]), "repeats"), whole(int(match[1]), "repeats")


def _claims(tree: object) -> ClaimSettings:
    """The margin is given in points of error, hundredths of the test rows, and kept as a share."""
    from harness.records import ClaimSettings

    fields = keys(tree, "claims", ("margin", "small_sizes", "linear", "kernel", "networks"))
    margin = positive(fields["margin"], "claims.margin")
    if not MARGINS[0] <= margin <= MARGINS[1]:
        rule = f"from {MARGINS[0]} to {MARGINS[1]:g} points of error"
        raise mistake("claims.margin", rule, fields["margin"], "2.0 is two wrong answers in a hundred")
    linear, kernel = (name(fields[key], f"claims.{key}") for key in ("linear", "kernel"))
    listed = sequence(fields["networks"], "claims.networks", "families, small to large")
    networks = tuple(name(each, "claims.networks") for each in listed)
    if len({linear, kernel, *networks}) < len(networks) + 2:
        raise mistake("claims", "made of different families", [linear, kernel, *networks])
    return ClaimSettings(
        margin / 100, _sizes(fields["small_sizes"], "claims.small_sizes"), linear, kernel, networks
    )


def tracking(tree: object) -> tuple[Path, str | None]:
    """Folder and address of the records."""
    fields = keys(tree, "tracking", ("root", "uri"))
    uri = fields["uri"]
    if uri is not None and not isinstance(uri, str):
        raise mistake("tracking.uri", "null or the address of an MLflow store", uri)
    return path_of(fields["root"], "tracking.root"), uri or None


def modules(value: object) -> tuple[str, ...]:
    """The names of trusted modules."""
    if not isinstance(value, list):
        raise mistake("trusted_modules", "a list of modules", value, "e.g. 'trusted_modules=[my_package]'")
    for module in value:
        if not isinstance(module, str) or not all(part.isidentifier() for part in module.split(".")):
            raise mistake("trusted_modules", "made of dotted names of modules", module)
    return tuple(value)
