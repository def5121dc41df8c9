"""MLflow's server is one group of processes that has ended, to the last, when it is left.

It is given nothing that the environment could use to open it: the names and origins that it answers stand on
its command line, and what MLflow and uvicorn would read from the environment instead is taken away.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from harness.errors import StoreError
from harness.interrupt import SIGNALS
from harness.secrets import hide
from harness.ui import address

START_SECONDS = 180  # two imports of MLflow, one after the other: 5 s alone, far more beside a sweep
END_SECONDS = 5
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes that nothing here uses
    "PYTHONSAFEPATH": "1",  # a file named like a library in the working directory is not imported
}
# What would open the server: other hosts or origins, its guard off, headers trusted, shell tools for guests.
OPENERS = ("MLFLOW_SERVER_", "UVICORN_", "GUNICORN_")
OPENING = (
    *("MLFLOW_UVICORN_OPTS", "MLFLOW_GUNICORN_OPTS", "FORWARDED_ALLOW_IPS", "MLFLOW_ENABLE_REMOTE_ASSISTANT"),
    *("MLFLOW_ARTIFACTS_ONLY", "MLFLOW_STATIC_PREFIX", "MLFLOW_EXPOSE_PROMETHEUS"),
)


class PortTakenError(StoreError):
    """Another program listens at the port that was free a moment ago."""


@dataclass(frozen=True)
class Place:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        return f"http://{address.in_url(address.reached_at(self.host))}:{self.port}"

    def guards(self, *more: str) -> list[str]:
        """MLflow's options that have every other Host and Origin refused.

        A pattern that may end in any port admits a tunnel, `ssh -L 8000:127.0.0.1:5000`. `[` opens a set of
        letters in a pattern, so it stands in one itself.
        """
        names = address.names(self.host)
        hosts = [*names, *(f"{name.replace('[', '[[]')}:*" for name in names), *more]
        origins = [f"http://{name}:{self.port}" for name in names]
        return ["--allowed-hosts", ",".join(hosts), "--cors-allowed-origins", ",".join(origins)]


@dataclass(frozen=True)
class Server:
    """A started server.

    Attributes:
        own_name: a name that this server alone answers: another one at the same port refuses it.
    """

    process: subprocess.Popen[bytes]
    place: Place
    log: IO[bytes]
    own_name: str

    def await_answer(self) -> None:
        """Wait until it answers.

        Raises:
            PortTakenError: another program took its port.
            StoreError: it ended, or gave no answer in three minutes.
        """
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise self.death()
            if self._answers():
                return
            time.sleep(0.1)
        raise StoreError(f"MLflow's server gave no answer in {START_SECONDS} s; try `harness doctor`")

    def _answers(self) -> bool:
        host = address.reached_at(self.place.host)
        connection = http.client.HTTPConnection(host, self.place.port, timeout=1)  # urllib would ask a proxy
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/", headers={"Host": self.own_name})
            return connection.getresponse().status == http.client.OK
        return False

    def death(self) -> StoreError:
        """Wait for its end and say how it came."""
        status = self.process.wait()
        self.log.seek(0)
        said = self.log.read().decode(errors="replace")
        if "address already in use" in said.lower():
            return PortTakenError(f"port {self.place.port} is taken; name another with port=8000")
        lines = [line for line in said.splitlines() if line.strip()]
        reason = hide(lines[-1].strip())[:300] if lines else "it said nothing"
        return StoreError(f"MLflow's server ended with exit status {status}: {reason}; try `harness doctor`")


@contextlib.contextmanager
def running(uri: str, place: Place) -> Iterator[Server]:
    """MLflow's server, leader of its own group of processes; the whole group has ended on leaving."""
    own_name = f"harness-{secrets.token_hex(8)}"
    listen = ["--host", place.host, "--port", str(place.port), "--workers", "1", "--no-serve-artifacts"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *listen, *place.guards(own_name)],
            env=environment(os.environ, uri),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield Server(process, place, log, own_name)
        finally:
            before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
            _end(process)  # an impatient second Ctrl-C leaves nothing behind
            for number, handler in before.items():
                signal.signal(number, handler)


def environment(given: Mapping[str, str], uri: str) -> dict[str, str]:
    """The environment of the server; the records' address is in it, where `ps` shows no password."""
    kept = {key: value for key, value in given.items() if not key.startswith(OPENERS) and key not in OPENING}
    return {**kept, **SETTINGS, "MLFLOW_BACKEND_STORE_URI": uri}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask every process of the group to end, wait, then make it."""
    limit = time.monotonic() + END_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a dead group
        os.killpg(process.pid, signal.SIGTERM)
        while time.monotonic() < limit:
            process.poll()  # reaps the leader, which would count as alive
            os.killpg(process.pid, 0)
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
