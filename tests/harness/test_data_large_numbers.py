"""Large numbers that differ stay different in 32 bits; all others are as they are."""

import numpy as np
import pandas
import pytest

from harness.data import describe, load
from harness.data.columns import NUMBER, Typed, decided


def read(**options):
    from pathlib import Path

    return load("file", {"path": "some.csv", "target": "label", **options}, Path("cache"))


def all_of(task, name):
    at = task.features.index(name)
    return np.concatenate([task.X[:, at], task.X_test[:, at]])


LARGE = {
    "seconds": 1_700_000_000 + np.arange(600),
    "ids": 20_000_000 + np.arange(600),
    "with fractions": 1e6 + np.arange(600) / 1000,
    "below 0": -3_000_000_000.0 - np.arange(600),
    "0 for missing": np.where(np.arange(600) % 10 == 0, 0, 1_700_000_000 + np.arange(600)),
}


@pytest.mark.parametrize("values", LARGE.values(), ids=LARGE)
def test_large_numbers_keep_their_differences_and_a_note_tells_how(write, values):
    write(at=values, row=range(600))
    task = read()
    (note,) = task.notes
    start, said = "'at' is counted from ", ", for 32-bit numbers cannot tell its values apart"
    assert note.startswith(start)
    assert note.endswith(said)
    zero = float(note.removeprefix(start).removesuffix(said).replace(",", ""))
    found = all_of(task, "at").astype(float)
    row = all_of(task, "row").astype(int)
    assert zero in values
    assert len(set(found)) == len(set(values))
    large = values[row] != 0
    assert np.allclose(found[large] + zero, values[row][large], rtol=1e-12)


def test_what_becomes_of_the_column_is_told(write):
    write(at=LARGE["seconds"])
    lines = describe("file", {"path": "some.csv", "target": "label"})
    assert sum("counted from 1,700,000,299" in line for line in lines) == 2


def test_a_test_file_is_counted_from_the_same_number(write):
    write(at=1_700_000_000 + np.arange(600))
    write("test.csv", at=[1_700_000_700, 1_700_000_701, None] * 4)
    task = read(test_path="test.csv")
    assert task.X_test[:3, 0].tolist() == pytest.approx([401, 402, np.nan], nan_ok=True)
    assert task.X[:, 0].tolist() == (np.arange(600.0) - 299).tolist()


def test_time_stamps_of_one_day_keep_their_seconds(write):
    times = pandas.date_range("2024-05-01 09:00", periods=600, freq="s")
    write(at=times.strftime("%Y-%m-%d %H:%M:%S"))
    task = read()
    assert len(set(all_of(task, "at.timestamp"))) == 600
    assert task.notes[0].startswith("'at.timestamp' is counted from 19,844.37")
    assert set(all_of(task, "at.day_of_year")) == {122.0}
    assert not any("counted from" in note for note in read(time="at").notes)  # for it is no feature then


RNG = np.random.default_rng(0)
ORDINARY = {
    "of many digits": RNG.normal(170, 7, 50_000),
    "years": RNG.integers(1900, 2030, 600),
    "seconds of a year": 1_700_000_000 + RNG.integers(0, 31_000_000, 600),
    "tiny": RNG.normal(size=600) * 1e-50,
    "equal beyond 64 bits": np.full(600, 1e25),
    "missing": np.full(600, np.nan),
    "a few": np.array([16_777_216, 16_777_218] * 300),
}


@pytest.mark.parametrize("values", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_numbers_are_as_they_are(values):
    found = decided("x", Typed(NUMBER, pandas.Series(values, dtype="float64")), np.arange(len(values)))
    assert (found.zero, found.note) == (0.0, "")


def test_what_they_are_counted_from_is_told_by_the_pool_alone(write):
    values = 1_700_000_000 + np.arange(600)
    write(at=values)
    task = read()
    zero = 1_700_000_000 - int(all_of(task, "at").min())
    tested = set(task.X_test[:, 0].astype(int) + zero)
    write(at=[value + 5000 if value in tested else value for value in values])
    assert set(read().X_test[:, 0].astype(int) + zero) == {value + 5000 for value in tested}
    assert read().notes == task.notes
