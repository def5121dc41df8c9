import contextlib
import http.client
from dataclasses import replace

import psutil
import pytest

from harness import launch
from harness.config import LaunchSettings
from harness.errors import DamageError, LaunchError
from harness.launch import clusters, local
from harness.launch.driver import Driver
from harness.launch.work import Work
from harness.records import Outcome

INLINE = LaunchSettings("inline")
ONE, TWO = LaunchSettings("local", 1), LaunchSettings("local", 2)


@pytest.fixture(scope="module")
def stories(make_cells, memory, logistic):
    """Ledgers of the same cells inline, on one worker and on two, and where the two listened meanwhile."""
    heard, answers, ledgers = [], set(), []

    def listen(cell, trial):
        if trial.number:
            return
        tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
        sockets = [each for process in tree for each in process.net_connections("inet")]
        heard.extend(each.laddr for each in sockets if each.status == psutil.CONN_LISTEN)
        answers.update(status_of(address.port, "/info/main/workers.html") for address in heard)

    for settings in (INLINE, ONE, TWO):
        ledgers.append(memory(on_trial=listen if settings is TWO else None))
        launch.run(settings, make_cells(logistic), ledgers[-1])
    return ledgers, heard, answers


def status_of(port, page):
    """What a port answers to a browser; None where it speaks no HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", page)
        return connection.getresponse().status
    return None


def test_inline_and_local_workers_tell_the_same_story(stories):
    ledgers, _, _ = stories
    assert len(ledgers[0].results) == 2
    assert ledgers[1].story() == ledgers[0].story()
    assert ledgers[2].story() == ledgers[0].story()
    assert all(ledger.held == [] for ledger in ledgers)


def test_a_worker_has_its_next_cell_before_the_result_of_its_last_one_is_written(
    make_cells, memory, logistic, monkeypatch
):
    ledger = memory()
    submit = Driver._submit

    def submitted(driver, flight, process):
        ledger.order.append(("submit", flight.cell.key))
        submit(driver, flight, process)

    monkeypatch.setattr(Driver, "_submit", submitted)
    launch.run(ONE, make_cells(logistic), ledger)
    whats = ("begin", "submit", "result")
    assert [each for each in ledger.order if each[1] == "cell0"] == [(what, "cell0") for what in whats]
    assert ledger.order.index(("submit", "cell1")) < ledger.order.index(("result", "cell0"))


def test_a_result_is_written_though_the_next_cell_cannot_be_opened(make_cells, memory, logistic):
    ledger = memory()
    begin = ledger.begin

    def damaged(cell):
        if cell.key == "cell1":
            raise DamageError("a trial of cell1 is not what was recorded")
        return begin(cell)

    ledger.begin = damaged
    with pytest.raises(DamageError, match="cell1"):
        launch.run(ONE, make_cells(logistic), ledger)
    assert list(ledger.results) == ["cell0"]


def test_local_workers_listen_on_the_loopback_address_alone_and_show_no_pages(stories):
    _, heard, answers = stories
    assert len(heard) >= 4  # scheduler, two nannies, two workers, and a port for pages each
    assert {address.ip for address in heard} == {"127.0.0.1"}
    assert answers == {None, 404}


# One sweep on two workers with all that may befall a cell, each in a cell of its own

LIMIT = 10**9  # bytes
IN_A_TRIAL = ("hang", "spin", "breed", "eat", "nan", "die", "crash")
IN_THE_REFIT = ("hang in the refit", "die in the refit")
TIMED = ("hang", "spin", "breed", "hang in the refit")


@pytest.fixture(scope="module")
def unfortunate(make_cells, memory, make_mischief, logistic, stories, tmp_path_factory):
    """Its ledger, in which a cell's key says what befell it, and the workers' folder."""
    folder = tmp_path_factory.mktemp("unfortunate")

    def cell(key, family, **more):
        return replace(make_cells(family, count=1, **more)[0], key=key)

    (whole, *_), _, _ = stories
    ledger = memory(recorded={"cut off": whole.recorded["cell0"][:2]})
    with make_mischief(folder) as mischief:
        limits = {deed: 1.0 if deed in TIMED else None for deed in (*IN_A_TRIAL, *IN_THE_REFIT)}
        cells = [
            *(cell(deed, mischief(deed, "none"), trial_seconds=limits[deed]) for deed in IN_A_TRIAL),
            *(cell(deed, mischief(deed), trials=1, trial_seconds=limits[deed]) for deed in IN_THE_REFIT),
            cell("threads", mischief("tell its threads"), trials=1),
            replace(cell("no data", logistic), path="/nowhere/at/all"),
            cell("cut off", logistic),
        ]
        launch.run(replace(TWO, memory=LIMIT), cells, ledger)
    return ledger, folder


@pytest.fixture(scope="module")
def ledger(unfortunate):
    return unfortunate[0]


def test_whatever_befalls_a_trial_its_cell_and_the_sweep_go_on(ledger):
    assert ledger.held == []
    assert set(ledger.results) == {*IN_A_TRIAL, *IN_THE_REFIT, "threads", "no data", "cut off"}
    for deed in IN_A_TRIAL:
        trials, result = ledger.recorded[deed], ledger.results[deed]
        assert [trial.number for trial in trials] == [0, 1, 2]
        assert [trial.outcome for trial in trials[1:]] == [Outcome.COMPLETE] * 2
        assert (result.outcome, result.message, result.trials) == (Outcome.COMPLETE, "", 3)
        assert result.seconds < 60


@pytest.mark.parametrize("deed", ["hang", "spin"])
def test_a_trial_past_its_limit_is_ended_from_outside(ledger, deed):
    first = ledger.recorded[deed][0]
    assert (first.outcome, first.params) == (Outcome.TIMED_OUT, {"deed": deed})
    assert "search.trial_seconds=1" in first.message
    assert first.seconds < 3.0


def test_a_trial_past_its_limit_leaves_no_process_behind(unfortunate):
    ledger, folder = unfortunate
    assert ledger.recorded["breed"][0].outcome is Outcome.TIMED_OUT
    assert not psutil.pid_exists(int((folder / "child.pid").read_text()))


def test_a_trial_that_grows_past_the_memory_limit_is_ended(ledger):
    first = ledger.recorded["eat"][0]
    assert (first.outcome, first.params) == (Outcome.OUT_OF_MEMORY, {"deed": "eat"})
    assert "launch.memory=0.93 GiB" in first.message


def test_a_refit_past_the_limit_of_a_trial_ends_its_cell_with_the_reason(ledger):
    result = ledger.results["hang in the refit"]
    assert result.outcome is Outcome.TIMED_OUT
    assert result.message == "ran past search.trial_seconds=1 in the refit of trial 0"


def test_a_refit_that_ends_its_process_twice_fails_its_cell(ledger):
    message = "its process ended 2 times in the refit of trial 0"
    assert ledger.results["die in the refit"].message == message


@pytest.mark.parametrize("deed", ["die", "crash"])
def test_a_trial_that_ends_its_process_twice_failed(unfortunate, deed):
    ledger, folder = unfortunate
    first = ledger.recorded[deed][0]
    assert (first.outcome, first.message) == (Outcome.FAILED, "its process ended 2 times")
    assert len((folder / "deaths").read_text().split()) == 2


def test_a_fit_that_is_not_finite_diverged_and_is_never_the_best(cells, memory, mischief, ledger):
    inline = memory()
    launch.run(INLINE, cells(mischief("nan", "none"), count=1), inline)
    for recorded, key in ((inline, "cell0"), (ledger, "nan")):
        assert recorded.recorded[key][0].outcome is Outcome.DIVERGED
        assert recorded.results[key].best != 0


def test_a_cell_whose_data_is_gone_failed_with_its_sentence(cells, memory, logistic, ledger):
    (cell,), inline = cells(logistic, count=1), memory()
    launch.run(INLINE, [replace(cell, path="/nowhere/at/all")], inline)
    for result in (inline.results["cell0"], ledger.results["no data"]):
        assert result.outcome is Outcome.FAILED
        assert "/nowhere/at/all" in result.message


def test_a_cell_goes_on_from_its_recorded_trials(stories, ledger):
    whole, part = (of.story() for of in (stories[0][0], ledger))
    assert [each["cut off"] for each in part] == [each["cell0"] for each in whole]


def test_a_cell_that_another_driver_holds_is_awaited_and_one_it_finished_is_not_run(cells, memory, logistic):
    ledger = memory(busy={"cell0"}, done={"cell1"})
    launch.run(INLINE, cells(logistic), ledger)
    assert list(ledger.results) == ["cell0"]
    assert ledger.held == []


def test_work_hands_out_each_cell_once_and_passes_over_a_busy_one(cells, memory, logistic):
    work = Work(cells(logistic, count=3), memory(busy={"cell0"}))
    assert [work.take()[0].key for _ in range(3)] == ["cell1", "cell0", "cell2"]
    assert not work
    assert work.take() is None


def test_workers_run_on_one_blas_thread(unfortunate):
    assert (unfortunate[1] / "threads.txt").read_text() == "['1']"


def test_a_cell_that_another_process_was_given_before_it_began_is_no_death(
    make_cells, memory, logistic, monkeypatch
):
    """As where a worker was looked at just before it died, and the next has its address."""
    look, stale = clusters.Cluster.live, [True] * 5

    def live(cluster):
        found = look(cluster)
        if found and stale:
            stale.pop()
            return {process._replace(folder="gone") for process in found}
        return found

    monkeypatch.setattr(clusters.Cluster, "live", live)
    whole, ledger = memory(), memory()
    launch.run(INLINE, make_cells(logistic, count=1), whole)
    launch.run(ONE, make_cells(logistic, count=1), ledger)
    assert not stale
    assert ledger.story() == whole.story()


def test_workers_are_no_more_than_cores_and_memory_allow(monkeypatch):
    monkeypatch.setattr(local, "cpu_count", lambda: 64)
    monkeypatch.setattr(local, "MEMORY_LIMIT", 8 * 10**9)
    assert local.shares(LaunchSettings("local")) == (16, 500 * 10**6)
    assert local.shares(LaunchSettings("local", 2)) == (2, 4 * 10**9)
    assert local.shares(LaunchSettings("local", None, 4 * 10**9)) == (2, 4 * 10**9)
    assert local.shares(LaunchSettings("local", 20, 10**9)) == (20, 10**9)  # as asked for
    with pytest.raises(LaunchError, match=r"launch\.workers must be at most 16 here, got 20: .* 500 MB"):
        local.shares(LaunchSettings("local", 20))
    monkeypatch.setattr(local, "MEMORY_LIMIT", 10**8)
    assert local.shares(LaunchSettings("local")) == (1, 10**8)
