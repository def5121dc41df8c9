"""`python -m tests.reliability`: run the parts, print a line for each as it ends and one table at the end.

Exit status 1 where anything is wrong. Worker processes import this file: nothing heavy at its top.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Eight sweeps and a minute of silence are the same however often kills are tried.
PARTS = ("inline", "local", "cli", "points", "disturbed", "limits", "disk", "corruption", "fuzz", "tables")


def main(argv: list[str] | None = None) -> int:
    asked = _arguments(argv)
    for name in THREADS:
        os.environ[name] = "1"
    # Started in the background it would have Ctrl-C ignored, and so would the sweeps that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    folder = Path(tempfile.mkdtemp(prefix="reliability-")).resolve()
    print(f"seed {asked.seed}, records below {folder}", flush=True)
    here = Path.cwd()
    os.chdir(folder)  # where the sweeps find the modules that parts write for them
    begin, rows = time.monotonic(), []
    for row in _rows(asked, folder):
        rows.append(row)
        print(_line(row), flush=True)
    return _conclude(asked, rows, time.monotonic() - begin, folder, here)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    add = parser.add_argument
    add("--kills", type=int, default=120, help="kill -9 per launcher")
    add("--cli", type=int, default=20, help="signals to the real command line")
    add("--points", type=float, default=1.0, help="share of the crash points tried")
    add("--pairs", type=int, default=20, help="pairs of crash points, of each scene")
    add("--disturbed", type=int, default=4, help="suspended sweeps, and as many closed terminals")
    add("--disks", type=int, default=8, help="amounts of room on a disk that fills up")
    add("--corruptions", type=int, default=40, help="truncations, and as many garbage writes")
    add("--fuzz", type=int, default=500, help="configurations, and as many CSV files")
    add("--seed", type=int, default=int(time.time()), help="of every random choice; the present second")
    add("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    add("--round", type=int, help="of `inline` or `local`: this round alone, to replay it")
    add("--write", type=Path, help="put the table between the markers of this file")
    asked = parser.parse_args(argv)
    asked.only = asked.only.split(",")
    if strange := sorted(set(asked.only) - set(PARTS)):
        parser.error(f"unknown parts {', '.join(strange)}; there are {', '.join(PARTS)}")
    return asked


def _rows(asked: argparse.Namespace, folder: Path) -> Iterator[Any]:
    """The rows of the parts asked for, as they end."""
    from tests.reliability import attempts, small_sweeps

    attempts.prepare()
    template = small_sweeps.template(folder / "template")
    parts = _parts(asked, template, folder)
    for name in asked.only:
        yield from parts[name]()


def _parts(asked: argparse.Namespace, template: Path, folder: Path) -> dict[str, Callable[[], Iterable[Any]]]:
    from functools import cache

    from tests.reliability import command_line, crash_points, disk, kills, limits, suites

    seed = asked.seed
    wanted = cache(lambda: kills.references(template, folder))

    def disturbed() -> Iterator[Any]:
        yield command_line.suspended(asked.disturbed, seed, wanted(), template, folder)
        yield command_line.closed_terminal(asked.disturbed, seed, wanted(), template, folder)
        yield command_line.eight_at_once(template, folder)

    def killed(launch: str) -> Iterator[Any]:
        yield kills.run(launch, asked.kills, seed, wanted(), template, folder, asked.round)

    return {
        "inline": lambda: killed("inline"),
        "local": lambda: killed("local"),
        "cli": lambda: [command_line.signals(asked.cli, seed, wanted(), template, folder)],
        "points": lambda: crash_points.run(seed, asked.points, asked.pairs, template, folder / "points"),
        "disturbed": disturbed,
        "limits": lambda: [limits.run(template, folder / "limits")],
        "disk": lambda: disk.run(asked.disks, seed, template, folder / "disk"),
        "corruption": lambda: suites.corruption(seed, asked.corruptions, folder / "corruption"),
        "fuzz": lambda: suites.fuzz(seed, asked.fuzz, folder / "fuzz"),
        "tables": lambda: suites.tables(folder / "tables"),
    }


def _line(row: Any) -> str:
    verdict = "absent" if row.absent else f"{row.faults} faults" if row.faults else "ok"
    note = f" ({row.note})" if row.note else ""
    return f"{row.what}: {row.tried:,} tried, {verdict}, {row.seconds:.0f} s{note}"


def _conclude(asked: argparse.Namespace, rows: list[Any], seconds: float, folder: Path, here: Path) -> int:
    from tests.reliability.rows import as_markdown, as_text, write_between_markers

    print(f"\n{as_text(rows)}\n")
    faults = sum(row.faults for row in rows)
    print(f"{faults} faults, seed {asked.seed}, {seconds / 60:.1f} min on {os.cpu_count()} cores")
    if asked.write:
        words = (
            f"`make reliability` of {date.today().isoformat()}: seed {asked.seed}, {seconds / 60:.0f} "
            f"minutes on {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}."
        )
        write_between_markers(here / asked.write, as_markdown(rows, words))
    if faults:
        print(f"the records of what went wrong are below {folder}")
    else:
        shutil.rmtree(folder)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
