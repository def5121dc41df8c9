"""A check turns one value of a configuration into its typed form, or into a mistake of one line.

Every check takes the value and its path in the tree, and raises `ConfigError` saying what was found, what
is allowed and, where it helps, how to mend it. Strict: True is no number, "3" is no number, 3 is no text.
"""

from __future__ import annotations

import ipaddress
import math
import re
import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from harness.errors import ConfigError
from harness.secrets import hidden

LEAST_MEMORY = 500 * 10**6  # bytes of a worker: alone it holds about half of that


def mistake(path: str, rule: str, found: object, remedy: str = "") -> ConfigError:
    """The error for a value that breaks a rule.

    >>> str(mistake("seed", "a whole number", "x", "e.g. seed=3"))
    "seed must be a whole number, got 'x'; e.g. seed=3"
    """
    return ConfigError(
        f"{path} must be {rule}, got {reprlib.repr(hidden(found))}" + (f"; {remedy}" if remedy else "")
    )


def nearest(word: str, known: Iterable[object]) -> str:
    """The end of an error about an unknown word: the word that was probably meant, else all known ones.

    >>> nearest("serch", ["search", "seed"]), nearest("x", ["search", "seed"])
    ('did you mean search?', 'choose from search, seed')
    """
    import difflib

    words = [str(name) for name in known]
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(words)}"


def keys(tree: object, path: str, known: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, Any]:
    """A mapping that has every known key, and beside them at most the optional ones.

    >>> keys({"seed": 3}, "", ["seed"])
    {'seed': 3}
    """
    known, allowed = list(known), [*known, *optional]
    where = path or "the configuration"
    if not isinstance(tree, Mapping):
        raise mistake(where, f"a group with the keys {', '.join(allowed)}", tree)
    for key in tree:
        if key not in allowed:
            dotted = f"{path}.{key}" if path else str(key)
            raise ConfigError(f"unknown key {dotted}; {nearest(str(key), allowed)}")
    for key in known:
        if key not in tree:
            raise ConfigError(f"{where} lacks the key {key}; give it a value")
    return tree


def whole(value: object, path: str, low: int = 1, high: int | None = None) -> int:
    """A whole number in [low, high]; 1e4 counts as one.

    >>> whole(1e4, "data.sizes")
    10000
    """
    rule = (
        f"a whole number of at least {low:,}" if high is None else f"a whole number from {low:,} to {high:,}"
    )
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int):
        raise mistake(path, rule, value)
    if number < low or (high is not None and number > high):
        raise mistake(path, rule, value)
    return number


def is_number(value: object) -> TypeGuard[float]:
    """True for a finite number that is no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def positive(value: object, path: str) -> float:
    """A finite number above 0."""
    if not is_number(value) or value <= 0:
        raise mistake(path, "a number above 0", value)
    return float(value)


def text(value: object, path: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        last = path.rpartition(".")[2]
        raise mistake(path, "a text", value, f"quote a number to make it one: '{last}=\"2024\"'")
    return value


def memory(value: object, path: str, least: int = LEAST_MEMORY) -> int:
    """Bytes, from a number with a unit.

    >>> memory("2GB", "launch.memory"), memory("1.5 GiB", "launch.memory")
    (2000000000, 1610612736)
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([KMGT])(i?)B", value) if isinstance(value, str) else None
    if match is None:
        raise mistake(path, "auto or an amount with its unit", value, f"e.g. {path}=2GB or {path}=512MiB")
    size = int(float(match[1]) * (1024 if match[3] else 1000) ** ("KMGT".index(match[2]) + 1))
    if size < least:
        raise mistake(path, f"at least {least // 10**6}MB", value, "a worker alone holds about half of that")
    return size


def scheduler(value: object, path: str) -> str:
    """The address of a Dask scheduler."""
    found = text(value, path)
    if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d{1,5}", found):
        raise mistake(path, "the address of a Dask scheduler", value, f"e.g. {path}=tcp://10.0.0.1:8786")
    return found


def path_of(value: object, path: str) -> Path:
    """A path of the file system, `~` unfolded."""
    found = text(value, path)
    try:
        if "\0" not in found:
            return Path(found).expanduser()
    except RuntimeError:  # ~nobody
        pass
    raise mistake(path, "a path", value, "write it in full, without ~ and without a zero byte")


def one_of(value: object, path: str, known: tuple[str, ...]) -> str:
    """One of the known words."""
    if not isinstance(value, str) or value not in known:
        raise mistake(path, f"one of {', '.join(known)}", value)
    return value


def flag(value: object, path: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise mistake(path, "true or false", value)
    return value


def address(value: object, path: str) -> str:
    """An address of the network in numbers, of either kind.

    >>> address("127.0.0.1", "host"), address("::1", "host")
    ('127.0.0.1', '::1')
    """
    try:
        return str(ipaddress.ip_address(value if isinstance(value, str) else ""))
    except ValueError:
        remedy = "127.0.0.1 is for this machine only, 0.0.0.0 for every machine that can reach it"
        raise mistake(path, "an address in numbers", value, remedy) from None


def name(value: object, path: str) -> str:
    """A text that can name a folder on any system.

    >>> name("digits_search.trials=3", "name")
    'digits_search.trials=3'
    """
    found = text(value, path)
    if not re.fullmatch(r"\w[\w.=,+-]*", found) or len(found.encode()) > 150:
        rule = "a name of at most 150 letters, digits and _ - . = , + that begins with a letter or digit"
        raise mistake(path, rule, value)
    return found


def is_whole(entry: Mapping[str, Any]) -> bool:
    """True for a range of whole numbers: whole bounds, without a fractional step.

    >>> is_whole({"low": 1, "high": 4}), is_whole({"low": 0.0, "high": 4})
    (True, False)
    """
    return all(isinstance(bound, int) for bound in (entry["low"], entry["high"], entry.get("step") or 1))


def sequence(value: object, path: str, of: str) -> list[Any]:
    """A list that is not empty."""
    if not isinstance(value, list) or not value:
        raise mistake(path, f"a list of {of}", value)
    return value


def refuse_course(experiments: Mapping[str, Any]) -> None:
    """Refuse an experiment of the course, which is no preset of a sweep.

    Raises:
        ConfigError: naming it and the command that runs it.
    """
    first = next(iter(experiments), "")
    raise ConfigError(
        f"{first} is an experiment of the course, and a sweep takes a preset of its own; "
        f"harness course 'only=[{first}]' runs it"
    )
