"""The machine: Python and its libraries, processor and BLAS, threads, room on the disk."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from harness.doctor.check import Check

DISTRIBUTION = "scale-harness"
OLDEST, NEWEST_TRIED = (3, 11), (3, 13)
ROOM_NEEDED, ROOM_WANTED = 200 * 2**20, 2 * 2**30  # bytes: the default sweep's records; a few such sweeps
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
AVX512 = {"avx512f", "avx512dq", "avx512bw", "avx512vl"}
BEFORE_AVX2 = (
    *("prescott", "core2", "penryn", "nehalem", "barcelona"),
    *("sandybridge", "bulldozer", "piledriver", "steamroller"),
)
BEFORE_AVX512 = (*BEFORE_AVX2, "haswell", "excavator", "zen")


def python(version: tuple[int, ...]) -> Check:
    """Whether this Python is one that the harness is tried on."""
    found = ".".join(map(str, version))
    if version[:2] < OLDEST:
        return Check("python", "bad", found, "3.11 is the oldest that works: make setup PYTHON=python3.12")
    if version[:2] > NEWEST_TRIED:
        return Check("python", "warn", found, "3.13 is the newest tried; if something fails, try with that")
    return Check("python", "ok", found)


def dependencies(requirements: Collection[str], lock: str = "") -> Check:
    """Whether each library the harness needs is installed, in a version that it is made for and tested with.

    Args:
        requirements: as in a package's metadata ("numpy>=2.1", 'ruff>=0.14; extra == "dev"').
        lock: the text of requirements.lock, which names the versions that the tests ran with.
    """
    from packaging.requirements import Requirement

    needed = [Requirement(text) for text in requirements]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    faults = [fault for each in needed if (fault := _fault(each.name, str(each.specifier)))]
    if faults:
        return Check(
            "dependencies", "bad", ", ".join(faults), "install what requirements.lock names: make setup"
        )
    if newer := [found for each in needed if (found := _newer(each.name, lock))]:
        remedy = "if numbers or errors surprise, install what requirements.lock names: make setup"
        return Check("dependencies", "warn", f"newer than tested: {', '.join(newer)}", remedy)
    return Check("dependencies", "ok", f"{len(needed)} libraries, each in its range")


def requirements() -> list[str]:
    """What the installed harness needs."""
    try:
        return importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return [DISTRIBUTION]


def tested() -> str:
    """The text of requirements.lock, which a checkout has and a wheel has not."""
    file = Path(__file__).resolve().parents[2] / "requirements.lock"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _fault(name: str, allowed: str) -> str:
    from packaging.specifiers import SpecifierSet

    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not installed"
    if SpecifierSet(allowed).contains(version, prereleases=True):
        return ""
    return f"{name} is {version}, not {allowed}"


def _newer(name: str, lock: str) -> str:
    from packaging.version import Version

    pinned = re.findall(rf"^{re.escape(name.lower())}==([^\s;]+)", lock, re.MULTILINE)
    version = importlib.metadata.version(name)
    if not pinned or Version(version) <= max(map(Version, pinned)):
        return ""
    return f"{name} {version} ({max(pinned, key=Version)})"


def processor() -> Check:
    """Which processor, and how many of its cores this process may use."""
    from harness.launch.local import cores  # which reaches Dask

    name = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    return Check("processor", "ok", f"{name}, {cores()} of {os.cpu_count()} cores usable")


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


def kernel() -> Mapping[str, object]:
    """NumPy's entry in threadpoolctl's list; empty where it has none."""
    import numpy  # noqa: F401  loads the library that is asked about
    from threadpoolctl import threadpool_info

    return next((dict(pool) for pool in threadpool_info() if pool["user_api"] == "blas"), {})


def flags() -> list[str]:
    """The processor's instruction sets, as Linux names them."""
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
