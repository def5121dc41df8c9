"""Jobs side by side, each in a forked process, so that both cores have work."""

from __future__ import annotations

import os
import pickle
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def side_by_side(jobs: Iterable[Callable[[], T]], lanes: int) -> Iterator[T]:
    """The results of the jobs as they end, at most `lanes` of them under way.

    The next job is taken when a lane is free, so that whoever makes them may stop on what came before.

    Raises:
        RuntimeError: with the traceback, where a job raised.
    """
    waiting, busy = iter(jobs), {}
    with tempfile.TemporaryDirectory(prefix="lanes-") as folder:
        while True:
            while len(busy) < lanes and (job := next(waiting, None)) is not None:
                answer = Path(folder, str(len(os.listdir(folder))))
                answer.touch()
                busy[_fork(job, answer)] = answer
            if not busy:
                return
            yield _result(busy)


def _fork(job: Callable[[], T], answer: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        told = pickle.dumps((True, job()))
    except BaseException:
        told = pickle.dumps((False, traceback.format_exc()))
    answer.write_bytes(told)
    os._exit(0)


def _result(busy: dict[int, Path]) -> T:
    """Wait for the lane that ends first."""
    while True:
        pid, _ = os.wait()
        if pid in busy:
            break
    done, told = pickle.loads(busy.pop(pid).read_bytes())
    if not done:
        raise RuntimeError(told)
    return told
