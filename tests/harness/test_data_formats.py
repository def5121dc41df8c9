"""A table is the same Task in every format, and a file that is damaged is one line in every format."""

import contextlib
import gzip
import zipfile

import numpy as np
import pandas
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest

from harness.data import load
from harness.errors import DataError

ROWS = 60


def table():
    """Numbers, truth values, texts and missing values; a label."""
    return pandas.DataFrame(
        {
            "age": [None if row % 7 == 0 else row * 1.25 for row in range(ROWS)],
            "count": np.arange(ROWS),
            "member": [row % 3 == 0 for row in range(ROWS)],
            "maybe": [None if row % 5 == 0 else row % 2 == 0 for row in range(ROWS)],
            "city": [None if row % 11 == 0 else f"c{row % 6}" for row in range(ROWS)],
            "label": ["abc"[row % 3] for row in range(ROWS)],
        }
    )


def arrow_table(frame):
    return pyarrow.Table.from_pandas(frame, preserve_index=False)


def write_stream(path, frame):
    held = arrow_table(frame)
    with pyarrow.ipc.new_stream(path, held.schema) as writer:
        writer.write_table(held)


def write_file(path, frame):
    held = arrow_table(frame)
    with pyarrow.ipc.new_file(path, held.schema) as writer:
        writer.write_table(held)


def write_zip(path, frame):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._some.csv", b"\0")
        archive.writestr("folder/", b"")
        archive.writestr("folder/some.csv", frame.to_csv(index=False))


WRITERS = {
    "some.csv": lambda path, frame: frame.to_csv(path, index=False),
    "some.txt": lambda path, frame: frame.to_csv(path, index=False),
    "some.csv.gz": lambda path, frame: path.write_bytes(gzip.compress(frame.to_csv(index=False).encode())),
    "some.zip": write_zip,
    "some.parquet": lambda path, frame: frame.to_parquet(path),
    "some.PQ": lambda path, frame: frame.set_index("label", drop=False).to_parquet(path, index=False),
    "some.feather": lambda path, frame: pyarrow.feather.write_feather(arrow_table(frame), path),
    "some.arrow": write_file,
    "some.ipc": write_file,
    "some.arrows": write_stream,
}
BINARY = {"some.npz": lambda path, frame: np.savez(path, X=frame[["count"]], y=frame["label"].to_numpy(str))}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a frame in the format of a file name, or bytes."""
    monkeypatch.chdir(tmp_path)

    def write(name, content):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            {**WRITERS, **BINARY}[name](path, content)
        return path

    return write


def read(path, **options):
    return load("file", {"path": str(path), "target": "label", **options}, path.parent / "cache")


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_is_the_same_task_in_every_format(write, name):
    task = read(write(name, table()))
    assert task.digest.startswith("09d43c046fc70501")
    assert task.name == "some"
    assert task.features[:4] == ("age", "count", "member", "maybe")
    assert task.features[4:] == tuple(f"city=c{level}" for level in range(6))


def test_the_arrays_of_a_csv_are_those_they_always_were(write):
    rows = [
        f"{row},{'NA' if row % 7 == 0 else row * 1.25},{row % 3 == 0},{'' if row % 5 == 0 else row % 2 == 0},"
        f"c{row % 60},,{'abc'[row % 3]}\n"
        for row in range(120)
    ]
    text = "row,age,member,maybe,city,empty,label\n" + "".join(rows)
    assert read(write("some.csv", text.encode())).digest.startswith("20e14197a2ec86e6")


def test_types_that_only_columnar_files_have_become_numbers_and_levels(write):
    path = write("some.csv", b"").with_name("typed.arrow")  # Parquet keeps no categories of numbers
    row = np.arange(40)
    columns = {
        "row": pyarrow.array(row, pyarrow.uint8()),
        "half": pyarrow.array(row / 2, pyarrow.float32()),
        "price": pyarrow.array(row).cast(pyarrow.decimal128(22, 2)),
        "nothing": pyarrow.nulls(40),
        "code": pyarrow.array([str(1 + each % 3) for each in row]).dictionary_encode(),
        "rank": pyarrow.array(row % 2, pyarrow.int64()).dictionary_encode(),
        "wide": pyarrow.array(["x", None] * 20, pyarrow.large_string()),
        "label": pyarrow.array(row % 2, pyarrow.int64()),
        "__index_level_0__": pyarrow.array(row),
    }
    held = pyarrow.table(columns)
    with pyarrow.ipc.new_file(path, held.schema) as writer:
        writer.write_table(held)
    task = read(path)
    numbers = ("row", "half", "price", "nothing")
    assert task.features == (*numbers, *(f"code={n}" for n in "123"), "rank=0", "rank=1", "wide=x")
    assert task.classes == ("0", "1")
    assert np.array_equal(task.X[:, 1] * 2, task.X[:, 0])
    assert np.array_equal(task.X[:, 2], task.X[:, 0])
    assert np.isnan(task.X[:, 3]).all()
    assert np.array_equal(task.X[:, 5] > 0, task.X[:, 0] % 3 == 1)


def test_an_empty_text_is_missing_in_every_format(write):
    frame = table().assign(city=["", " ", "Oslo"] * 20, code=["7", "", " 8 "] * 20)
    tasks = [read(write(name, frame)) for name in ("some.csv", "some.parquet")]
    assert tasks[0].digest == tasks[1].digest
    assert tasks[0].features[4:] == ("code", "city=Oslo")
    assert np.isnan(tasks[0].X[:, 4]).sum() == np.sum(tasks[0].X[:, 4] == 7)
    frame.loc[3, "label"] = " "
    with pytest.raises(DataError, match="row 4 has no 'label'"):
        read(write("some.parquet", frame))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (pyarrow.array([2, 10] * 20), ("2", "10")),
        (pyarrow.array([True, False] * 20), ("false", "true")),
        (pyarrow.array(["b", "a"] * 20).dictionary_encode(), ("a", "b")),
        (pyarrow.array([0.5, -1.0] * 20), ("-1", "0.5")),
    ],
)
def test_labels_of_every_type_are_classes(write, labels, classes):
    path = write("some.csv", b"").with_name("typed.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"row": range(40), "label": labels}), path)
    assert read(path).classes == classes


def refused(path, **options):
    """The line that a file is refused with; nothing is written."""
    with pytest.raises(DataError, match=r".") as caught:
        read(path, **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["some.csv.gz", "some.zip", "some.parquet", "some.feather", "some.arrows", "some.npz"]
)
@pytest.mark.parametrize("damage", ["empty", "cut", "random", "text", "begun"])
def test_a_damaged_file_is_refused_in_one_line(write, name, damage):
    whole = write(name, table()).read_bytes()
    content = {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "random": np.random.default_rng(0).bytes(3000),
        "text": b"age,label\n1,2\n" * 20,
        "begun": whole[:8] + b"\0" * 3000,
    }[damage]
    path = write(name, content)
    assert str(path) in refused(path)


def test_a_flipped_byte_is_refused_or_read_and_nothing_else(write):
    """Formats without checksums cannot tell; none may raise anything else, or end the process."""
    rng = np.random.default_rng(0)
    for name in ("some.csv.gz", "some.parquet", "some.feather", "some.npz"):
        whole = write(name, table()).read_bytes()
        for _ in range(25):
            content = bytearray(whole)
            content[rng.integers(len(whole))] ^= 1 << rng.integers(8)
            path = write(name, bytes(content))
            with contextlib.suppress(DataError):
                read(path, target="y" if name == "some.npz" else "label")


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        (pyarrow.array([[1, 2]] * 40), "list<"),
        (pyarrow.array([{"a": 1}] * 40), "struct<"),
        (pyarrow.array([b"\xff"] * 40), "binary"),
        (pyarrow.array([1] * 40, pyarrow.duration("s")), "duration[s]"),
    ],
)
def test_a_column_of_another_type_is_refused_by_its_name(write, column, type_):
    path = write("some.parquet", b"")
    pyarrow.parquet.write_table(pyarrow.table({"odd": column, "label": ["a", "b"] * 20}), path)
    said = refused(path)
    assert f"column 'odd' holds {type_}" in said
    assert "'data.drop=[odd]'" in said


def test_an_archive_of_several_files_or_none_or_with_a_password_is_refused(write):
    path = write("some.zip", b"")
    for count in (0, 2):
        with zipfile.ZipFile(path, "w") as archive:
            for number in range(count):
                archive.writestr(f"{number}.csv", "a,label\n")
        assert f"holds {count} files, and must hold one, a CSV" in refused(path)
    whole = write("some.zip", table()).read_bytes()
    at = whole.index(b"PK\x01\x02", whole.index(b"folder/some.csv"))
    last = whole.rindex(b"PK\x01\x02")
    assert last > at
    locked = bytearray(whole)
    locked[last + 8] |= 1  # the flag in the directory
    first = whole.index(b"folder/some.csv") - 30
    locked[first + 6] |= 1  # and beside the file
    assert "encrypted" in refused(write("some.zip", bytes(locked)))


def test_rows_without_lines_are_told_by_their_number(write):
    frame = table()
    frame.loc[5, "label"] = None
    path = write("some.parquet", frame)
    assert refused(path) == f"{path} row 6 has no 'label', the target; fill it in or remove the line"
    frame = table()
    frame.loc[7, "age"] = np.inf
    assert f"{path} row 8: 'age' is inf, beyond 32-bit" in refused(write("some.parquet", frame))


def test_a_line_of_a_packed_csv_is_told(write):
    path = write("some.csv.gz", gzip.compress(b"a,label\n1,x\n2\n"))
    assert f"{path} line 3 has 1 fields" in refused(path)
    path = write("some.csv.gz", gzip.compress(b"a,label\n1,x\n2,\xff\n"))
    assert f"{path} line 3 is not UTF-8" in refused(path)


def test_a_parquet_without_rows_or_with_a_column_twice_is_refused(write):
    path = write("some.parquet", table().iloc[:0])
    assert "has no rows" in refused(path)
    twice = pyarrow.table([pyarrow.array([1]), pyarrow.array([1])], names=["a", "a"])
    pyarrow.parquet.write_table(twice, path)
    assert "has 2 columns named 'a'; rename all but one" in refused(path)
