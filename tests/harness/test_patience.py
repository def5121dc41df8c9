"""Outages of a server and mistakes, told apart on real sockets; and an outage writes nothing twice."""

import os
import signal
import socket
import threading
import traceback
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from harness.cli import main
from harness.errors import StoreError
from harness.interrupt import SIGNALS, Interrupt
from harness.tracking.outage import is_outage, scrubbed, shown
from harness.tracking.patience import Patience, Patient
from harness.tracking.store import open_store

SHORT = Patience(seconds=0.3, shortest=0.01, longest=0.02)


@contextmanager
def server(answer):
    """The port of a server that gives these bytes to everybody and closes; None: it never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def serve():
            while True:
                connection, _ = listener.accept()
                with connection:
                    if over.is_set():
                        return
                    connection.recv(65536)
                    if answer is None:
                        over.wait()
                    else:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()


def status(code, body=b"no"):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (code, len(body), body)


def failure_at(port):
    with pytest.raises(MlflowException, match=r"search") as told:
        MlflowClient(f"http://127.0.0.1:{port}").search_experiments(max_results=1)
    return told.value


OUTAGES = {
    "closed without a word": b"",
    "cut off in the middle": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "never answering": None,
    "bad gateway": status(502),
    "unavailable": status(503),
    "a gateway's timeout": status(504),
    "too many requests": status(429),
}


@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
def test_what_may_pass_is_an_outage(answer, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with server(answer) as port:
        assert is_outage(failure_at(port))


def test_a_refused_connection_is_an_outage():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert is_outage(failure_at(port))


def test_an_outage_in_the_text_of_a_download_of_several_is_one():
    said = "##### File correct.npy #####\nAPI request to http://h/x failed with exception {}"
    assert is_outage(MlflowException(said.format("(Caused by ...: [Errno 111] Connection refused)")))
    assert is_outage(MlflowException(said.format("(Caused by too many 503 error responses)")))
    assert not is_outage(MlflowException(said.format("404 Client Error: NOT FOUND")))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 500])
def test_what_a_server_answers_otherwise_is_a_mistake(code):
    with server(status(code)) as port:
        assert not is_outage(failure_at(port))


@pytest.mark.parametrize("code", [401, 404, 503])
def test_a_server_that_does_not_serve_at_the_start_is_one_line_at_once(code, tmp_path, capsys):
    with server(status(code)) as port:
        words = f"sweep data=digits tracking.uri=http://me:canary@127.0.0.1:{port} tracking.root={tmp_path}"
        assert main(words.split()) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"harness: cannot read the records at http://***@127.0.0.1:{port} (it answers {code}" in told
    assert not (tmp_path / "reports").exists()


def test_a_server_that_is_not_there_at_the_start_is_one_line_at_once(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    words = f"sweep data=digits tracking.uri=http://127.0.0.1:{port} tracking.root={tmp_path}"
    assert main(words.split()) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"cannot read the records at http://127.0.0.1:{port} (Connection refused)" in told


@pytest.mark.parametrize("answer", [b"", status(401), status(404), status(503)])
@pytest.mark.parametrize(
    "word", ["quaggazorilla", "quagga/zorilla", "quagga:zorilla", "quagga%40zorilla", "quagga?zorilla"]
)
def test_no_line_and_no_traceback_holds_a_password_or_a_token(answer, word, tmp_path):
    with server(answer) as port:
        uri = f"http://me:{word}@127.0.0.1:{port}/x?token=quagga"
        with pytest.raises(StoreError, match="cannot read the records") as told:
            open_store(tmp_path, uri)
        patient = Patient(MlflowClient(uri), uri, lambda: "here", SHORT)
        with pytest.raises((StoreError, MlflowException), match=r"answer|url") as later:
            patient.get_experiment_by_name("digits")
    for error in (told.value, later.value):
        text = "".join(traceback.format_exception(error))
        assert "quagga" not in text
        assert "zorilla" not in text


def test_an_address_is_shown_and_scrubbed():
    assert shown("postgresql://me:a@b/c@host/db?x=1") == "postgresql://***@host/db"
    assert scrubbed("at http://me:@host/x", "http://me:@host/x") == "at http://***@host/x"
    assert scrubbed("at http://host/x?run=1 (no)", "http://host/x") == "at http://host/x (no)"
    assert scrubbed("no canary", "https://canary@host") == scrubbed("no canary", "x://a:canary@h") == "no ***"


def test_an_error_at_a_server_names_no_secret_of_the_environment(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "canary-1")
    assert scrubbed("refused canary-1", "http://host") == "refused ***"


class Flaky:
    """A client whose calls fail so many times in a row; `lost` answers are of calls that were carried out."""

    def __init__(self, failures, error=None, lost=False):
        self.failures, self.lost = failures, lost
        self.error = error or ConnectionRefusedError(111, "Connection refused")
        self.runs, self.calls = [], 0

    def _fail(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error

    def create_run(self, experiment, start_time, tags, run_name):
        run = SimpleNamespace(tags=tags, name=run_name)
        if self.lost:
            self.runs.append(run)
        self._fail()
        if not self.lost:
            self.runs.append(run)
        return run

    def search_runs(self, experiments, query):
        return [run for run in self.runs if query == f"tags.request = '{run.tags['request']}'"]

    def set_tag(self, *words):
        self._fail()
        return words


def patient(client):
    return Patient(client, "http://me:canary@host:5000", lambda: "here", SHORT)


def test_an_outage_is_told_once_and_its_end_too(capsys):
    client = Flaky(failures=5)
    assert patient(client).set_tag("r", "k", "v") == ("r", "k", "v")
    assert client.calls == 6
    assert capsys.readouterr().err == (
        "harness: the server at http://***@host:5000 does not answer (Connection refused); "
        "waiting 0.005 minutes\nharness: the server at http://***@host:5000 answers again\n"
    )


def test_a_single_broken_connection_is_not_told(capsys):
    assert patient(Flaky(failures=1)).set_tag("r", "k", "v") == ("r", "k", "v")
    assert capsys.readouterr().err == ""


def test_a_server_that_stays_away_ends_the_sweep_by_its_address():
    said = r"http://\*\*\*@host:5000 has not answered for .* minutes .*; start it, and the same command"
    with pytest.raises(StoreError, match=said):
        patient(Flaky(failures=10**6)).set_tag("r", "k", "v")


def test_a_mistake_is_not_waited_for():
    client = Flaky(failures=10**6, error=MlflowException("no such run", 1001))
    with pytest.raises(MlflowException, match="no such run"):
        patient(client).set_tag("r", "k", "v")
    assert client.calls == 1


def test_a_refusal_names_the_variables():
    client = Flaky(failures=1, error=MlflowException("who?", ErrorCode.Value("UNAUTHENTICATED")))
    with pytest.raises(StoreError, match="MLFLOW_TRACKING_PASSWORD"):
        patient(client).set_tag("r", "k", "v")


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_that_is_asked_for_again_is_made_once(lost):
    client = Flaky(failures=1, lost=lost)
    made = patient(client).create_run("1", tags={"kind": "trial"}, run_name="trial 0")
    assert client.runs == [made]
    assert {**made.tags, "request": ""} == {"kind": "trial", "origin": "here", "request": ""}


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("number", SIGNALS, ids=[each.name for each in SIGNALS])
def test_a_first_signal_ends_the_wait_also_in_a_part_that_must_not_be_cut(number, raises, capsys):
    class Interrupted(Flaky):
        def _fail(self):
            if self.calls == 3:
                os.kill(os.getpid(), number)
            super()._fail()

    client = Interrupted(failures=10**6)
    asked = Patient(client, "http://host", lambda: "here", Patience(600, 0.01, 0.02))
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), Interrupt(raises) as interrupt, interrupt.shielded():
        asked.set_tag("r", "k", "v")
    assert interrupt.requested
    assert client.calls == 4
    assert "no longer waiting" in capsys.readouterr().err
    assert signal.getsignal(number) is before
