"""A sample of the fuzzing; `make reliability` runs more of it."""

import pytest

from tests.reliability import fuzz

SEED, COUNT = 20260101, 60


def test_odd_configurations_are_taken_or_refused():
    tally = fuzz.configurations(SEED, COUNT)
    assert tally.wrong == []
    assert tally.tried >= COUNT
    assert tally.refused > 0


def test_odd_csv_files_are_taken_or_refused(tmp_path):
    tally = fuzz.csv_files(SEED, COUNT, tmp_path)
    assert tally.wrong == []
    assert tally.tried >= COUNT
    assert tally.refused > 0
    assert tally.accepted > 0


def test_one_seed_makes_the_same_cases():
    def cases(seed):
        seen = []
        fuzz.stream(fuzz.tables(), seed, 10, seen.append)
        return seen

    assert cases(1) == cases(1) != cases(2)


@pytest.mark.parametrize(
    "act",
    [
        lambda: 1 / 0,
        lambda: exit(2),
        lambda: __import__("warnings").warn("odd", stacklevel=1),
        lambda: (_ for _ in ()).throw(fuzz.ConfigError("")),
        lambda: [None for _ in range(10_000_000) if False],
    ],
    ids=["exception", "exit", "warning", "no word", "slow"],
)
def test_what_is_wrong_is_counted(act, monkeypatch):
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    tally = fuzz.Tally()
    tally.add("a case", act)
    assert (tally.tried, len(tally.wrong)) == (1, 1)
    assert "a case" in tally.wrong[0]
