"""The loop of `work`: what it does at once, what it does twice, and what does not stop it."""

import threading
import time

import pytest
from django.db import OperationalError

from sharing.management.worker import Lane, Worker

pytestmark = pytest.mark.django_db(transaction=True)  # a worker closes its connections at its end

SOON = 5.0


def job(name, do):
    """Something a lane can run: a name and a callable that takes a row's id."""

    class Job:
        def __init__(self):
            self.name = name

        def __call__(self, pk):
            do(pk)

    return Job()


def wait_for(condition):
    until = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


def test_what_is_under_way_is_not_begun_again():
    go, done = threading.Event(), []

    def do(pk):
        go.wait(SOON)
        done.append(pk)

    slow = job("slow", do)
    lane = Lane("reads", 3, lambda now: [(slow, 1), (slow, 2)])
    for _ in range(3):
        lane.look()
    go.set()
    wait_for(lambda: lane.is_idle)
    assert sorted(done) == [1, 2]
    lane.look()
    wait_for(lambda: len(done) == 4)


def test_a_job_that_raises_rests_and_the_others_go_on(caplog):
    tried, done = [], []

    def fail(pk):
        tried.append(pk)
        raise RuntimeError("no")

    lane = Lane("reads", 1, lambda now: [(job("poison", fail), 1), (job("good", done.append), len(done))])
    for count in range(1, 4):
        lane.look()
        wait_for(lambda: lane.is_idle)
        assert len(done) == count
    assert tried == [1]
    assert lane.failed == 1
    assert "poison of row 1 raised; it rests 2 seconds" in caplog.text


def test_a_rest_ends_and_grows():
    tried = []

    def fail(pk):
        tried.append(time.monotonic())
        raise RuntimeError("no")

    poison = job("poison", fail)
    lane = Lane("reads", 1, lambda now: [(poison, 1)])
    until = time.monotonic() + 4
    while len(tried) < 2 and time.monotonic() < until:
        lane.look()
        time.sleep(0.05)
    assert 1.9 < tried[1] - tried[0] < 3.5
    lane.look()
    wait_for(lambda: lane.is_idle)
    assert len(tried) == 2


def test_a_database_that_is_away_does_not_end_the_loop(caplog):
    answers = [OperationalError("away"), [(job("good", lambda pk: None), 1)]]

    def look(now):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lane = Lane("reads", 1, look)
    lane.look()
    lane.look()
    wait_for(lambda: lane.is_idle)
    assert (lane.failed, answers) == (1, [])
    assert "could not look for reads" in caplog.text


def test_what_nobody_began_is_dropped_when_it_stops():
    go, done = threading.Event(), []

    def do(pk):
        go.wait(SOON)
        done.append(pk)

    slow = job("slow", do)
    lane = Lane("reads", 1, lambda now: [(slow, 1), (slow, 2), (slow, 3)])
    lane.look()
    wait_for(lambda: lane._jobs.qsize() == 2)
    lane.drop_waiting()
    go.set()
    wait_for(lambda: lane.is_idle)
    assert done == [1]


@pytest.mark.django_db(transaction=True)
def test_it_stops_when_asked(cloud):
    worker = Worker(threads=2)
    thread = threading.Thread(target=worker.run)
    thread.start()
    worker.stop()
    thread.join(SOON)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_one_thread_is_kept_for_changes(cloud):
    lanes = {lane.name: lane for lane in Worker(threads=4).lanes}
    names = [thread.name for thread in threading.enumerate()]
    assert set(lanes) == {"changes", "reads"}
    assert "changes-0" in names
    assert {f"reads-{n}" for n in range(3)} <= set(names)
