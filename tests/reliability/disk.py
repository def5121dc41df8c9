"""A disk that is full or read-only, by mounts that only the process itself sees (a user namespace, Linux)."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.reliability import attempts, kills, small_sweeps
from tests.reliability.lanes import side_by_side
from tests.reliability.records import Tally, snapshot
from tests.reliability.rows import Row, absent
from tests.reliability.small_sweeps import Reference

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
NEEDED = 2_500  # KiB that a sweep writes, about: what is left over is less
MOST = "256m"  # the disk's size once it is mended
MISTAKE = 2


def run(count: int, seed: int, template: Path, folder: Path) -> list[Row]:
    """A full disk with so many amounts of room, and a read-only one."""
    folder.mkdir()
    if not _can_mount():
        return [absent("full disk, read-only disk", "not tried: needs Linux and a user namespace")]
    wanted = small_sweeps.reference("tiny", "inline", template, folder)
    rng = random.Random(f"{seed} disk")
    room = [rng.randrange(NEEDED) for _ in range(count)]
    full = [lambda k=kib: _full(k, wanted, template, folder / f"full-{k}") for kib in room]
    fixed = [
        lambda: _read_only(False, wanted, template, folder / "read-only-empty"),
        lambda: _read_only(True, wanted, template, folder / "read-only-begun"),
    ]
    return [_row("full disk", full, f"seed {seed}"), _row("read-only disk", fixed, "")]


def _row(what: str, jobs: list[Callable[[], tuple[Tally, bool]]], note: str) -> Row:
    """A row of jobs that tell what was wrong, and whether the disk had room for the whole sweep."""
    begin, tally, roomy = time.monotonic(), Tally(), 0
    for each, had_room in side_by_side(jobs, 1):
        tally += each
        roomy += had_room
    told = f"{len(jobs) - roomy} refused" + (f", {roomy} had room" if roomy else "")
    note = "; ".join(filter(None, [note, told, small_sweeps.shorten(tally.examples)]))
    return Row(what, len(jobs), **tally.counts(), seconds=time.monotonic() - begin, note=note)


def _can_mount() -> bool:
    def attempt() -> bool:
        try:
            _own_mounts()
        except OSError:
            return False
        return True

    return next(iter(side_by_side([attempt], 1)))


def _own_mounts() -> None:
    """Give this process mounts of its own, which end with it.

    Raises:
        OSError: where the system does not let it.
    """
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def _full(kib: int, wanted: Reference, template: Path, root: Path) -> tuple[Tally, bool]:
    """A sweep on a disk with that much room, then the same with enough."""
    _own_mounts()
    root.mkdir()
    size = sum(-(-f.stat().st_size // 4096) * 4 + 4 for f in template.rglob("*")) + kib
    _mount("-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(root))
    shutil.copytree(template, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".claims"))
    refused = _refused(root, root.with_suffix(".log"))
    _mount("-o", f"remount,size={MOST}", str(root))
    tally = refused or Tally()
    tally += _continued(root, wanted)
    tally.examples = [f"{kib} KiB: {text}" for text in tally.examples]
    return tally, refused is None


def _read_only(begun: bool, wanted: Reference, template: Path, root: Path) -> tuple[Tally, bool]:
    """A sweep on a read-only folder, empty or with a part of the sweep in it; then on a writable one."""
    _own_mounts()
    small_sweeps.fresh(template, root)
    log = root.with_suffix(".log")
    if begun:
        attempt = attempts.start(attempts.sweep(small_sweeps.words("tiny", "inline", root)), log)
        attempt.wait(wanted.seconds / 2)
        attempt.kill()
        log.write_text("")
    before = _bytes(root)
    _mount("--bind", str(root), str(root))
    _mount("-o", "remount,bind,ro", str(root))
    refused = _refused(root, log)
    tally = refused or Tally(wrong=1, examples=["it ran on a read-only folder"])
    if _bytes(root) != before:
        tally += Tally(wrong=1, examples=["the read-only folder changed"])
    _mount("-o", "remount,bind,rw", str(root))
    tally += _continued(root, wanted)
    return tally, refused is None


def _bytes(root: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def _refused(root: Path, log: Path) -> Tally | None:
    """Run a sweep that cannot write: one line that names the place, exit status 2; None if it could."""
    attempt = attempts.start(attempts.sweep(small_sweeps.words("tiny", "inline", root)), log)
    status = attempt.wait()
    lines = log.read_text(errors="replace").strip().splitlines()
    if status == 0:
        return None
    said = [line for line in lines if line.startswith("harness: ")]
    if status != MISTAKE or len(said) != 1 or str(root) not in said[0]:
        attempt.kill()
        return Tally(wrong=1, examples=[f"exit status {status}: {' '.join(lines[-1:])}"])
    if "Traceback" in "\n".join(lines):
        return Tally(wrong=1, examples=["a traceback"])
    return kills.left(attempt)


def _continued(root: Path, wanted: Reference) -> Tally:
    tally = kills.finish(
        attempts.sweep(small_sweeps.words("tiny", "inline", root)), root.with_suffix(".again"), root, wanted
    )
    assert tally.wrong or snapshot(root, "tiny").trials, "a sweep without trials proves nothing"
    return tally
