"""A YAML file is measured before anybody unfolds it: ten lines of aliases can stand for a billion values."""

from __future__ import annotations

import re
from typing import Any

from harness.errors import ConfigError

MAX_VALUES = 10_000  # of a configuration; aliases and interpolations can make a short file explode
MAX_LENGTH = 200_000  # characters of a recorded configuration
MAX_DEPTH = 50
_HARMLESS = re.compile(r"\$\{\s*(?:oc\.env:\s*\w+\s*(?:,[^${}]*)?|[\w.]+)\s*\}")


def check_yaml(text: str, name: str) -> None:
    r"""Refuse a text whose aliases stand for more than 10,000 values, or for themselves.

    Args:
        text: the YAML; one without aliases is as large as it looks and passes, and so does a broken one.
        name: of the file, for the message.

    Raises:
        ConfigError: naming the file.

    >>> check_yaml("a: &a [1, 2]\nb: *a", "ok.yaml")
    """
    if "*" not in text or "&" not in text:
        return
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return  # whoever loads it says so, with the file's name and line
    if root is not None and _size(root, {}, frozenset()) > MAX_VALUES:
        raise ConfigError(f"{name} unfolds to more than {MAX_VALUES:,} values; take aliases (*) out")


def check_recorded(text: str, name: str) -> None:
    """Refuse a recorded text that is too long, deep or unfolds too far, has tags, or calls but `oc.env`.

    Args:
        text: the YAML, unresolved.
        name: whose it is, for the message.

    Raises:
        ConfigError: naming it.
        yaml.YAMLError: where it is no YAML.

    >>> check_recorded("a: ${oc.env:HOME,x}/${name}", "ok")
    >>> check_recorded("a: ${oc.decode:${name}}", "run 1")
    Traceback (most recent call last):
    ...
    harness.errors.ConfigError: run 1 calls '${oc.decode:_}', and a record may only read ${oc.env:NAME}; ...
    """
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"{name} has {len(text):,} characters, at most {MAX_LENGTH:,} are read")
    check_yaml(text, name)
    import yaml

    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):  # values, not text: "\x24{" is "${" too
        kind = type(token).__name__
        depth += kind.endswith("StartToken") - kind.endswith("EndToken")
        if depth > MAX_DEPTH:
            raise ConfigError(f"{name} is nested more than {MAX_DEPTH} deep; a record never is")
        if isinstance(token, yaml.TagToken):
            raise ConfigError(f"{name} has the tag {''.join(map(str, token.value))!r}, and a record has none")
        if isinstance(token, yaml.ScalarToken):
            _check_harmless(token.value, name)


def _check_harmless(value: str, name: str) -> None:
    while (inner := _HARMLESS.sub("_", value)) != value:
        value = inner
    if "${" in value:
        raise ConfigError(
            f"{name} calls {value[value.index('${') :][:60]!r}, and a record may only read ${{oc.env:NAME}}; "
            "give that value in the configuration and sweep again"
        )


def _size(node: Any, known: dict[int, float], above: frozenset[int]) -> float:
    """Values below a node, infinite where it holds itself; each node is counted once, however often meant."""
    if id(node) in above:
        return float("inf")
    if id(node) not in known:
        inner = above | {id(node)}
        known[id(node)] = 1 + sum(_size(child, known, inner) for child in _children(node))
    return known[id(node)]


def _children(node: Any) -> list[Any]:
    if node.id == "mapping":
        return [part for pair in node.value for part in pair]
    return list(node.value) if node.id == "sequence" else []
