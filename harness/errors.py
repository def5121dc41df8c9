"""The mistakes a person can mend. Each is one line: what was found, what is allowed, how to mend it."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    r"""The text without line breaks and characters that steer a terminal.

    >>> plain("a\n\x1b[2J")
    'a [2J'
    """
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


class HarnessError(Exception):
    r"""A mistake the command line reports in one line, with exit status 2 and without a traceback.

    What it quotes may come from anywhere, so line breaks and characters that steer a terminal are blanks.

    >>> str(HarnessError("no column 'a\n\x1b[2J'"))
    "no column 'a [2J'"
    """

    def __init__(self, message: str) -> None:
        super().__init__(plain(message))


class ConfigError(HarnessError):
    """A configuration, an override or an argument is wrong."""


class DataError(HarnessError):
    """A data set is absent, unreadable or unsuited."""


class StoreError(HarnessError):
    """The record of runs cannot be reached, read or written."""


class DamageError(StoreError):
    """The record of a cell or a sweep is not what was recorded; made again, it is as it was."""


class LaunchError(HarnessError):
    """Cells cannot be run where the configuration says."""
