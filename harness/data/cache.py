"""The cache holds each prepared data set once, as plain arrays that every worker maps into its memory.

A folder is complete or absent: it is written under another name, beside a lock, and then renamed. Its name
holds a digest of everything that the arrays depend on, so a changed source is another folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import DataError
from ..records import REGRESSION, Task
from .recipe import Options, Recipe

Accept = Callable[[Task], object]
FORMAT = 1
ARRAYS = {"X": np.float32, "y": np.int64, "X_test": np.float32, "y_test": np.int64}
WORDS = ("name", "digest", "source", "licence")
LISTS = ("classes", "features", "notes")
OPTIONAL = {"groups": np.int64, "times": np.int64}


def cached(name: str, recipe: Recipe, options: Options, cache: Path, accept: Accept = lambda _: None) -> Task:
    """The Task of a recipe: opened from the cache, or prepared, written there and then opened.

    Of several processes at once one prepares, and the others wait for it. A folder that is not as it was
    written is made anew. Where `prepare` or `accept` raises, folders and lock are gone again.

    Args:
        name: of the data set.
        recipe: how it is made.
        options: of the recipe.
        cache: the folder of prepared data sets.
        accept: is given the Task before it is written, or as it was opened, and raises where it is of no use.
    """
    folder = cache / f"{name}-{_recipe_digest(recipe, options)}"
    if (found := _found(folder)) is not None:
        accept(found)
        return found
    try:
        with _made(cache), _locked(folder.with_suffix(".lock")):
            return _make(recipe, options, folder, accept)
    except OSError as error:
        raise DataError(
            f"cannot write the prepared data to {cache} ({error.strerror or error}); "
            "set tracking.root to a folder that can be written and has room"
        ) from error


def open_cached(path: str | Path) -> Task:
    """The Task in a cache folder, its arrays memory-mapped and read-only; milliseconds at any size.

    Raises:
        DataError: the folder is absent, or a file in it is missing, or its length, shape or type is not as
            recorded. (Changed bytes inside a file of the right length are not looked for.)
    """
    folder = Path(path).absolute()
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise ValueError(f"its format is {meta['format']}, not {FORMAT}")
        held = [*ARRAYS, *(name for name in OPTIONAL if name in meta["arrays"])]
        arrays: dict[str, Any] = {name: _map(folder / f"{name}.npy", meta["arrays"][name]) for name in held}
        words: dict[str, Any] = {word: meta[word] for word in WORDS}
        lists: dict[str, Any] = {word: tuple(meta.get(word, ())) for word in LISTS}
        return Task(**arrays, **words, **lists, path=str(folder))
    except Exception as error:  # garbled bytes may raise anything
        reason = " ".join(str(error).split())
        raise DataError(
            f"the prepared data in {folder} is missing or damaged ({reason}); the sweep command makes it anew"
        ) from error


def digest_of(task: Task) -> str:
    """The hash of a Task's content: every array with its shape and type, the classes and the features."""
    content = hashlib.sha256(json.dumps([task.classes, task.features]).encode())
    for name in _held(task):
        array = np.ascontiguousarray(getattr(task, name))
        content.update(f"{name} {array.dtype.str} {array.shape}".encode())
        content.update(array.data)
    return content.hexdigest()


def _held(task: Task) -> list[str]:
    """The names of the arrays that a Task has."""
    return [*ARRAYS, *(name for name in OPTIONAL if getattr(task, name) is not None)]


def _recipe_digest(recipe: Recipe, options: Options) -> str:
    text = json.dumps(
        [FORMAT, recipe.version, dict(options), recipe.source(options)], sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; where the work in it is refused, take away those that are empty."""
    absent = [at for at in (folder, *folder.parents) if not at.exists()]
    _make_folder(folder)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # another process has put something there
            for made in absent:
                made.rmdir()
        raise


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, also while another process makes them and takes them away again."""
    for _ in range(100):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, FileNotFoundError):  # true no more, perhaps
            continue
        return
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of that path; the system frees it when the process ends, however it ends.

    The file is removed where the work is refused. Who waited for it then holds the lock of a file that nobody
    else can find, and looks again.
    """
    with _lock_file(path) as lock:
        try:
            yield
        except BaseException:
            if _is_at(lock, path):
                path.unlink()
            raise


def _lock_file(path: Path) -> IO[str]:
    """The locked file, which is at its path."""
    while True:
        _make_folder(path.parent)
        try:
            lock = path.open("w")
        except FileNotFoundError:  # another process was refused, and took its folder away again
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_at(lock, path):
            return lock
        lock.close()


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _make(recipe: Recipe, options: Options, folder: Path, accept: Accept) -> Task:
    """Prepare and write the folder, unless another process did while this one waited for the lock."""
    if (found := _found(folder)) is not None:
        accept(found)
        return found
    try:
        prepared = recipe.prepare(options)
    except OSError as error:
        raise DataError(
            f"what the data is made from cannot be read ({error}); make it readable"
            + (", or mend data.path" if "path" in options else "")
        ) from error
    task = replace(prepared, digest=digest_of(prepared))
    accept(task)
    partial = folder.with_suffix(".partial")  # under the lock, so at most left by a process that died
    for stale in (folder, partial):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        _write(task, partial)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return open_cached(folder)


def _found(folder: Path) -> Task | None:
    """The Task in a cache folder; None where it is absent or damaged."""
    try:
        return open_cached(folder)
    except DataError:
        return None


def _write(task: Task, folder: Path) -> None:
    folder.mkdir()
    arrays = {}
    for name in _held(task):
        number = name in ("y", "y_test") and task.kind == REGRESSION
        kept = np.float64 if number else {**ARRAYS, **OPTIONAL}[name]
        array = np.ascontiguousarray(getattr(task, name), dtype=kept)
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
        arrays[name] = _form(array, folder / f"{name}.npy")
    meta = {"format": FORMAT, "arrays": arrays, **{word: getattr(task, word) for word in WORDS + LISTS}}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")


def _map(path: Path, form: Mapping[str, Any]) -> Any:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if _form(array, path) != form:
        raise ValueError(f"{path.name} is {_form(array, path)}, not {form}")
    return np.asarray(array)  # still the map, without the subclass that every result would inherit


def _form(array: np.ndarray[Any, Any], path: Path) -> dict[str, Any]:
    return {"shape": list(array.shape), "type": array.dtype.str, "bytes": path.stat().st_size}
