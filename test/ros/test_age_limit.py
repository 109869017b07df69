"""How old is too old, and by which clock."""

from amdanet_ros.ros.age_limit import age_by_stamp, is_too_old

SECOND = 1_000_000_000


def test_age_is_counted_from_the_stamp():
    assert is_too_old(100 * SECOND, 102 * SECOND, 0.0, 1.0)
    assert not is_too_old(100 * SECOND, 100 * SECOND + SECOND // 2, 0.9, 1.0)
    assert age_by_stamp(100 * SECOND, 102 * SECOND) == 2.0


def test_zero_is_no_limit():
    assert not is_too_old(100 * SECOND, 105 * SECOND, 99.0, 0.0)


def test_stamps_of_another_clock_are_aged_from_their_arrival():
    recorded, now = 100 * SECOND, 10_000 * SECOND
    assert age_by_stamp(recorded, now) is None
    assert not is_too_old(recorded, now, 0.2, 1.0)
    assert is_too_old(recorded, now, 1.2, 1.0)
    assert not is_too_old(now, 0, 0.2, 1.0)
