"""Publishes the diagnostics once a second, and logs what stays wrong."""

from __future__ import annotations

import os
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from ..findings import Finding, FindingKind, Level
from .cause_log import CauseLog
from .diagnostics import NodeReport, statuses

_PERIOD_S = 1.0
_PERSISTENT = 3
_CLOCK_STILL_S = 3.0


class DiagnosticsReporter:
    """Publishes in every lifecycle state: its publisher is an ordinary one, not a managed one.

    Reports come once a second of the node's clock; where that stops (no /clock), once in a
    few real seconds, and say so. What is not OK in three reports on end is logged.

    Args:
        node: owner.
        gather: returns what the node tells now.
    """

    def __init__(self, node: LifecycleNode, gather: Callable[[], NodeReport]) -> None:
        self._node = node
        self._gather = gather
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._before: NodeReport | None = None
        self._last_ns: int | None = None
        self._silent_ticks = 0
        self._persistence: dict[str, int] = {}
        self._log = CauseLog.of(node.get_logger(), "warning")
        node.create_timer(_PERIOD_S, self._on_time)
        node.create_timer(
            _PERIOD_S, self._on_real_time, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def report_now(self) -> None:
        """Publish a report out of turn: something has changed that must be known at once."""
        self._report(None)

    def forget(self) -> None:
        """Start again after a transition: rates count from now."""
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
        is_simulated = self._node.get_parameter("use_sim_time").value is True
        values = {"use_sim_time": str(is_simulated).lower()}
        self._report(Finding(FindingKind.CLOCK_STANDS_STILL, None, Level.WARN, values))

    def _report(self, clock: Finding | None) -> None:
        now = self._node.get_clock().now()
        seconds = None
        if self._last_ns is not None and now.nanoseconds > self._last_ns:
            seconds = (now.nanoseconds - self._last_ns) * 1e-9
        self._last_ns = now.nanoseconds
        report = self._gather()
        array = DiagnosticArray(status=statuses(report, self._before, seconds, clock))
        self._before = report
        array.header.stamp = now.to_msg()
        self._publisher.publish(array)
        if report.state == "active" or clock is not None:
            self._log_what_stays(array)

    def _log_what_stays(self, array: DiagnosticArray) -> None:
        for status in array.status:
            if status.level == DiagnosticStatus.OK:
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
