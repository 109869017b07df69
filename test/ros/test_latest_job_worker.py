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


def make(made, gate, errors=None, replaced=None):
    errors = [] if errors is None else errors
    replaced = [] if replaced is None else replaced
    made.append(LatestJobWorker(gate, errors.append, replaced.append))
    return made[-1]


def test_under_a_slow_function_only_the_newest_job_waits(made, gate):
    replaced = []
    worker = make(made, gate, replaced=replaced)
    worker.submit(0)
    assert gate.started.acquire(timeout=WAIT)
    for job in range(1, 100):
        worker.submit(job)
    gate.passes.release(2)
    for _ in range(2):
        assert gate.finished.acquire(timeout=WAIT)
    assert gate.done == [0, 99]
    assert replaced == list(range(1, 99))


def test_an_exception_is_handed_over_and_the_next_job_runs(made, gate):
    errors = []
    worker = make(made, gate, errors)
    failure = RuntimeError("device lost")
    worker.submit(failure)
    assert gate.started.acquire(timeout=WAIT)
    worker.submit("next")
    gate.passes.release(2)
    assert gate.finished.acquire(timeout=WAIT)
    assert errors == [failure]
    assert gate.done == ["next"]


def test_stop_waits_for_the_job_at_work_and_returns_the_one_not_started(made, gate):
    worker = make(made, gate)
    worker.submit("at work")
    assert gate.started.acquire(timeout=WAIT)
    worker.submit("waiting")
    gate.passes.release()
    left = worker.stop()
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
