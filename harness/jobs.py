"""A job is one composed configuration; those of a multirun differ in overrides and are named by them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from harness.errors import ConfigError
from harness.naming import default_name
from harness.secrets import hide


@dataclass(frozen=True)
class Job:
    """One composed configuration: the resolved tree, the unresolved YAML text, the overrides behind it."""

    tree: dict[str, Any]
    source: str
    overrides: tuple[str, ...]


def refuse_folders_of_hydra(words: Iterable[str]) -> None:
    """Refuse a word that would have Hydra make folders or logs of its own, which it does before we may look.

    Raises:
        ConfigError: naming the word.

    >>> refuse_folders_of_hydra(["seed=3", "hydra.run.dir=here"])
    Traceback (most recent call last):
    harness.errors.ConfigError: 'hydra.run.dir=here' would have Hydra write files of its own; leave it out, \
and choose where records go with tracking.root
    """
    for word in words:
        if re.match(r"[+~]*hydra(\.(run|sweep|output_subdir|job|runtime)\b|/(output|\w+_logging)\b|=)", word):
            raise ConfigError(
                f"{word!r} would have Hydra write files of its own; leave it out, "
                "and choose where records go with tracking.root"
            )


def named(trees: list[dict[str, Any]], overrides: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """The trees of a multirun with the overrides that tell its jobs apart appended to their names, if any.

    >>> trees = [{"name": "a", "data": {"name": "digits"}}, {"name": "a", "data": {"name": "digits"}}]
    >>> [tree["name"] for tree in named(trees, [("seed=1", "repeats=2"), ("seed=1", "repeats=3")])]
    ['a_repeats=2', 'a_repeats=3']
    """
    shared = set(overrides[0]).intersection(*overrides[1:]) if overrides else set()
    named = []
    for tree, words in zip(trees, overrides, strict=True):
        data = tree.get("data")
        given = tree.get("name")
        base = default_name(data) if given is None and isinstance(data, dict) and "name" in data else given
        told = {"name"} if given is not None else {"name", "data"}  # keys that the base tells apart already
        apart = sorted(
            hide(word) for word in words if word not in shared and word.partition("=")[0] not in told
        )
        takes_name = "name" in tree and isinstance(base, str)
        named.append({**tree, "name": f"{base}_{_safe(apart)}"} if apart and takes_name else tree)
    return named


def _safe(words: list[str]) -> str:
    """Words as a part of a file's name; a digest stands for what had to go.

    >>> _safe(["search.trials=3", "seed=1"]), _safe(["model=[svm]"])
    ('search.trials=3,seed=1', 'model=svm-78d41d')
    """
    text = ",".join(words)
    short = re.sub(r"[^\w.=,+-]+", "", text)[:80]
    return short if short == text else f"{short}-{sha256(text.encode()).hexdigest()[:6]}"
