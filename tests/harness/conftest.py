"""Files of a user's own, as several tests of data write them."""

import pandas
import pytest

from harness.data import load


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write `some.csv` of these columns, and a column `label`."""
    monkeypatch.chdir(tmp_path)

    def write(name="some.csv", /, **columns):
        rows = len(next(iter(columns.values())))
        frame = pandas.DataFrame({"label": ["ab"[row % 2] for row in range(rows)]} | columns)
        frame.to_csv(name, index=False)
        return name

    return write


@pytest.fixture
def load_text(tmp_path, monkeypatch):
    """Load a CSV of this text, from the working directory."""
    monkeypatch.chdir(tmp_path)

    def load_text(text, **options):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "some.csv").write_bytes(content)
        return load("file", {"path": "some.csv", "target": "label", **options}, tmp_path / "cache")

    return load_text
