"""How old a pair is, and whether that is too old."""

from __future__ import annotations

OTHER_CLOCK_S = 10.0
"""No pair that just came is this old: its stamps come from another clock than the node's."""


def age_by_stamp(stamp_ns: int, clock_ns: int) -> float | None:
    """Return the seconds since the stamp; None where stamp and clock do not belong together.

    Args:
        stamp_ns: of the RGB image.
        clock_ns: the node's clock (simulated time where that is used).
    """
    age = (clock_ns - stamp_ns) * 1e-9
    return age if abs(age) < OTHER_CLOCK_S else None


def is_too_old(stamp_ns: int, clock_ns: int, since_arrival: float, max_age: float) -> bool:
    """Tell whether a pair is older than ``max_age``.

    Stamps of another clock (a bag played without /clock, a camera that counts from its own
    start) say nothing of the age; the time since arrival does then.

    Args:
        stamp_ns: of the RGB image.
        clock_ns: the node's clock.
        since_arrival: seconds since the pair was complete.
        max_age: seconds; 0: no limit.
    """
    if max_age <= 0.0:
        return False
    age = age_by_stamp(stamp_ns, clock_ns)
    return (since_arrival if age is None else age) > max_age
