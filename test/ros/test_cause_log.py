"""Warnings: once per cause, again when the cause lasts."""

import pytest

pytest.importorskip("rclpy")

from amdanet_ros.ros.cause_log import CauseLog


def test_a_cause_is_logged_once_until_its_period_is_over():
    logged, now = [], [0.0]
    log = CauseLog(logged.append, period=30.0, now=lambda: now[0])
    for size in range(5):
        log(f"/rgb: data is {size} bytes long")
    log("/rgb: another cause")
    assert logged == ["/rgb: data is 0 bytes long", "/rgb: another cause"]
    now[0] = 31.0
    log("/rgb: data is 9 bytes long")
    assert logged[2] == "/rgb: data is 9 bytes long (4 more like this before)"


def test_ever_new_causes_fill_neither_the_memory_nor_the_log():
    logged, now = [], [0.0]
    log = CauseLog(logged.append, period=30.0, now=lambda: now[0], lines=10)
    for number in range(1000):
        log("cause " + "x" * number)
    assert len(logged) == 11
    assert "further ones are not logged" in logged[-1]
    assert len(log._seen) <= 64
    now[0] = 31.0
    log("another")
    assert logged[11:] == ["another (990 others were not logged)"]


def test_a_cause_known_before_is_not_counted_twice_when_there_are_too_many():
    logged, now = [], [0.0]
    log = CauseLog(logged.append, period=30.0, now=lambda: now[0], lines=2)
    for text in ("a", "b", "c", "a", "d"):
        log(text)
    now[0] = 31.0
    log("a")
    assert logged[3:] == ["a (1 more like this before) (2 others were not logged)"]


def test_texts_from_outside_are_one_line_of_bounded_length():
    logged = []
    log = CauseLog(logged.append)
    log("unknown encoding\n[ERROR] [amdanet]: forged \x1b[31m\u202e\x00")
    log("y" * 1_000_000 + " at the end: set it")
    assert logged[0] == r"unknown encoding\n[ERROR] [amdanet]: forged \x1b[31m\u202e\x00"
    assert len(logged[1]) <= 1000
    assert logged[1].endswith(" at the end: set it")
    assert "(1000019 characters)" in logged[1]


def test_several_severities_go_through_one_class(capfd):
    """Rclpy refuses a line of code that logs with another severity than before."""
    from rclpy.logging import get_logger

    for severity in ("error", "info", "warning", "error"):
        CauseLog.of(get_logger("causes"), severity)(f"said as {severity}")
    told = capfd.readouterr().err
    for severity in ("[ERROR]", "[WARN]", "[INFO]"):
        assert severity in told
