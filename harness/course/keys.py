"""A key is a hash of what an experiment's numbers depend on: its settings, its source, its data."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

NUMBERS = ("harness.course", "harness.search", "harness.seeds", "harness.verdicts")  # what computes
FINDING = "harness.course.finding"  # the form of what is found, on which no number depends


def key_of(name: str, settings: Mapping[str, Any], given: Iterable[str]) -> str:
    """The key of an experiment with these settings, given data (or a sweep) of these digests."""
    text = json.dumps([name, dict(settings), source_digest(name), list(given)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def source_digest(name: str) -> str:
    """Hash of the experiment's file, of those of `NUMBERS` that it computes with, and of all of models/."""
    digest = hashlib.sha256(_models_digest().encode())
    for module in sorted(reached(f"harness.course.{name}", frozenset())):
        digest.update(Path(str(importlib.import_module(module).__file__)).read_bytes())
    return digest.hexdigest()


def reached(name: str, before: frozenset[str]) -> frozenset[str]:
    """The modules of `NUMBERS` that one takes something of, at any remove, itself among them."""
    found = before | {name}
    beside = {_home(value) for value in vars(importlib.import_module(name)).values()}
    for module in sorted(beside):
        counts = any(module == one or module.startswith(f"{one}.") for one in NUMBERS)
        if counts and module not in {*found, FINDING}:
            found |= reached(module, found)
    return found


def _home(value: object) -> str:
    return value.__name__ if isinstance(value, ModuleType) else str(getattr(value, "__module__", ""))


@cache
def _models_digest() -> str:
    import models

    digest = hashlib.sha256()
    for file in sorted(Path(models.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
