"""Stamps, durations and headers from integer nanoseconds, and back."""

from __future__ import annotations

from typing import Any

from .types import MessageTypes

_SECOND = 1_000_000_000


def nanoseconds(stamp: Any) -> int:
    """Return a ``builtin_interfaces/Time`` or ``Duration`` in nanoseconds."""
    return stamp.sec * _SECOND + stamp.nanosec


def time_message(types: MessageTypes, stamp_ns: int) -> Any:
    """Return nanoseconds as a ``builtin_interfaces/Time``."""
    return _made(types, "builtin_interfaces/msg/Time", stamp_ns)


def duration_message(types: MessageTypes, duration_ns: int) -> Any:
    """Return nanoseconds, also negative ones, as a ``builtin_interfaces/Duration``."""
    return _made(types, "builtin_interfaces/msg/Duration", duration_ns)


def header_message(types: MessageTypes, stamp_ns: int, frame_id: str) -> Any:
    """Return a ``std_msgs/Header``."""
    stamp = time_message(types, stamp_ns)
    return types.make("std_msgs/msg/Header", stamp=stamp, frame_id=frame_id)


def _made(types: MessageTypes, name: str, ns: int) -> Any:
    seconds, rest = divmod(ns, _SECOND)  # nanosec is never negative: -0.1 s is -1 s and 0.9e9 ns
    return types.make(name, sec=seconds, nanosec=rest)
