"""A tree is a configuration of OmegaConf's; here it becomes plain values, and tells which secrets it held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness import conf_files, secrets
from harness.errors import ConfigError, HarnessError
from harness.explain import explain
from harness.yaml_guard import MAX_VALUES, check_recorded


def plain(tree: Any) -> dict[str, Any]:
    """The tree with every interpolation resolved, as mappings and lists of plain values."""
    from omegaconf import DictConfig, ListConfig

    left = MAX_VALUES

    def unfold(node: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise ConfigError(
                f"the configuration unfolds to more than {MAX_VALUES:,} values; "
                "look for an interpolation that holds itself, or many of one another"
            )
        if isinstance(node, DictConfig):
            return {key: unfold(node[key]) for key in node}
        if isinstance(node, ListConfig):
            return [unfold(node[index]) for index in range(len(node))]
        return node

    resolved: dict[str, Any] = unfold(tree)
    return resolved


def tree_of(text: str, name: str) -> dict[str, Any]:
    """The resolved tree of a recorded configuration (unresolved YAML), which may have been tampered with.

    Raises:
        ConfigError: by that name, where it is no configuration, or calls anything but the environment.
    """
    from omegaconf import OmegaConf

    try:
        check_recorded(text, name)
        with noting_environment():
            tree = OmegaConf.create(text)
            if not OmegaConf.is_dict(tree):
                raise ConfigError(f"{name} must be made of key: value, got {type(tree).__name__}")
            resolved = plain(tree)
    except Exception as error:
        if isinstance(error, HarnessError):
            raise
        raise ConfigError(f"{name}: {explain(error, conf_files.choices())}") from error
    secrets.settle(resolved)
    return resolved


@contextmanager
def noting_environment() -> Iterator[None]:
    """What is resolved meanwhile notes which secrets it took from the environment."""
    from omegaconf import OmegaConf
    from omegaconf.resolvers import oc

    def noted(name: Any, *default: Any) -> str | None:
        secrets.take(str(name), os.environ.get(str(name)))
        return oc.env(name, *default)

    OmegaConf.register_new_resolver("oc.env", noted, replace=True)
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)
