"""A ladder is the training-set sizes that a data set proposes for itself."""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ..records import Task
from ..splits import smallest_size
from .roles import some

FOR_A_FORECAST = 6  # sizes


def proposed(task: Task) -> tuple[int, ...]:
    """The sizes of `data.sizes: auto`, without those that may hold one class only.

    Raises:
        DataError: as `ladder`; or each of its sizes may hold one class only.
    """
    sizes = ladder(len(task.y), len(task.classes))
    least = smallest_size(task.y) if task.classes else 0
    if sizes[-1] < least:
        raise _too_rare(task, sizes[-1], least)
    return tuple(size for size in sizes if size >= least)


def _too_rare(task: Task, largest: int, least: int) -> DataError:
    """The error where too few rows are of another class than the commonest, of which `largest` needs 3."""
    counts = np.bincount(task.y, minlength=len(task.classes))
    rows, commonest = len(task.y), int(counts.argmax())
    others = [name for at, name in enumerate(task.classes) if counts[at] and at != commonest]
    enough = -(-3 * rows // largest)
    said = (
        f"data.sizes=auto has no size to run: of the {rows:,} rows to draw on only "
        f"{rows - counts[commonest]:,} are of another class than {task.classes[commonest]!r} "
        f"({some(others)}), and to draw {largest:,}, its largest size, {enough:,} are needed; "
        "collect more rows of such classes, or choose another target"
    )
    return DataError(said + f", or give one size: 'data.sizes=[{least}]'" * (least <= rows))


def ladder(pool_rows: int, classes: int) -> tuple[int, ...]:
    """The sizes that `data.sizes: auto` proposes, ascending.

    Powers of two from max(64, 4 rows a class) up to half the pool and at most 32,768; of more than nine, the
    nine largest. Fewer than six, which a forecast needs, are joined by the sizes halfway between them. A pool
    with less than twice that start is started at max(16, 2 rows a class).

    Raises:
        DataError: half the pool is less than that.

    >>> ladder(303_345, classes=16)
    (128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    >>> ladder(1_297, classes=10), ladder(120, classes=3)
    ((64, 96, 128, 192, 256, 384, 512), (16, 24, 32))
    """
    most = min(pool_rows // 2, 32_768)
    for least in (max(64, 4 * classes), max(16, 2 * classes)):
        start = (least - 1).bit_length()
        sizes = tuple(2**power for power in range(start, most.bit_length()))
        if len(sizes) < FOR_A_FORECAST:
            sizes = tuple(sorted({*sizes, *(3 * size // 2 for size in sizes[:-1])}))
        if sizes:
            return sizes[-9:]
    raise DataError(
        f"data.sizes=auto needs a pool of at least {2 ** (start + 1):,} rows"
        f"{f' for {classes:,} classes' * (classes > 0)}, "
        f"got {pool_rows:,}; bring more rows or give data.sizes yourself"
    )
