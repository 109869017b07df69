"""The worker: newest first, nothing queued, exceptions contained, an end that joins."""

import threading

import pytest

from amdanet_ros.ros.latest_job_worker import LatestJobWorker

WAIT = 20.0


class Gate:
    """A slow function: each job waits to be let through."""

    def __init__(self):
        self.started = threading.Semaphore(0)
        self.passes = threading.Semaphore(0)
        self.done = []
        self.finished = threading.Semaphore(0)

    def __call__(self, job):
        self.started.release()
        assert self.passes.acquire(timeout=WAIT)
        if isinstance(job, Exception):
            raise job
        self.done.append(job)
        self.finished.release()


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def made():
    workers = []
    yield workers
    for worker in workers:
        worker.stop()


def make(made, gate, errors=None):
    errors = [] if errors is None else errors
    made.append(LatestJobWorker(gate, lambda job, error: errors.append((job, error))))
    return made[-1]


def test_under_a_slow_function_only_the_newest_job_waits(made, gate):
    worker = make(made, gate)
    assert worker.submit(0) is None
    assert gate.started.acquire(timeout=WAIT)
    replaced = [worker.submit(job) for job in range(1, 100)]
    gate.passes.release(2)
    for _ in range(2):
        assert gate.finished.acquire(timeout=WAIT)
    assert gate.done == [0, 99]
    assert replaced == [None, *range(1, 99)]


def test_an_exception_is_handed_over_and_the_next_job_runs(made, gate):
    errors = []
    worker = make(made, gate, errors)
    failure = RuntimeError("device lost")
    worker.submit(failure)
    assert gate.started.acquire(timeout=WAIT)
    worker.submit("next")
    gate.passes.release(2)
    assert gate.finished.acquire(timeout=WAIT)
    assert errors == [(failure, failure)]
    assert gate.done == ["next"]


def test_stop_waits_for_the_job_at_work_and_returns_the_one_not_started(made, gate):
    worker = make(made, gate)
    worker.submit("at work")
    assert gate.started.acquire(timeout=WAIT)
    worker.submit("waiting")
    gate.passes.release()
    left = worker.stop(timeout=WAIT)
    assert gate.done[:1] == ["at work"]
    assert gate.done + left == ["at work", "waiting"]
    worker.submit("too late")
    assert worker.clear() == []
    assert not any(thread.name == "inference" for thread in threading.enumerate())


def test_clear_takes_the_waiting_job(made, gate):
    worker = make(made, gate)
    worker.submit("at work")
    assert gate.started.acquire(timeout=WAIT)
    worker.submit("waiting")
    assert worker.clear() == ["waiting"]
    assert worker.clear() == []
    gate.passes.release()


def test_slots_take_turns_and_each_gives_its_newest_job(made, gate):
    """A fast camera pair must not keep the worker from a slow one."""
    worker = make(made, gate)
    worker.submit("fast 0", "fast")
    assert gate.started.acquire(timeout=WAIT)
    for number in range(1, 4):
        worker.submit(f"fast {number}", "fast")
    worker.submit("slow 0", "slow")
    for step in range(4, 8):  # while a job is at work, the fast camera pair brings another one
        gate.passes.release()
        assert gate.finished.acquire(timeout=WAIT)
        assert gate.started.acquire(timeout=WAIT)
        worker.submit(f"fast {step}", "fast")
        if step == 5:
            worker.submit("slow 1", "slow")
    gate.passes.release(4)
    for _ in range(2):
        assert gate.finished.acquire(timeout=WAIT)
    assert gate.done == ["fast 0", "slow 0", "fast 4", "slow 1", "fast 6", "fast 7"]


def test_of_several_slots_that_wait_the_one_served_longest_ago_is_next(made, gate):
    worker = make(made, gate)
    for slot in "abc":
        worker.submit(slot, slot)
        assert gate.started.acquire(timeout=WAIT)
        gate.passes.release()
        assert gate.finished.acquire(timeout=WAIT)
    worker.submit("block", "d")
    assert gate.started.acquire(timeout=WAIT)
    for slot in "cab":
        worker.submit(slot, slot)
    gate.passes.release(4)
    for _ in range(4):
        assert gate.finished.acquire(timeout=WAIT)
    assert gate.done[-3:] == ["a", "b", "c"]


class Delivering:
    """A worker on a gate whose results and errors are kept."""

    def __init__(self, made, gate):
        self.delivered, self.errors = [], []
        self.worker = LatestJobWorker(
            lambda job: (gate(job), f"result of {job}")[1],
            lambda job, error: self.errors.append(error),
            lambda job, result: self.delivered.append(result),
        )
        made.append(self.worker)


def test_a_job_that_ends_within_the_pause_is_delivered(made, gate):
    kept = Delivering(made, gate)
    kept.worker.submit("a")
    assert gate.started.acquire(timeout=WAIT)
    threading.Timer(0.02, gate.passes.release).start()
    assert kept.worker.pause(timeout=WAIT) == []
    assert kept.delivered == ["result of a"]


@pytest.mark.parametrize("outcome", ["a", ValueError("the device is lost")])
def test_what_ends_after_the_pause_is_abandoned_and_nothing_runs_beside_it(made, gate, outcome):
    """A network is for one thread at a time: also where the worker is to go on at once."""
    kept = Delivering(made, gate)
    kept.worker.submit(outcome)
    assert gate.started.acquire(timeout=WAIT)
    kept.worker.submit("waiting", "other slot")
    assert kept.worker.pause(timeout=0.01) == ["waiting", outcome]
    assert kept.worker.submit("while paused") is None
    assert kept.worker.clear() == []
    kept.worker.resume()
    kept.worker.submit("b")
    assert not gate.started.acquire(timeout=0.05)
    assert kept.worker.seconds_at_work() > 0.05
    assert kept.worker.pause(timeout=WAIT) == ["b"]  # it does not wait for what is abandoned
    kept.worker.resume()
    kept.worker.submit("c")
    gate.passes.release(2)
    assert gate.started.acquire(timeout=WAIT)
    assert kept.worker.pause(timeout=WAIT) == []
    assert kept.delivered == ["result of c"]
    assert kept.errors == []
    assert kept.worker.seconds_at_work() == 0.0


def test_stop_leaves_a_job_that_takes_too_long_and_its_thread_ends_with_it(made, gate):
    kept = Delivering(made, gate)
    kept.worker.submit("a")
    assert gate.started.acquire(timeout=WAIT)
    assert kept.worker.stop(timeout=0.01) == ["a"]
    assert kept.worker.is_alive
    kept.worker.resume()
    assert not kept.worker.is_open
    gate.passes.release()
    kept.worker._thread.join(WAIT)
    assert not kept.worker.is_alive
    assert kept.delivered == []


def test_an_error_of_the_delivery_is_handed_over(made, gate):
    errors = []

    def deliver(job, result):
        raise RuntimeError("no such topic")

    worker = LatestJobWorker(str, lambda job, error: errors.append(str(error)), deliver)
    made.append(worker)
    worker.submit("a")
    worker.pause(timeout=WAIT)
    worker.resume()
    worker.submit("b")
    assert worker.pause(timeout=WAIT) in ([], ["b"])
    assert set(errors) <= {"no such topic"}
