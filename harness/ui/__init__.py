"""`harness ui` is MLflow's own server on this project's records: started, not imported, and ended with it.

It is seen on the loopback address only, unless `host` names another. address.py knows where it listens and by
which names it may be asked, server.py holds its processes.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import StoreError
from harness.interrupt import interrupting
from harness.ui import address, server
from harness.ui.server import Place

if TYPE_CHECKING:
    from harness.config import UiConfig

KINDS = ("sweep", "curve", "cell", "trial", "course")
STARTS = 5  # each on another port, where another program took it in between
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


def serve(config: UiConfig) -> int:
    """Show the records in MLflow's UI until Ctrl-C, or say where they are shown if a server holds them.

    Prints the address once it answers, the plain `mlflow ui` line that does the same, and the filters by
    `kind`. The port is the first free one from `config.port` on. To be called in the main thread.

    Returns:
        0: after Ctrl-C, SIGTERM or SIGHUP, the ordinary ways to end it, and where a server holds the records.

    Raises:
        StoreError: there are no records yet; the server does not start, or ends by itself.
        ConfigError: no port is free, or `config.host` is no address of this machine.
        KeyboardInterrupt: one of those signals came before the server answered.
    """
    uri = store_uri(config.root, config.uri)
    if uri.partition(":")[0].partition("+")[0] not in DATABASES:
        _say(f"the records are kept by {without_password(uri)}, which shows them; open it in a browser")
        return 0
    _check_exists(uri)
    port = address.free_port(config.host, config.port)
    if not address.is_loopback(config.host):
        _warn(config.host)
    with interrupting():
        for _ in range(STARTS):
            if _show(uri, Place(config.host, port), config.port):
                return 0
            port = address.free_port(config.host, port + 1)
    raise StoreError("other programs took every port that was free a moment ago; name one with port=8000")


def _show(uri: str, place: Place, wanted: int) -> bool:
    """Serve until interrupted; False where another program took the port before the server did."""
    if place.port != wanted:
        _say(f"port {wanted} is taken; using {place.port}")
    _say("starting MLflow's UI")
    with server.running(uri, place) as process:
        try:
            process.await_answer()
        except server.PortTakenError:
            return False
        with contextlib.suppress(KeyboardInterrupt):
            _announce(uri, place)
            raise process.death()
    return True


def store_uri(root: Path, uri: str | None) -> str:
    """The address of the records: the configured one, or the SQLite database below `root`.

    >>> store_uri(Path("/mlruns"), None)
    'sqlite:////mlruns/mlflow.db'
    """
    return uri or f"sqlite:///{root.resolve() / 'mlflow.db'}"


def without_password(uri: str) -> str:
    """The address as a person may see it.

    >>> without_password("https://me:secret@runs.example:8080/x?token=1")
    'https://runs.example:8080/x'
    """
    scheme, mark, rest = uri.partition("?")[0].partition("://")
    place, slash, path = rest.partition("/")
    return scheme + mark + place.rpartition("@")[2] + slash + path


def _check_exists(uri: str) -> None:
    if uri.startswith("sqlite:///"):
        file = Path(uri.removeprefix("sqlite:///").partition("?")[0])
        if not file.exists():
            raise StoreError(
                f"no records yet at {file}; `harness sweep` makes them, tracking.root names another place"
            )


def _warn(host: str) -> None:
    print(
        f"warning: host={host} lets everyone who can reach this machine read, change and delete the records; "
        "there is no password. Safer: leave host out, and use ssh -L from the other machine",
        file=sys.stderr,
        flush=True,
    )


def _announce(uri: str, place: Place) -> None:
    shown = without_password(uri)
    _say(f"{place.url} shows the records of {shown} (Ctrl-C ends it)")
    plain = shlex.join(["mlflow", "ui", "--backend-store-uri", shown, "--port", str(place.port)])
    if not address.is_loopback(place.host):
        plain += " " + shlex.join(["--host", place.host, *place.guards()])
        _say(f"it may be asked for as {', '.join(address.names(place.host))}")
    _say(f"the same with plain MLflow: {plain}")
    filters = "   ".join(f"tags.kind = '{kind}'" for kind in KINDS)
    _say(f"filters for its search field: {filters}")


def _say(line: str) -> None:
    print(line, flush=True)
