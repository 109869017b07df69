"""Stamps as integer nanoseconds."""

from __future__ import annotations

from builtin_interfaces.msg import Duration, Time


def nanoseconds(stamp: Time) -> int:
    """Return a message's stamp in nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def time_message(stamp_ns: int) -> Time:
    """Return nanoseconds as a stamp."""
    seconds, rest = divmod(stamp_ns, 1_000_000_000)
    return Time(sec=seconds, nanosec=rest)


def duration_message(duration_ns: int) -> Duration:
    """Return nanoseconds, also negative ones, as a duration."""
    seconds, rest = divmod(duration_ns, 1_000_000_000)
    return Duration(sec=seconds, nanosec=rest)
