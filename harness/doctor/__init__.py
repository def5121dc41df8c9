"""`harness doctor` is a list of checks: what each found, and where something is amiss, the remedy.

A check changes nothing and prints no password; machine.py, store.py, runs.py, records.py, files.py and
data.py hold them.
With `fix=true`, mend.py goes first and says each thing that it did.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.doctor import data, files, machine, mend, records, runs, store
from harness.doctor.check import Check, line
from harness.errors import StoreError
from harness.tracking import leftovers
from harness.tracking.claims import Claims

if TYPE_CHECKING:
    from harness.config import DoctorConfig

__all__ = ["Check", "examine", "run"]


def run(config: DoctorConfig) -> int:
    """Print what was mended, then every check: a line each, or with `format=json` one list of objects.

    Returns:
        0 where nothing is bad, 1 otherwise.
    """
    claims = Claims(config.root.resolve() / ".claims")
    mended = list(mend.mend(config, claims)) if config.fix else []
    checks = [*mended, *examine(config, claims)]
    if config.format == "json":
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            print(line(check))
    return int(any(check.status == "bad" for check in checks))


def examine(config: DoctorConfig, claims: Claims) -> Iterator[Check]:
    """The checks, in the order in which a person would mend what they find."""
    yield machine.python(sys.version_info[:3])
    libraries = machine.dependencies(machine.requirements(), machine.tested())
    yield libraries
    yield machine.processor()
    if libraries.status != "bad":
        yield machine.blas(machine.kernel(), machine.flags(), os.environ)
    yield machine.threads(os.environ)
    yield machine.disk(config.root)
    found = store.store(config.root, config.uri)
    yield found
    if found.status != "bad":
        yield from _records(config, claims)
    yield files.leftovers(config.root, claims)
    yield store.tracking_variable(os.environ)
    yield data.source(config.data)
    if libraries.status != "bad":
        yield data.prepared(config.root)


def _records(config: DoctorConfig, claims: Claims) -> Iterator[Check]:
    """What is in a local store that can be read."""
    file = mend.own_file(config)
    if file is None or not file.exists():
        return
    try:
        yield runs.left(file, claims)
        yield runs.versions(file)
        if leftovers.count(file):
            yield from records.sound(config.root)
    except (sqlite3.Error, OSError) as error:
        yield Check("runs", "bad", f"{file} cannot be read ({error})", "try again")
    except StoreError as error:
        yield Check("records", "bad", str(error))
