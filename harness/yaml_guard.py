"""A YAML file is measured before anybody unfolds it: ten lines of aliases can stand for a billion values."""

from __future__ import annotations

from typing import Any

from harness.errors import ConfigError

MAX_VALUES = 10_000


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
