"""No secret is in any byte that a sweep writes or prints, also where an estimator tells all it knows."""

import http.server
import os
import subprocess
import sys
import threading
import zipfile

import pytest

from harness.cli import main

LEAKY = """
import os, sys
from sklearn.dummy import DummyClassifier

class Keyed(DummyClassifier):
    def __init__(self, key="", random_state=0):
        super().__init__(strategy="prior", random_state=random_state)
        self.key = key

class Leaky(Keyed):
    def fit(self, X, y):
        try:
            raise KeyError(self.key)
        except KeyError as error:
            raise ValueError(f"{sys.argv} {self.key} {os.environ}") from error
"""
FAMILY = """
# @package model.{name}
label: {name}
estimator: {{_target_: leaky_for_test.{kind}, key: '${{oc.env:SECRET_X}}${{oc.env:PHRASE}}'}}
space: {{random_state: 1}}
selection: error
"""
# An escaped character, a quote and a line break: a secret is no word.
SECRETS = {
    "MLFLOW_TRACKING_PASSWORD": "canary-password",
    "MY_TOKEN": "canary'to\\ken",
    "SECRET_X": "canary-secret-x",
    "PHRASE": "canary phrase",
    "STRIPE_API_KEY": "canary\u00e9\nkey-second-canary",
    "DATABASE_URL": "postgresql://me:canary%2Fpw@host/db",
}
MARK = "canary"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    here = tmp_path_factory.mktemp("canaries")
    (here / "leaky_for_test.py").write_text(LEAKY)
    (here / "mine" / "model").mkdir(parents=True)
    for kind in ("Keyed", "Leaky"):
        file = here / "mine" / "model" / f"{kind.lower()}.yaml"
        file.write_text(FAMILY.format(name=kind.lower(), kind=kind))
    return here


@pytest.fixture
def _told(monkeypatch, place):
    """The secrets are in the environment, and the working directory is the place."""
    for name in [name for name in os.environ if name.startswith(("HYDRA_", "MLFLOW_TRACKING"))]:
        monkeypatch.delenv(name)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place)


def here(words, capfd):
    """Status and output of a command in this process."""
    status = main(words)
    return status, "".join(capfd.readouterr())


def elsewhere(words, _):
    """Status and output of a command in a process of its own."""
    end = subprocess.run(
        [sys.executable, "-m", "harness", *words], capture_output=True, text=True, timeout=300
    )
    return end.returncode, end.stdout + end.stderr


def leaks(folder):
    """The files below a folder that hold a canary, also inside archives."""
    found = []
    for file in (each for each in folder.rglob("*") if each.is_file()):
        parts = [file.read_bytes()]
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        if MARK in str(file) or any(MARK.encode() in part for part in parts):
            found.append(str(file))
    return found


SWEEP = [
    *("sweep", "data=digits", "model=[keyed,leaky]", "data.sizes=[64]", "repeats=1", "search.trials=1"),
    *("trusted_modules=[leaky_for_test]", "claims.linear=keyed"),
]
THEIRS = ["--config-dir", "mine"]


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize(("launch", "run", "full"), [("inline", here, "0"), ("local", elsewhere, "1")])
def test_a_sweep_that_tells_all_it_knows_leaves_no_secret(launch, run, full, root, monkeypatch, capfd):
    monkeypatch.setenv("HYDRA_FULL_ERROR", full)
    status, said = run([*SWEEP, f"launch={launch}", f"tracking.root={root}", *THEIRS], capfd)
    assert status == 1, said  # one family of two fails
    assert "ValueError" in said
    assert "***" in said
    assert MARK not in said
    assert list(root.rglob("report.html"))
    assert list(root.rglob("cell.json"))
    assert leaks(root) == []
    (root / "planted").write_text("a canary")
    assert leaks(root) == [str(root / "planted")]


@pytest.fixture
def forbidding():
    """A server that answers every request with a refusal which repeats what it was sent."""

    class Forbidding(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"forbidden: {self.path} {self.headers}".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize("full", ["0", "1"])
def test_a_server_that_refuses_is_told_without_its_credentials(
    full, tmp_path, forbidding, monkeypatch, capfd
):
    monkeypatch.setenv("HYDRA_FULL_ERROR", full)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = f"tracking.uri='http://user:canary-in-url@127.0.0.1:{forbidding}/?key=canary-in-query'"
    status, said = here([*SWEEP, f"tracking.root={tmp_path / 'records'}", address, *THEIRS], capfd)
    assert status == 2
    assert f"http://***@127.0.0.1:{forbidding}/" in said
    assert ("Traceback" in said) == (full == "1")
    assert MARK not in said
    assert leaks(tmp_path) == []
