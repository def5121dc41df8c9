"""Fetching is scikit-learn's: it downloads a set once, into a folder of its own, and finds it there later."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from ..errors import DataError

FOLDERS = ("covertype", "openml")  # that scikit-learn makes in its folder for what is fetched here


def home() -> Path:
    """scikit-learn's folder of data; `$SCIKIT_LEARN_DATA` names another. scikit-learn is not imported for it.

    >>> home().is_absolute()
    True
    """
    return Path(os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data").expanduser().absolute()


def fetch(name: str, fetcher: Callable[..., Any], /, **request: Any) -> Any:
    """What a fetcher of scikit-learn returns, from its folder or downloaded into it.

    Its warnings are dropped, and where it fails the empty folders that it made are taken away.

    Raises:
        DataError: it cannot be downloaded, or is not what was asked for.
    """
    absent = not home().exists()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tries that failed, before the one whose outcome counts
            return fetcher(**request)
    except (
        OSError,
        HTTPException,
        ValueError,
        KeyError,
        TypeError,
    ) as error:  # also of tables it cannot read
        _remove_empty(with_home=absent)
        reason = error.args[0] if isinstance(error, KeyError) else error
        raise DataError(
            f"data={name} cannot be fetched ({' '.join(str(reason).split()).rstrip('.')}); correct what was "
            f"asked for, or try again with a network, or copy {home()} from a machine that has fetched it"
        ) from error


def _remove_empty(with_home: bool) -> None:
    folders = [folder for ours in FOLDERS for folder in (home() / ours).glob("**/")]
    for folder in [*sorted(folders, reverse=True), *([home()] if with_home else [])]:
        with suppress(OSError):  # it is not empty, or another process was quicker
            folder.rmdir()
