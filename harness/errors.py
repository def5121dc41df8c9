"""The mistakes a person can mend. Each is one line: what was found, what is allowed, how to mend it."""

from __future__ import annotations


class HarnessError(Exception):
    """A mistake the command line reports in one line, with exit status 2 and without a traceback."""


class ConfigError(HarnessError):
    """A configuration, an override or an argument is wrong."""


class DataError(HarnessError):
    """A data set is absent, unreadable or unsuited."""


class StoreError(HarnessError):
    """The record of runs cannot be reached, read or written."""


class LaunchError(HarnessError):
    """Cells cannot be run where the configuration says."""
