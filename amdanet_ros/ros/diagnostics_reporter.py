"""Publishes the diagnostics once a second, and logs what stays wrong."""

from __future__ import annotations

import os
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from ..pairing import SyncStatistics
from .cause_log import CauseLog
from .counters import Counts
from .diagnostics import OK, NodeReport, statuses

_PERIOD_S = 1.0
_PERSISTENT = 3
_CLOCK_STILL_S = 3.0

Before = tuple[Counts, "SyncStatistics | None"]
Gather = Callable[[Before | None, float | None, str | None], NodeReport]


class DiagnosticsReporter:
    """An ordinary publisher, so that the node tells of itself in every state of its lifecycle.

    Reports come once a second of the node's clock; where that stands still (no /clock), once in a
    few real seconds, and say so. What is not OK in three reports on end is logged.

    Args:
        node: owner.
        gather: makes the report of the one before, the node time since then, and the clock's
            problem.
    """

    def __init__(self, node: LifecycleNode, gather: Gather) -> None:
        self._node = node
        self._gather = gather
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._before: Before | None = None
        self._last_ns: int | None = None
        self._silent_ticks = 0
        self._persistence: dict[str, int] = {}
        self._log = CauseLog(node.get_logger().warning)
        node.create_timer(_PERIOD_S, self._on_time)
        node.create_timer(
            _PERIOD_S, self._on_real_time, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def forget(self) -> None:
        """Start anew after a transition: rates reach back to now."""
        self._before = None
        self._last_ns = None
        self._persistence.clear()

    def _on_time(self) -> None:
        self._silent_ticks = 0
        self._report(None)

    def _on_real_time(self) -> None:
        self._silent_ticks += 1
        if self._silent_ticks * _PERIOD_S < _CLOCK_STILL_S:
            return
        self._silent_ticks = 0
        problem = "the node's clock stands still"
        if self._node.get_parameter("use_sim_time").value:
            problem += (
                ": use_sim_time is true, but nobody publishes /clock or its player is paused: play "
                "the recording with --clock, or set use_sim_time to false"
            )
        self._report(problem)

    def _report(self, clock_problem: str | None) -> None:
        now = self._node.get_clock().now()
        seconds = None
        if self._last_ns is not None and now.nanoseconds > self._last_ns:
            seconds = (now.nanoseconds - self._last_ns) * 1e-9
        self._last_ns = now.nanoseconds
        report = self._gather(self._before, seconds, clock_problem)
        self._before = (report.counts, report.pairing)
        array = DiagnosticArray(status=statuses(report))
        array.header.stamp = now.to_msg()
        self._publisher.publish(array)
        if report.state == "active" or report.clock_problem:
            self._log_what_stays(array)

    def _log_what_stays(self, array: DiagnosticArray) -> None:
        for status in array.status:
            if status.level == OK:
                self._persistence.pop(status.name, None)
                continue
            times = self._persistence.get(status.name, 0) + 1
            self._persistence[status.name] = times
            if times >= _PERSISTENT:
                self._log(f"{status.name}: {status.message}")


def memory_values(device: object) -> dict[str, str]:
    """Return the memory of this process and of the CUDA device, in MiB, by name.

    Args:
        device: ``torch.device`` of the network, or None.
    """
    values = {}
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        values["Resident memory (MiB)"] = f"{resident:.0f}"
    except OSError:
        pass  # not Linux
    if device is not None and getattr(device, "type", "cpu") == "cuda":
        import torch

        allocated = torch.cuda.memory_allocated(device) / 2**20
        values["Device memory (MiB)"] = f"{allocated:.0f}"
    return values
