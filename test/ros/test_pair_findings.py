"""The check of the registration in the background: at its rate, with rests, ended at once."""

import threading
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from amdanet_ros.findings import Finding, FindingKind, Level
from amdanet_ros.ros import pair_findings
from amdanet_ros.ros.pair_findings import PairFindings

MOVED = Finding(FindingKind.CAMERAS_MOVED, None, Level.WARN, {"pixels": 9.0, "width": 640})
FUSION = SimpleNamespace(findings=())


class Check:
    """Takes as many steps as it is let, and counts them."""

    measured, untold, latest = 1, 2, 9.0

    def __init__(self):
        self.steps = threading.Semaphore(0)
        self.began, self.done = threading.Event(), threading.Event()
        self.threads = []

    def add(self, pair, fusion):
        self.threads.append(threading.current_thread().name)
        self.began.set()
        for _ in range(3):
            assert self.steps.acquire(timeout=30)
            yield
        self.done.set()

    def findings(self):
        return (MOVED,)


@pytest.fixture
def check(monkeypatch):
    made = Check()
    monkeypatch.setattr(pair_findings, "RegistrationCheck", lambda: made)
    return made


@pytest.fixture
def found(check):
    made = PairFindings(1e-3, print)
    made._due = 0.0
    yield made
    check.steps.release(100)
    made.close()


def test_a_check_runs_beside_the_pairs_and_its_findings_are_told(check, found):
    found.add(None, FUSION)
    assert check.began.wait(30)
    found.add(None, FUSION)  # does not wait for the check at work
    assert not check.done.is_set()
    check.steps.release(3)
    assert check.done.wait(30)
    assert check.threads[0] == "registration check"
    assert found.findings() == (MOVED,)
    assert found.values()["Registration off by (pixels of 640)"] == "9.0"


def test_without_a_period_nothing_is_checked_or_told(check, found):
    found.period = 0.0
    found.add(None, SimpleNamespace(findings=(1,)))
    assert found.findings() == (1,)
    assert not check.threads


def test_pairs_between_the_times_are_not_taken(check):
    seldom = PairFindings(4000.0, print)
    seldom.add(None, FUSION)
    assert not check.threads
    seldom.close()


def test_closing_ends_a_check_at_its_next_step(check, found):
    found.add(None, FUSION)
    assert check.began.wait(30)
    check.steps.release(1)
    found._is_closing.set()
    check.steps.release(1)
    found.close()
    assert not check.done.is_set()
    found.add(None, FUSION)
    assert len(check.threads) == 1
