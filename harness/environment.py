"""The environment of a number: what its bits may depend on beside the cell's key, then and now."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import threadpoolctl

PACKAGES = ("numpy", "scipy", "scikit-learn", "optuna", "scale-harness")
WORDS = {"python": "Python", "machine": "machine", "system": "system", "processor": "processor"}
BLAS = ("internal_api", "version", "architecture", "num_threads")


def environment() -> dict[str, Any]:
    """Versions, processor, BLAS kernel and threads, and a hash of the harness's own source."""
    blas = [
        {name: pool.get(name) for name in BLAS}
        for pool in sorted(threadpoolctl.threadpool_info(), key=lambda pool: str(pool.get("filepath")))
        if pool.get("user_api") == "blas"
    ]
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "blas": blas,
        **_versions(),
        "code": code_digest(),
    }


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    """The version of each package, which is read from files."""
    from importlib.metadata import version

    return {name: version(name) for name in PACKAGES}


def _processor() -> str:
    """The processor's model name, as Linux tells it; elsewhere what Python knows."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """16 hexadecimal digits of a hash over the source files of harness/ and models/."""
    import models

    digest = hashlib.sha256()
    for package in (Path(__file__).parent, Path(models.__file__).parent):
        for file in sorted(package.rglob("*.py")):
            digest.update(f"{package.name}/{file.relative_to(package).as_posix()}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is not as it was, in words; a thing that was not recorded is not told.

    >>> differences({"numpy": "2.4.6", "code": "a"}, {"numpy": "2.5.0", "code": "b"})
    ['numpy 2.4.6 then, 2.5.0 now', "the harness's own source (a then, b now)"]
    """
    words = {**WORDS, **{name: name for name in PACKAGES}}
    found = [
        f"{word} {then[name]} then, {now.get(name)} now"
        for name, word in words.items()
        if name in then and then[name] != now.get(name)
    ]
    if set(_pools(then)) - set(_pools(now)):
        found.append(f"BLAS {' and '.join(_pools(then))} then, {' and '.join(_pools(now))} now")
    if "code" in then and then["code"] != now.get("code"):
        found.append(f"the harness's own source ({then['code']} then, {now.get('code')} now)")
    return found


def _pools(made: Mapping[str, Any]) -> list[str]:
    """The BLAS libraries in words, each kind once: one process may have loaded more of them than another."""
    pools = made.get("blas") or ()
    return sorted({" ".join(f"{pool.get(name)}" for name in BLAS[:3]) + _threads(pool) for pool in pools})


def _threads(pool: Mapping[str, Any]) -> str:
    return f" on {pool.get('num_threads')} threads" if pool.get("num_threads") != 1 else ""
