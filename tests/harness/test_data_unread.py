"""What is no table is told as what it is, in one line with the remedy."""

import io
import zipfile

import pytest

from harness.data import load
from harness.errors import DataError


def zipped(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "a,label\n1,x\n")
    return content.getvalue()


EXCEL = zipped("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
UNREAD = {
    "some.xlsx": (EXCEL, "is an Excel file; save its sheet as CSV (UTF-8), and name that file"),
    "some.XLS": (OLD_EXCEL, "is an Excel file; save its sheet as CSV"),
    "renamed.csv": (EXCEL, "is an Excel file; save its sheet as CSV"),
    "old.csv": (OLD_EXCEL, "is an Excel file; save its sheet as CSV"),
    "renamed.zip": (EXCEL, "is an Excel file; save its sheet as CSV"),
    "packed.csv": (zipped("some.csv"), "is a zip archive; give it a name that ends in .zip, or unpack it"),
    "begun.csv": (EXCEL[:90], "is a zip archive; give it a name that ends in .zip, or unpack it"),
    "some.json": (
        b'[{"a": 1}]',
        "is JSON, and read are CSV, Parquet, Arrow and NPZ; save it as one of these",
    ),
    "some.JSONL": (b'{"a": 1}', "is JSON, and read are CSV"),
}


def refused(path, content):
    """The line that a file is refused with; nothing is written."""
    path.write_bytes(content)
    with pytest.raises(DataError, match=r".") as caught:
        load("file", {"path": str(path), "target": "label"}, path.parent / "cache")
    assert "\n" not in str(caught.value)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return str(caught.value)


@pytest.mark.parametrize("name", UNREAD)
def test_a_spreadsheet_and_json_are_told_as_such_with_the_remedy(tmp_path, name):
    content, says = UNREAD[name]
    path = tmp_path / name
    assert refused(path, content).startswith(f"{path} {says}")


@pytest.mark.parametrize("name", ["a" * 50, "\0" * 50])
def test_a_long_name_is_quoted_in_part(tmp_path, name):
    path, begin = tmp_path / "some.csv", repr(f"{name[:40]}...")
    assert f"has one column, {begin}, and needs" in refused(path, f"{name}\n1\n".encode())
    assert f"has 2 columns named {begin}; rename" in refused(path, f"{name},{name}\n1,2\n".encode())


def test_long_names_are_listed_in_part(tmp_path):
    path = tmp_path / "some.csv"
    assert f"its columns: {'a' * 40}..., b" in refused(path, f"{'a' * 50},b\n1,2\n".encode())
