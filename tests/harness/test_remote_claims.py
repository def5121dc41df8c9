"""Claims by heartbeat: every interleaving of two drivers, drivers that are gone, and how often is asked."""

import itertools
import random
import re
import threading
from copy import deepcopy
from types import SimpleNamespace

import pytest
from mlflow.exceptions import MlflowException

from harness.tracking import digests
from harness.tracking.remote import Heart, Pace, RemoteClaims, Watch
from tests.waiting import wait_until

PACE = Pace(look=2, beat=15, stale=60)
TAGS = {"kind": "cell", "cell": "k"}


class Page(list):
    token = None


class Server:
    """The few calls of a server that claims need; run ids are given out in the order of `names`."""

    def __init__(self, names="abcdefghij"):
        self.names, self.runs, self.asked = iter(names), {}, 0

    def client(self, origin, turn=lambda: None):
        return SimpleNamespace(
            search_runs=lambda _, query, **more: (turn(), self.search(query))[1],
            create_run=lambda _, tags, run_name: (turn(), self.create({**tags, "origin": origin}))[1],
            log_batch=lambda run_id, tags: (turn(), self.retag(run_id, tags))[1],
            set_tag=lambda *words: (turn(), self.set_tag(*words))[1],
            delete_run=lambda run_id: (turn(), self.runs.pop(run_id, None))[1],
        )

    def create(self, tags, status="RUNNING"):
        run_id = next(self.names)
        info = SimpleNamespace(run_id=run_id, status=status, experiment_id="1")
        self.runs[run_id] = SimpleNamespace(
            info=info, data=SimpleNamespace(tags=dict(tags), metrics={}, params={})
        )
        return self.runs[run_id]

    def search(self, query):
        self.asked += 1
        wanted = {name.strip("`"): value for name, value in re.findall(r"tags\.(\S+) = '([^']*)'", query)}
        return Page(deepcopy([r for r in self.runs.values() if wanted.items() <= r.data.tags.items()]))

    def set_tag(self, run_id, name, value):
        if run_id not in self.runs:
            raise MlflowException("must be in the 'active' state", 1000)
        self.runs[run_id].data.tags[name] = value

    def retag(self, run_id, tags):
        self.runs[run_id].data.tags.update((tag.key, tag.value) for tag in tags)

    def trial(self, parent, number, status="FINISHED"):
        tags = {"kind": "trial", "number": str(number), "mlflow.parentRunId": parent}
        tags["digest"] = digests.of_run(tags, {}, {})
        return self.create(tags, status).info.run_id

    def children(self, parent):
        found = self.search(f"tags.`mlflow.parentRunId` = '{parent}'")
        return sorted(run.data.tags["number"] for run in found)


class Idle:
    """A heart that notes whom it beats for."""

    def __init__(self):
        self.held = set()
        self.hold, self.drop = self.held.add, self.held.discard


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def claims(server, origin, clock=None, turn=lambda: None):
    return RemoteClaims(server.client(origin, turn), "1", origin, Idle(), PACE, clock or Clock())


def take(of):
    return of.take("k", "a cell", TAGS)


class Turns:
    """Threads that each stop before every call to the server, and go on in a given order."""

    def __init__(self, count):
        self.go = [threading.Semaphore(0) for _ in range(count)]
        self.stopped = [threading.Semaphore(0) for _ in range(count)]
        self.over, self.results = [False] * count, [None] * count

    def turn(self, number):
        def wait():
            self.stopped[number].release()
            self.go[number].acquire()

        return wait

    def run(self, works, order):
        def body(number, work):
            try:
                self.results[number] = work()
            finally:
                self.over[number] = True
                self.stopped[number].release()

        threads = [threading.Thread(target=body, args=each) for each in enumerate(works)]
        for number, thread in enumerate(threads):
            thread.start()
            self.stopped[number].acquire()
        for number in itertools.chain(order, itertools.cycle(range(len(works)))):
            if all(self.over):
                break
            if not self.over[number]:
                self.go[number].release()
                self.stopped[number].acquire()
        for thread in threads:
            thread.join()
        return self.results


def contend(order, names, count=2):
    server, turns = Server(names), Turns(count)
    drivers = [claims(server, f"folder {n}", turn=turns.turn(n)) for n in range(count)]
    taken = turns.run([lambda d=d: take(d) for d in drivers], order)
    assert sum(taken) <= 1, order
    assert sorted(server.runs) == sorted(d.run_of("k") for d in drivers if d.run_of("k")), order
    return taken


def in_every_order(names):
    """Who took the cell, over all orders of the calls; who takes it makes six, of which the last is free."""
    orders = ([int(at in ones) for at in range(10)] for ones in itertools.combinations(range(10), 5))
    return {tuple(contend(order, names)) for order in orders}


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_in_no_interleaving_do_two_drivers_take_one_cell(names):
    outcomes = in_every_order(names)
    assert {(True, False), (False, True)} <= outcomes <= {(True, False), (False, True), (False, False)}


def test_of_three_drivers_in_random_order_one_at_most_takes_the_cell():
    rng = random.Random(0)
    outcomes = {tuple(contend(rng.choices(range(3), k=15), rng.sample("abc", 3), 3)) for _ in range(200)}
    assert len(outcomes) >= 3


def test_the_interleavings_find_a_rule_that_is_none(monkeypatch):
    monkeypatch.setattr(RemoteClaims, "_stays", lambda *words: True)
    with pytest.raises(AssertionError, match=r"sum"):
        in_every_order("ab")


def test_who_yielded_takes_the_cell_later():
    server, clock = Server(), Clock()
    server.create({**TAGS, "claim": "wanted", "origin": "elsewhere"})
    second = claims(server, "folder", clock)
    assert not take(second)
    server.runs.clear()
    clock.now += 5
    assert take(second)
    assert set(server.runs) == {second.run_of("k")}


def test_a_driver_whose_heart_beats_keeps_its_cell_and_one_that_is_gone_does_not():
    server, clock = Server(), Clock()
    first = claims(server, "one", clock)
    assert take(first)
    held = first.run_of("k")
    server.trial(held, 0)
    server.trial(held, 1)
    server.trial(held, 2, status="RUNNING")
    second = claims(server, "two", clock)
    for beat in range(100):
        server.set_tag(held, "heartbeat", str(beat // 10))
        clock.now += 2
        assert not take(second)
    gone_at = clock.now
    while not take(second):
        clock.now += 2
    assert 40 < clock.now - gone_at <= 64  # less than that since the last beat
    assert second.run_of("k") not in (held, None)
    assert server.children(second.run_of("k")) == ["0", "1"]
    assert held not in server.runs
    assert not first.is_mine("k")
    assert second.is_mine("k")


def test_time_in_which_nobody_could_look_is_no_silence():
    clock = Clock()
    watch = Watch(PACE, clock)
    assert watch.is_live("r", "7")
    clock.now += 3600
    assert watch.is_live("r", "7")
    for _ in range(30):
        clock.now += 2
        live = watch.is_live("r", "7")
    assert not live
    assert watch.is_live("r", "8")


def test_a_run_of_this_records_folder_is_taken_over_at_once():
    server = Server()
    before, after = claims(server, "folder"), claims(server, "folder")
    assert take(before)
    server.trial(before.run_of("k"), 0)
    assert take(after)
    assert server.children(after.run_of("k")) == ["0"]
    assert before.run_of("k") not in server.runs


def test_trials_of_two_drivers_that_are_gone_are_inherited_once():
    server = Server()
    for _ in range(2):
        run = server.create({**TAGS, "origin": "folder", "claim": "held"})
        server.trial(run.info.run_id, 0)
        server.trial(run.info.run_id, 1)
    after = claims(server, "folder")
    assert take(after)
    assert server.children(after.run_of("k")) == ["0", "1"]
    assert len(server.runs) == 3


def test_a_failed_cell_is_removed_with_its_trials_and_a_finished_one_is_done():
    server = Server()
    failed = server.create(TAGS, "FAILED").info.run_id
    server.trial(failed, 0)
    mine, other = claims(server, "folder"), claims(server, "elsewhere")
    assert take(mine)
    assert set(server.runs) == {mine.run_of("k")}
    server.runs[mine.run_of("k")].info.status = "FINISHED"
    assert take(other)
    assert other.run_of("k") is None
    assert len(server.runs) == 1


def test_a_cell_that_another_drives_is_asked_for_every_two_seconds_at_most():
    server, clock = Server(), Clock()
    take(claims(server, "one", clock))
    second = claims(server, "two", clock)
    server.asked = 0
    for _ in range(100):  # twenty seconds of a launcher that polls five times a second
        take(second)
        clock.now += 0.2
    assert server.asked <= 10


def test_a_heart_beats_for_what_it_holds_through_errors_and_rests_with_nothing_to_hold():
    others = set(threading.enumerate())  # such as hearts of other tests that rest soon
    beats, trouble = [], iter([OSError("away"), MlflowException("removed", 1000)])

    def set_tag(run_id, name, value):
        beats.append((run_id, value))
        if (error := next(trouble, None)) is not None:
            raise error

    heart = Heart(lambda: SimpleNamespace(set_tag=set_tag), beat=0.01)
    heart.hold("r")
    heart.hold("s")
    wait_until(lambda: len(beats) > 8)
    (thread,) = [t for t in set(threading.enumerate()) - others if t.name == "heartbeat"]
    assert thread.daemon
    heart.drop("r")
    heart.drop("s")
    wait_until(lambda: not thread.is_alive())
    assert {run_id for run_id, _ in beats} == {"r", "s"}
    assert len({value for _, value in beats}) == len(beats)
    heart.hold("t")
    wait_until(lambda: beats[-1][0] == "t")
    heart.drop("t")
