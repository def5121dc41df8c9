"""The server is real where its answers count; elsewhere a stand-in, so that its misfortunes can be chosen."""

import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness import ui
from harness.config import UiConfig, parse_ui
from harness.errors import ConfigError, StoreError
from harness.ui import address as addresses
from harness.ui import server

SERVE = """
import sys
from pathlib import Path
from harness import ui
from harness.config import UiConfig
from harness.ui import server
root, port, sys.executable = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
server.END_SECONDS = float(sys.argv[4])
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


def answer(place, method, path, headers, body=None) -> int:
    """The status of one request."""
    with closing(http.client.HTTPConnection(*place, timeout=60)) as connection:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status


def experiments(place) -> set[str]:
    found = ask(place, "/api/2.0/mlflow/experiments/search", {"max_results": 100})
    return {each["name"] for each in found["experiments"]}


@pytest.fixture(scope="module")
def served(template_store, tmp_path_factory):
    """A server on real records, started from an environment that would open it, and what is in them."""
    from harness.tracking.store import open_store

    root = tmp_path_factory.mktemp("served")
    for file in template_store.glob("mlflow.db*"):
        shutil.copy(file, root / file.name)
    (root / "outside.txt").write_text("outside")
    store = open_store(root)
    experiment = store.experiment("digits")
    run = store.client.create_run(experiment, tags={"kind": "sweep"}).info.run_id
    store.client.log_artifact(run, str(root / "outside.txt"), "inside")
    opening = {
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "*",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "*",
        "MLFLOW_UVICORN_OPTS": "--host 0.0.0.0",
        "UVICORN_HOST": "0.0.0.0",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in opening.items():
            patch.setenv(name, value)
        command = start(root)
    with command:
        place = address(command)
        processes = psutil.Process(command.pid).children(recursive=True)
        yield SimpleNamespace(
            root=root, place=place, processes=processes, command=command, experiment=experiment, run=run
        )
        command.kill()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:{port}", "10.evil.example:{port}", "192.168.evil.example"),
        *("127.0.0.1.evil.example:{port}", "localhost.evil.example", "192.168.1.5:{port}", ""),
    ],
)
def test_a_foreign_host_is_refused(served, host):
    headers = {"Host": host.format(port=served.place[1])}
    assert answer(served.place, "GET", "/", headers) == 403
    assert answer(served.place, "GET", f"/get-artifact?run_id={served.run}&path=inside", headers) == 403
    deletion = "/api/2.0/mlflow/experiments/delete"
    assert answer(served.place, "POST", deletion, headers, {"experiment_id": served.experiment}) == 403
    assert "digits" in experiments(served.place)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://10.1.1.1",
    ],
)
@pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
def test_a_page_of_another_site_cannot_delete_or_create(served, origin, prefix):
    headers, mlflow = {"Origin": origin}, f"{prefix}/2.0/mlflow"
    upload = f"{mlflow}/upload-artifact?run_uuid={served.run}&path=planted.txt"
    theirs = {"name": "planted", "artifact_location": "file:///etc"}
    for path, body in (
        (f"{mlflow}/experiments/delete", {"experiment_id": served.experiment}),
        (f"{mlflow}/experiments/create", theirs),
        (upload, {}),
    ):
        assert answer(served.place, "POST", path, headers, body) == 403
    assert experiments(served.place) == {"Default", "digits"}
    assert not list(served.root.rglob("planted.txt"))


def test_the_machine_itself_is_answered_also_through_a_tunnel(served):
    for host in ("127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "localhost:8000", "127.0.0.1"):
        assert answer(served.place, "GET", "/", {"Host": host.format(port=served.place[1])}) == 200
    own = {"Origin": f"http://127.0.0.1:{served.place[1]}"}
    search = "/ajax-api/2.0/mlflow/experiments/search"
    assert answer(served.place, "POST", search, own, {"max_results": 1}) == 200


@pytest.mark.parametrize(
    "path",
    [
        *("../../../outside.txt", "..%2f..%2f..%2foutside.txt", "%252e%252e/%252e%252e/outside.txt"),
        *("inside/../../../../outside.txt", "/etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd"),
    ],
)
def test_an_artifacts_path_cannot_leave_its_run(served, path):
    asked = f"run_id={served.run}&path={path}"
    assert answer(served.place, "GET", f"/get-artifact?{asked}", {}) == 400
    assert answer(served.place, "GET", f"/api/2.0/mlflow/artifacts/list?{asked}", {}) == 400
    upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={served.run}&path={path}"
    assert answer(served.place, "POST", upload, {}, {}) == 400
    served_by_proxy = f"/api/2.0/mlflow-artifacts/artifacts/{path}"
    assert answer(served.place, "GET", served_by_proxy, {}) in (404, 503)


def test_an_artifact_is_shown(served):
    shown = f"/get-artifact?run_id={served.run}&path=inside/outside.txt"
    assert answer(served.place, "GET", shown, {}) == 200


def test_the_server_listens_on_the_loopback_address_alone_and_leaves_no_process(served):
    asked = {"experiment_ids": [served.experiment], "filter": "tags.kind = 'sweep'"}
    found = ask(served.place, "/api/2.0/mlflow/runs/search", asked)
    listening = [end.laddr for each in served.processes for end in each.net_connections() if not end.raddr]
    served.command.send_signal(signal.SIGINT)
    printed = served.command.stdout.read()
    assert [each["info"]["run_id"] for each in found["runs"]] == [served.run]
    plain = f"mlflow ui --backend-store-uri sqlite:///{served.root}/mlflow.db --port {served.place[1]}\n"
    assert plain in printed
    assert "tags.kind = 'sweep'" in printed
    assert set(listening) == {served.place}
    assert len(served.processes) == 2
    assert not any(is_alive(process) for process in served.processes)
    assert served.command.wait() == 0


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
    monkeypatch.setattr(server, "START_SECONDS", 0.5)
    before = psutil.Process().children()
    with pytest.raises(StoreError, match=r"gave no answer in 0\.5 s"):
        ui.serve(UiConfig(records, None, 7300))
    assert psutil.Process().children() == before


@pytest.fixture
def own_handlers():
    """Handlers that only this test can have set."""
    own = {number: lambda *_: None for number in server.SIGNALS}
    before = {number: signal.signal(number, handler) for number, handler in own.items()}
    yield own
    for number, handler in before.items():
        signal.signal(number, handler)


def test_handlers_of_signals_are_put_back(records, monkeypatch, own_handlers):
    monkeypatch.setattr(sys, "executable", stand_in(records, ""))
    with pytest.raises(StoreError, match="it said nothing"):
        ui.serve(UiConfig(records, None, 7300))
    assert {number: signal.getsignal(number) for number in server.SIGNALS} == own_handlers


def test_the_next_free_port_is_taken_and_said(records, monkeypatch, capsys, taken_port):
    monkeypatch.setattr(sys, "executable", stand_in(records, "import sys; sys.exit(' '.join(sys.argv))"))
    port = addresses.free_port("127.0.0.1", taken_port)
    with pytest.raises(StoreError, match=f"--port {port} "):
        ui.serve(UiConfig(records, None, taken_port))
    assert port > taken_port
    assert f"port {taken_port} is taken; using {port}" in capsys.readouterr().out


def test_a_port_taken_on_all_addresses_is_taken():
    with closing(socket.create_server(("", 0))) as listener:
        port = listener.getsockname()[1]
        assert addresses.free_port("127.0.0.1", port) > port


def test_no_free_port_is_an_error(monkeypatch, taken_port):
    monkeypatch.setattr(addresses, "PORTS_TRIED", 1)
    with pytest.raises(ConfigError, match=f"every port from {taken_port} to {taken_port} is taken"):
        addresses.free_port("127.0.0.1", taken_port)


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


# Another address


def test_another_address_is_warned_of_and_given_its_own_names(records, monkeypatch, capfd):
    monkeypatch.setattr(sys, "executable", stand_in(records, "import sys; sys.exit(' '.join(sys.argv))"))
    monkeypatch.setattr(addresses.socket, "gethostname", lambda: "box")
    monkeypatch.setattr(addresses.socket, "getfqdn", lambda: "box.example")
    monkeypatch.setattr(addresses, "_outward", lambda host: ["192.0.2.7"])
    with pytest.raises(StoreError) as end:
        ui.serve(UiConfig(records, None, 7300, "0.0.0.0"))
    told = capfd.readouterr().err
    assert told.startswith("warning: host=0.0.0.0 lets everyone who can reach this machine read")
    assert told.count("\n") == 1
    command = server.Place("0.0.0.0", 7300).guards()
    assert "--host 0.0.0.0 --port 73" in str(end.value)
    assert {"box", "box:*", "box.example:*", "192.0.2.7:*", "localhost:*"} <= set(command[1].split(","))
    assert "http://box.example:7300" in command[3].split(",")
    assert not any(each in ("*", "http://*") for option in command for each in option.split(","))


def test_the_loopback_address_is_not_warned_of(records, monkeypatch, capfd):
    monkeypatch.setattr(sys, "executable", stand_in(records, ""))
    with pytest.raises(StoreError, match="it said nothing"):
        ui.serve(UiConfig(records, None, 7300))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("host", ["not-an-address", "localhost", "127.0.0.1:80", "*", "", 5, None, "127.1"])
def test_a_host_that_is_no_address_is_a_mistake(host):
    tree = {"tracking": {"root": "mlruns", "uri": None}, "port": 5000, "host": host}
    with pytest.raises(ConfigError, match=r"^host must be an address in numbers, got .*; 127\.0\.0\.1 is"):
        parse_ui(tree)


def test_an_address_of_another_machine_is_a_mistake_before_any_port_is_tried(records, monkeypatch):
    monkeypatch.setattr(ui.address, "_is_free", lambda host, port: pytest.fail("tried"))
    with pytest.raises(ConfigError, match=r"host=192\.0\.2\.1 is no address of this machine"):
        ui.serve(UiConfig(records, None, 7300, "192.0.2.1"))


# Two at once

RACING = """
import http.server, pathlib, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
seen = pathlib.Path(__file__).with_name("seen")
seen.open("a").write(f"{port}\\n")
if len(seen.read_text().split()) == 1:
    sys.exit(f"[Errno 98] error while attempting to bind on address ('::', {port}): address already in use")
sys.exit("no more")
"""


def test_a_port_that_is_taken_while_the_server_starts_is_left_for_the_next(records, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", stand_in(records, RACING))
    with pytest.raises(StoreError, match="no more"):
        ui.serve(UiConfig(records, None, 7300))
    first, second = map(int, (records / "seen").read_text().split())
    assert second > first
    assert f"using {second}" in capsys.readouterr().out


SLOW_TO_LISTEN = """
import http.server, sys, time
option = lambda name: sys.argv[sys.argv.index(name) + 1]
class Guarded(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.headers["Host"] in option("--allowed-hosts").split(",") else 403)
        self.end_headers()
time.sleep(1)  # both have chosen their port by now
http.server.HTTPServer(("127.0.0.1", int(option("--port"))), Guarded).serve_forever()
"""


def test_two_started_in_the_same_second_get_a_port_each(records):
    """The second must not take the answer of the first one's server for its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    arguments = [sys.executable, "-c", SERVE, str(records), str(port), stand_in(records, SLOW_TO_LISTEN), "5"]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        places = [address(command) for command in both]
    finally:
        for command in both:
            command.send_signal(signal.SIGINT)
            command.communicate(timeout=60)
    assert len(set(places)) == 2
    assert [command.returncode for command in both] == [0, 0]
