"""The server is real in one test; elsewhere a stand-in, so that its misfortunes can be chosen."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from harness import ui
from harness.config import UiConfig
from harness.errors import ConfigError, StoreError

SERVE = """
import sys
from pathlib import Path
from harness import ui
from harness.config import UiConfig
root, port, executable, ui.END_SECONDS = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
sys.executable = executable
sys.exit(ui.serve(UiConfig(root, None, port)))
"""

STUBBORN = """
import http.server, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "600"])
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Healthy).serve_forever()
"""


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A root with a database, of which only the existence matters here."""
    (tmp_path / "mlflow.db").touch()
    return tmp_path


@pytest.fixture
def taken_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def stand_in(folder: Path, program: str) -> str:
    """An executable that is started in place of Python and runs this program instead of MLflow."""
    file = folder / "stand_in"
    file.write_text(f"#!{sys.executable}\n{program}")
    file.chmod(0o755)
    return str(file)


def start(root: Path, executable: str = sys.executable, patience: float = 5) -> subprocess.Popen[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    arguments = [str(root), str(port), executable, str(patience)]
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def address(command: subprocess.Popen[str]) -> tuple[str, int]:
    """Host and port of the line that gives them, which comes once the server answers."""
    lines = []
    for line in command.stdout:
        lines.append(line)
        if found := re.match(r"http://([\d.]+):(\d+) ", line):
            return found[1], int(found[2])
    raise AssertionError("".join(lines))


def ask(place: tuple[str, int], path: str, body: object) -> dict:
    with closing(http.client.HTTPConnection(*place, timeout=60)) as connection:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())


def is_alive(process: psutil.Process) -> bool:
    """False for a dead one also while nobody has asked for its exit status."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_server_shows_the_records_on_the_loopback_address_and_leaves_no_process(root):
    from harness.tracking.store import open_store

    store = open_store(root)
    experiment = store.experiment("digits")
    run = store.client.create_run(experiment, tags={"kind": "sweep"}).info.run_id
    with start(root) as command:
        place = address(command)
        asked = {"experiment_ids": [experiment], "filter": "tags.kind = 'sweep'"}
        found = ask(place, "/api/2.0/mlflow/runs/search", asked)
        processes = psutil.Process(command.pid).children(recursive=True)
        listening = {
            end.laddr.ip for process in processes for end in process.net_connections() if not end.raddr
        }
        command.send_signal(signal.SIGINT)
        printed = command.stdout.read()
    assert [each["info"]["run_id"] for each in found["runs"]] == [run]
    assert f"mlflow ui --backend-store-uri sqlite:///{root}/mlflow.db --port {place[1]}" in printed
    assert "tags.kind = 'sweep'" in printed
    assert listening == {"127.0.0.1"}
    assert len(processes) == 2
    assert not any(is_alive(process) for process in processes)
    assert command.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_group_that_ignores_sigterm_is_killed(records, number):
    with start(records, stand_in(records, STUBBORN), patience=0.2) as command:
        address(command)
        processes = psutil.Process(command.pid).children(recursive=True)
        command.send_signal(number)
    assert not any(is_alive(process) for process in processes)
    assert len(processes) == 2
    assert command.returncode == 0


def test_a_server_that_dies_at_its_start_is_one_line_with_its_reason(records, monkeypatch):
    dying = stand_in(records, "import sys; print('first'); print('no such table'); sys.exit(3)")
    monkeypatch.setattr(sys, "executable", dying)
    with pytest.raises(StoreError, match=r"^MLflow's server ended with exit status 3: no such table; try"):
        ui.serve(UiConfig(records, None, 7300))


def test_a_server_that_never_answers_is_an_error_and_is_ended(records, monkeypatch):
    monkeypatch.setattr(sys, "executable", stand_in(records, "import signal; signal.pause()"))
    monkeypatch.setattr(ui, "START_SECONDS", 0.5)
    before = psutil.Process().children()
    with pytest.raises(StoreError, match=r"gave no answer in 0\.5 s"):
        ui.serve(UiConfig(records, None, 7300))
    assert psutil.Process().children() == before


@pytest.fixture
def own_handlers():
    """Handlers that only this test can have set."""
    own = {number: lambda *_: None for number in ui.SIGNALS}
    before = {number: signal.signal(number, handler) for number, handler in own.items()}
    yield own
    for number, handler in before.items():
        signal.signal(number, handler)


def test_handlers_of_signals_are_put_back(records, monkeypatch, own_handlers):
    monkeypatch.setattr(sys, "executable", stand_in(records, ""))
    with pytest.raises(StoreError, match="it said nothing"):
        ui.serve(UiConfig(records, None, 7300))
    assert {number: signal.getsignal(number) for number in ui.SIGNALS} == own_handlers


def test_the_next_free_port_is_taken_and_said(records, monkeypatch, capsys, taken_port):
    monkeypatch.setattr(sys, "executable", stand_in(records, "import sys; sys.exit(' '.join(sys.argv))"))
    port = ui.free_port(taken_port)
    with pytest.raises(StoreError, match=f"--port {port} "):
        ui.serve(UiConfig(records, None, taken_port))
    assert port > taken_port
    assert f"port {taken_port} is taken; using {port}" in capsys.readouterr().out


def test_a_port_taken_on_all_addresses_is_taken():
    with closing(socket.create_server(("", 0))) as listener:
        port = listener.getsockname()[1]
        assert ui.free_port(port) > port


def test_no_free_port_is_an_error(monkeypatch, taken_port):
    monkeypatch.setattr(ui, "PORTS_TRIED", 1)
    with pytest.raises(ConfigError, match=f"every port from {taken_port} to {taken_port} is taken"):
        ui.free_port(taken_port)


@pytest.mark.parametrize("uri", [None, "sqlite:///{root}/mlflow.db", "sqlite:///{root}/mlflow.db?timeout=60"])
def test_absent_records_are_an_error_that_names_the_command(tmp_path, uri):
    uri = uri and uri.format(root=tmp_path)
    with pytest.raises(StoreError, match=r"no records yet at .*mlflow\.db; `harness sweep` makes them"):
        ui.serve(UiConfig(tmp_path, uri, 7300))
    assert list(tmp_path.iterdir()) == []


def test_records_kept_by_a_server_are_pointed_to_without_the_password(tmp_path, capsys):
    assert ui.serve(UiConfig(tmp_path, "https://me:secret@runs.example/base", 7300)) == 0
    printed = capsys.readouterr().out
    assert "https://runs.example/base" in printed
    assert "secret" not in printed
