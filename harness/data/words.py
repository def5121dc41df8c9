"""Words: which of ten languages a word is of, from its letters alone.

Of each language the most frequent words of 3 to 12 letters, their accents taken off so that spelling decides.
Every spelling is one row; one that several languages have is of the language where it is most frequent, so
the labels do not contradict each other. A row is 12 places of 26 columns: place i has a one for letter i.
"""

from __future__ import annotations

import hashlib
import unicodedata

import numpy as np

from ..errors import DataError
from ..records import Floats, Ints, Task
from ..seeds import seed_for
from ..splits import SMALLEST_SIZE, subset
from .recipe import About, Options, Recipe, has_package, rows_option

LANGUAGES = {
    **{"de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French"},
    **{"it": "Italian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "sv": "Swedish"},
}
MOST_FREQUENT = 30_000  # words of a language
SHORTEST, LONGEST = 3, 12
LETTERS = "abcdefghijklmnopqrstuvwxyz"
UNACCENTED = str.maketrans({"ß": "ss", "ł": "l", "œ": "oe", "æ": "ae"})
SHA256 = "a86c58a3da524dc9306f045809c389af3e758556e26fb571bf6c4e7e9f406a0e"
ABOUT = About(
    title="which of 10 languages a word is of, from its letters",
    rows="217,849 + 10,000",
    source="wordfreq 3.1.1 (Robyn Speer), most frequent words",
    licence="CC BY-SA 4.0",
    command=".venv/bin/uv pip install -p .venv wordfreq==3.1.1",
    is_here=lambda _: has_package("wordfreq"),
)


def spelled(word: str) -> str:
    """The word in the letters a to z; empty where it has another character, or is too short or too long.

    >>> spelled("straße"), spelled("żółw"), spelled("don't"), spelled("is")
    ('strasse', 'zolw', '', '')
    """
    plain = unicodedata.normalize("NFKD", word).translate(UNACCENTED)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return letters if SHORTEST <= len(letters) <= LONGEST and set(letters) <= set(LETTERS) else ""


def one_hot(words: list[str]) -> Floats:
    """(words, 12 * 26).

    >>> [np.flatnonzero(row).tolist() for row in one_hot(["abc", "cab"])]
    [[0, 27, 54], [2, 26, 53]]
    """
    letters = np.array(words, dtype=f"S{LONGEST}").view(np.uint8).reshape(len(words), LONGEST)
    rows, places = np.nonzero(letters)  # a shorter word ends in zeros
    X = np.zeros((len(words), LONGEST, len(LETTERS)), dtype=np.float32)
    X[rows, places, letters[rows, places] - ord("a")] = 1
    return X.reshape(len(words), -1)


def _prepare(options: Options) -> Task:
    words, y = _labelled()
    rows = rows_option(options["test_rows"], most=len(words) // 2, least=SMALLEST_SIZE)
    X = one_hot(words)
    test = np.sort(subset(y, rows, repeat=0, seed=seed_for("test", data="words")))
    pool = np.setdiff1d(np.arange(len(y)), test)
    return Task(
        name="words",
        X=X[pool],
        y=y[pool],
        X_test=X[test],
        y_test=y[test],
        classes=tuple(LANGUAGES.values()),
        features=tuple(f"{place}={letter}" for place in range(1, LONGEST + 1) for letter in LETTERS),
        digest="",
        source=ABOUT.source,
        licence=ABOUT.licence,
    )


def _labelled() -> tuple[list[str], Ints]:
    """The spellings in their order, and the language of each."""
    best: dict[str, tuple[int, int]] = {}
    for place, language in enumerate(LANGUAGES):
        for spelling, rarity in rarities(language).items():
            best[spelling] = min(best.get(spelling, (rarity, place)), (rarity, place))
    words = sorted(best)
    y = np.array([best[word][1] for word in words], dtype=np.int64)
    found = digest_of(words, y)
    if found != SHA256:
        raise DataError(
            f"data=words: the words are not those of wordfreq 3.1.1 (their SHA-256 is {found[:12]}..., not "
            f"{SHA256[:12]}...); {ABOUT.command}"
        )
    return words, y


def digest_of(words: list[str], y: Ints) -> str:
    """The SHA-256 of the words and of their languages."""
    return hashlib.sha256(" ".join([*words, *map(str, y)]).encode()).hexdigest()


def rarities(language: str) -> dict[str, int]:
    """The most frequent words of a language as they are spelled here, each with its rarity in centibels."""
    try:
        from wordfreq import get_frequency_list
    except ImportError as error:
        raise DataError(f"data=words needs the package wordfreq ({error}); {ABOUT.command}") from error
    found: dict[str, int] = {}
    for rarity, equally_frequent in enumerate(get_frequency_list(language)):
        for word in sorted(equally_frequent):
            if spelling := spelled(word):
                found.setdefault(spelling, rarity)
            if len(found) == MOST_FREQUENT:
                return found
    return found


RECIPE = Recipe(
    version=1,
    defaults={"test_rows": 10_000},
    source=lambda _: SHA256,
    prepare=_prepare,
    about=ABOUT,
)
