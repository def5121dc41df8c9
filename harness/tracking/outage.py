"""What an error of a server means: an outage, which may pass, or a mistake; and how a person may see it.

An outage is no connection, no answer in time, or a gateway's or an overloaded server's status. An address may
hold a password or a token, and the errors of libraries quote it: nothing of that is shown.
"""

from __future__ import annotations

import errno
import http
import http.client
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from mlflow.exceptions import MlflowException

from harness.errors import StoreError
from harness.secrets import SHORTEST, hide

UNREACHED = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
BUSY_CODES = ("TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "REQUEST_LIMIT_EXCEEDED")
REFUSING_CODES = ("UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED", "PERMISSION_DENIED")
BUSY_STATUSES = ("408", "429", "502", "503", "504")
# What is left of a failure in the text of MLflow's: a status, or the failure of one download of several.
STATUS = re.compile(r"too many (\d{3}) error responses|error code (\d{3}) ")
BROKEN = re.compile(
    r"failed with exception [^\n]*(Connection (refused|reset|aborted)|Remote end closed|timed out)"
)


def refusal(address: str, reason: str) -> StoreError:
    """The error of a server that wants other credentials."""
    return StoreError(
        f"the server at {shown(address)} refuses ({reason}); correct MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, and the same command continues"
    )


def is_outage(error: BaseException) -> bool:
    """True where another try may succeed without anybody mending a mistake."""
    for each in _family(error):
        if isinstance(each, (ConnectionError, TimeoutError, socket.gaierror, http.client.IncompleteRead)):
            return True
        if isinstance(each, OSError) and each.errno in UNREACHED:
            return True
        if isinstance(each, MlflowException) and each.error_code in BUSY_CODES:
            return True
    return status_of(error) in BUSY_STATUSES or BROKEN.search(str(error)) is not None


def status_of(error: BaseException) -> str | None:
    """The HTTP status that an error of MLflow tells of."""
    found = STATUS.search(str(error))
    return found[1] or found[2] if found else None


def reason_of(error: BaseException, address: str) -> str:
    """One line that says what went wrong, free of an address's credentials and query."""
    if status := status_of(error):
        names = {str(each.value): each.phrase for each in http.HTTPStatus}
        return f"it answers {status} {names.get(status, '')}".rstrip()
    if is_outage(error):
        for each in _family(error):
            if isinstance(each, TimeoutError):
                return "no answer in time"
            if isinstance(each, OSError) and each.strerror:
                return each.strerror
        return "the connection broke"
    return scrubbed((str(error).strip().splitlines() or [type(error).__name__])[0], address)[:200]


def scrubbed(text: str, address: str) -> str:
    """A text without secrets: the user, password and query of an address, also where it quotes the address.

    A password that is short is taken out of addresses alone: it may be a part of any word.

    >>> scrubbed("no http://me:pass%20w@host/runs?token=1 for 'pass w'", "http://me:pass%20w@host")
    "no http://***@host/runs for '***'"
    >>> scrubbed("no http://me:a@host/runs, as a start", "http://me:a@host")
    'no http://***@host/runs, as a start'
    """
    text = re.sub(r"://\S*@", "://***@", text.replace(address, shown(address)))
    held = re.search(r"^https?://([^/:@]+):?@|//[^/]*?:([^/]+)@", address)  # a user alone may be a token
    secret = (held[1] or held[2]) if held else ""
    for form in (secret, unquote(secret)):
        text = text.replace(form, "***") if len(form) >= SHORTEST else text
    return hide(re.sub(r"(/[^\s?]*)\?[^\s)'\"]*", r"\1", text))


def shown(address: str) -> str:
    """A store's address as a person may see it: no credentials, no query.

    >>> shown("https://me:secret@example.org/x?token=1")
    'https://***@example.org/x'
    """
    return re.sub(r"//[^?]*@|//[^/]*@", "//***@", address).partition("?")[0].partition("#")[0]


def _family(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it; libraries keep a cause in `args` too."""
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and not any(each is known for known in seen):
            seen.append(each)
            yield each
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
