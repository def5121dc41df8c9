"""`harness ui` is MLflow's own server on this project's records: started, not imported, and ended with it.

The server is one group of processes, seen on the loopback address only; nothing of it is left behind.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from harness.errors import ConfigError, StoreError
from harness.secrets import hide

if TYPE_CHECKING:
    from harness.config import UiConfig

HOST = "127.0.0.1"
KINDS = ("sweep", "curve", "cell", "trial")
PORTS_TRIED = 100
START_SECONDS = 180  # two imports of MLflow, one after the other: 5 s alone, far more beside a sweep
END_SECONDS = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes that nothing here uses
    "PYTHONSAFEPATH": "1",  # a file named like a library in the working directory is not imported
}


def serve(config: UiConfig) -> int:
    """Show the records in MLflow's UI until Ctrl-C, or say where they are shown if a server holds them.

    Prints the address once it answers, the plain `mlflow ui` line that does the same, and the filters by
    `kind`. The port is the first free one from `config.port` on. To be called in the main thread.

    Returns:
        0: after Ctrl-C, SIGTERM or SIGHUP, the ordinary ways to end it, and where a server holds the records.

    Raises:
        StoreError: there are no records yet; the server does not start, or ends by itself.
        ConfigError: no port is free.
        KeyboardInterrupt: one of those signals came before the server answered.
    """
    uri = store_uri(config.root, config.uri)
    if uri.partition(":")[0].partition("+")[0] not in DATABASES:
        _say(f"the records are kept by {without_password(uri)}, which shows them; open it in a browser")
        return 0
    _check_exists(uri)
    port = free_port(config.port)
    if port != config.port:
        _say(f"port {config.port} is taken; using {port}")
    with _signals_as_interrupts(), tempfile.TemporaryFile() as log, _server(uri, port, log) as server:
        _await_answer(server, port, log)
        with contextlib.suppress(KeyboardInterrupt):
            _announce(uri, port)
            server.wait()
            raise _death(server, log)
    return 0


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


def free_port(first: int) -> int:
    """The first port from `first` on at which nobody listens.

    Raises:
        ConfigError: none of a hundred is free.
    """
    last = min(first + PORTS_TRIED - 1, 65535)
    for port in range(first, last + 1):
        if _is_free(port):
            return port
    raise ConfigError(f"every port from {first} to {last} is taken; name another with port=8000")


def _is_free(port: int) -> bool:
    """Binding alone does not tell: macOS lets two programs bind a port, one of them on all addresses."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def _check_exists(uri: str) -> None:
    if uri.startswith("sqlite:///"):
        file = Path(uri.removeprefix("sqlite:///").partition("?")[0])
        if not file.exists():
            raise StoreError(
                f"no records yet at {file}; `harness sweep` makes them, tracking.root names another place"
            )


def _announce(uri: str, port: int) -> None:
    shown = without_password(uri)
    _say(f"http://{HOST}:{port} shows the records of {shown} (Ctrl-C ends it)")
    _say(f"the same with plain MLflow: mlflow ui --backend-store-uri {shlex.quote(shown)} --port {port}")
    filters = "   ".join(f"tags.kind = '{kind}'" for kind in KINDS)
    _say(f"filters for its search field: {filters}")


def _say(line: str) -> None:
    print(line, flush=True)


@contextlib.contextmanager
def _server(uri: str, port: int, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server, leader of its own group of processes; the whole group has ended on leaving."""
    _say("starting MLflow's UI")
    command = f"-m mlflow server --host {HOST} --port {port} --workers 1".split()
    environment = {**os.environ, **SETTINGS, "MLFLOW_BACKEND_STORE_URI": uri}  # `ps` shows no password
    server = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield server
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must leave nothing behind
        _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask every process of the group to end, wait, then make it."""
    limit = time.monotonic() + END_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a dead group
        os.killpg(server.pid, signal.SIGTERM)
        while time.monotonic() < limit:
            server.poll()  # reaps the leader, which would count as alive
            os.killpg(server.pid, 0)
            time.sleep(0.05)
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _await_answer(server: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if server.poll() is not None:
            raise _death(server, log)
        if _answers(port):
            return
        time.sleep(0.1)
    raise StoreError(f"MLflow's server gave no answer in {START_SECONDS} s; try `harness doctor`")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)  # urllib would ask a proxy
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    return False


def _death(server: subprocess.Popen[bytes], log: IO[bytes]) -> StoreError:
    log.seek(0)
    lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    reason = hide(lines[-1].strip())[:300] if lines else "it said nothing"
    return StoreError(
        f"MLflow's server ended with exit status {server.returncode}: {reason}; try `harness doctor`"
    )


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt too, except where the parent had them ignored (nohup)."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
