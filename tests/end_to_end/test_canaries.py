"""No secret is in any byte that a sweep writes or prints, also where an estimator tells all it knows."""

import http.server
import os
import subprocess
import sys
import threading
import zipfile

import pytest

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


def run(here, *words, **more):
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HYDRA_", "MLFLOW_"))}
    path = [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
    return subprocess.run(
        [sys.executable, "-m", "harness", *words, "--config-dir", "mine"],
        cwd=here,
        env={
            **inherited,
            **SECRETS,
            "PYTHONPATH": f"{here}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            **more,
        },
        capture_output=True,
        text=True,
        timeout=300,
    )


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


@pytest.mark.parametrize(("launch", "full"), [("inline", "0"), ("local", "1")])
def test_a_sweep_that_tells_all_it_knows_leaves_no_secret(launch, full, place, root):
    words = [*SWEEP, f"launch={launch}", f"tracking.root={root}"]
    end = run(place, *words, *(["launch.workers=1"] if launch == "local" else []), HYDRA_FULL_ERROR=full)
    assert end.returncode == 1, end.stderr  # one family of two fails
    assert "ValueError" in end.stdout + end.stderr
    assert "***" in end.stdout + end.stderr
    assert MARK not in end.stdout + end.stderr
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


@pytest.mark.parametrize("full", ["0", "1"])
def test_a_server_that_refuses_is_told_without_its_credentials(full, place, tmp_path, forbidding):
    words = [*SWEEP, f"tracking.root={tmp_path / 'records'}"]
    address = f"tracking.uri='http://user:canary-in-url@127.0.0.1:{forbidding}/?key=canary-in-query'"
    end = run(place, *words, address, HYDRA_FULL_ERROR=full, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert end.returncode == 2
    assert f"http://***@127.0.0.1:{forbidding}/" in end.stderr
    assert ("Traceback" in end.stderr) == (full == "1")
    assert MARK not in end.stdout + end.stderr
    assert leaks(tmp_path) == []
