"""The words, on a stand-in for the package and on the package where it is installed."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from harness.data import is_here, load, words
from harness.errors import DataError

# Rarity by rarity: "gemeinsam" is more frequent in English here, "haus" and "naive" are spelled twice.
SPOKEN = {
    "de": [[], ["straße", "haus"], ["gemeinsam"], [f"{letter}chen" for letter in "abcdefghij"]],
    "en": [["house", "is", "don't"], ["gemeinsam"], ["naïve", "naive"], ["haus", "sing", "ring"]],
}


@pytest.fixture
def package(monkeypatch):
    """A package with a few words of German and English; its words are the ones expected."""
    monkeypatch.setitem(sys.modules, "wordfreq", SimpleNamespace(get_frequency_list=SPOKEN.__getitem__))
    monkeypatch.setattr(words, "LANGUAGES", {"de": "German", "en": "English"})
    monkeypatch.setattr(words, "digest_of", lambda *_: words.SHA256)


def spelled_out(X):
    """The words that rows of one-hot letters spell."""
    places = np.asarray(X).reshape(len(X), words.LONGEST, len(words.LETTERS))
    return ["".join(words.LETTERS[place.argmax()] for place in row if place.any()) for row in places]


def by_language(task):
    labelled = [
        *zip(spelled_out(task.X), task.y, strict=True),
        *zip(spelled_out(task.X_test), task.y_test, strict=True),
    ]
    return {name: {word for word, y in labelled if y == code} for code, name in enumerate(task.classes)}


def test_every_spelling_is_one_row_of_the_language_where_it_is_most_frequent(package, tmp_path):
    task = load("words", {"test_rows": 5}, tmp_path)
    small = {f"{letter}chen" for letter in "abcdefghij"}
    assert by_language(task) == {
        "German": {"strasse", "haus"} | small,
        "English": {"house", "gemeinsam", "naive", "sing", "ring"},
    }
    assert (len(task.X), len(task.X_test)) == (12, 5)
    assert set(np.unique(task.X)) == {0, 1}
    assert task.features[:2] == ("1=a", "1=b")
    assert len(task.features) == 312


def test_only_the_most_frequent_are_taken(package, monkeypatch):
    monkeypatch.setattr(words, "MOST_FREQUENT", 3)
    assert words.rarities("de") == {"haus": 1, "strasse": 1, "gemeinsam": 2}
    assert words.rarities("en") == {"house": 0, "gemeinsam": 1, "naive": 2}


def test_other_words_are_refused(package, tmp_path, monkeypatch):
    monkeypatch.setattr(words, "digest_of", lambda *_: "0" * 64)
    with pytest.raises(
        DataError, match=r"^data=words: the words are not those of wordfreq 3\.1\.1 \(their SHA"
    ):
        load("words", {"test_rows": 5}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_the_digest_holds_words_and_languages():
    digests = {words.digest_of(["an", "bn"], np.array(y)) for y in ([0, 1], [1, 0])} | {
        words.digest_of(["an", "cn"], np.array([0, 1]))
    }
    assert len(digests) == 3


def test_without_the_package_the_command_that_brings_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not is_here("words", {})
    with pytest.raises(
        DataError,
        match=r"needs the package wordfreq \(.*\); \.venv/bin/uv pip install -p \.venv wordfreq==3\.1\.1$",
    ):
        load("words", {}, tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_the_words_of_the_package_are_the_same_arrays_everywhere(tmp_path):
    if not is_here("words", {}):
        pytest.skip(f"wordfreq is not here: {words.ABOUT.command}")
    task = load("words", {}, tmp_path)
    assert (task.X.shape, task.X_test.shape) == ((217_849, 312), (10_000, 312))
    assert len({*spelled_out(task.X_test)} & {*spelled_out(task.X[:20_000])}) == 0
    assert task.digest.startswith("11cee0e8")
