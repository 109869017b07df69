"""Warnings: once per cause, again when the cause lasts."""

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


def test_ever_new_causes_do_not_fill_the_memory():
    logged = []
    log = CauseLog(logged.append)
    for number in range(500):
        log("cause " + "x" * number)
    assert len(logged) == 500
    assert len(log._seen) <= 64
