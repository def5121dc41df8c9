"""A secret is a value of the environment, or a part of an address, that nobody who reads our output may see.

Every text that leaves the harness passes `hide`: what is printed (`hiding`), what is recorded, and messages.
Known are credentials and queries in addresses, values of variables whose names look secret, passwords in
the addresses that variables hold, and what a configuration took from the environment. Text is hidden before
it is cut, or half a secret would be left.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from harness.errors import ConfigError

MASK = "***"
SHORTEST = 6  # characters; a shorter value would take ordinary words out of every sentence
_SECRET_NAME = re.compile(
    "PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY|_(PASS|PWD|PAT|KEY)$",
    re.IGNORECASE,
)
_PUBLIC_NAMES = ("HOME", "USER", "LOGNAME", "PWD", "HOSTNAME", "SHELL", "LANG", "TMPDIR")
_USERINFO = re.compile(r"(?<=//)[^/\s?#'\"]*@")
_QUERY = re.compile(r"(://[^\s?'\"]*\?)([^\s#'\"]*)")
_PASSWORD = re.compile(r"://[^/\s:@'\"]*:([^\s'\"]*)@")
_TOKEN = re.compile(r"https?://([^/\s:@?#'\"]+):?@")  # a user alone; a database's is a mere name

_PUBLIC_KEYS = re.compile(r"name\.|data\.|tracking\.root\.|model\.[^.]+\.(label|space)\.")
_taken: dict[str, str] = {}  # variable -> the value that a configuration took from it
_given: set[str] = set()  # in the addresses of configurations


def hide(text: str) -> str:
    """The text with every secret in it replaced by `***`.

    >>> hide("no answer from https://me:pw@example.org/x?token=1&page=2 (refused)")
    'no answer from https://***@example.org/x?token=***&page=*** (refused)'
    """
    return _masked(text, known())


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    text = _USERINFO.sub(MASK + "@", text)
    return _QUERY.sub(lambda found: found[1] + re.sub(r"=[^&]*", "=" + MASK, found[2]), text)


def hidden(tree: Any) -> Any:
    """A tree of plain values with every text in it hidden; keys and numbers stay.

    >>> hidden({"uri": ["http://me:pw@host", 3]})
    {'uri': ['http://***@host', 3]}
    """
    secrets = known()  # once, for a tree has many texts and the environment many variables

    def of(node: Any) -> Any:
        if isinstance(node, str):
            return _masked(node, secrets)
        if isinstance(node, dict):
            return {key: of(value) for key, value in node.items()}
        if isinstance(node, (list, tuple)):
            return type(node)(of(value) for value in node)
        return node

    return of(tree)


def refuse_secrets(tree: Any, path: str) -> None:
    """Refuse a secret where it could not be hidden: in the name of a file, or a value that is searched.

    Raises:
        ConfigError: naming the key, not the value.
    """
    if hidden(tree) != tree:
        raise ConfigError(
            f"{path} must be free of secrets, for everybody sees it, and it holds one (the value of "
            "a variable such as a token, or a password in an address); choose another"
        )


def take(name: str, value: str | None) -> None:
    """Note what a configuration took from the environment, unless anybody may know it.

    Public are numbers, places that exist, addresses (of which `hide` takes credentials anyway), short values
    and variables such as HOME.
    """
    if value is None or name in _PUBLIC_NAMES or "://" in value or re.fullmatch(r"[-+\d.e]*", value):
        return
    if not (value.startswith(("/", "~", ".")) and Path(value).expanduser().exists()):
        _taken[name] = value


def settle(tree: Any) -> None:
    """Learn the passwords in a composed tree's addresses, and forget what was taken for a public place.

    Public are the name, the folder, which data, and what is searched: everybody sees them.
    """
    texts = list(_texts(tree))
    public = [text for path, text in texts if _PUBLIC_KEYS.match(path)]
    for name in [name for name, value in _taken.items() if any(value in text for text in public)]:
        del _taken[name]
    for _, text in texts:
        _given.update(_of_address(text))


def _texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, f"{path}{key}.")
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, path)
    elif isinstance(node, str):
        yield path, node


def _of_address(text: str) -> Iterator[str]:
    """Passwords, users without one, and values of queries of the addresses in a text, also decoded."""
    queries = [query for _, query in _QUERY.findall(text)]
    values = [pair.partition("=")[2] for query in queries for pair in query.split("&")]
    for secret in _PASSWORD.findall(text) + _TOKEN.findall(text) + values:
        yield from (secret, unquote(secret))


@lru_cache(maxsize=4096)
def _of_variable(name: str, value: str) -> frozenset[str]:
    own = {value} if _SECRET_NAME.search(name) else set()
    return frozenset(own.union(_of_address(value)))


def known() -> list[str]:
    """Every secret in each form that a text may hold it in, the longest first."""
    found = _given | set(_taken.values())
    for name, value in os.environ.items():
        found.update(_of_variable(name, value))
    forms = {form for secret in found if len(secret) >= SHORTEST for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)


def _forms(secret: str) -> Iterator[str]:
    """As it is, in a repr, in JSON, in an address; and its lines, which a traceback tells one by one."""
    yield from (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe=""))
    yield from (line for line in secret.splitlines() if len(line) >= SHORTEST)


class _Hiding:
    """A text stream that hides what is written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(hide(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def hiding(out: Any, err: Any) -> Iterator[None]:
    """Hide what this process prints, on stdout and stderr, meanwhile."""
    with redirect_stdout(_Hiding(out)), redirect_stderr(_Hiding(err)):
        yield
