"""Finds out that the worker hangs, and tells it: a service, the diagnostics, systemd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from std_srvs.srv import Trigger

from ..findings import Finding, FindingKind, Level
from ..one_line import one_line
from .systemd_notify import SystemdNotifier

PERIOD_S = 0.25
SHORTEST_HANG_S = 1.5
"""Nothing shorter is a hang: what hangs is told within 2 s."""
_USUAL_FACTOR = 5.0


class WorkerHangError(Exception):
    """The worker has hung for longer than ``exit_on_hang``: the process is to end."""


def hang_of(seconds: float, timeout: float, usual: float) -> Finding | None:
    """Return what is to say about a worker that has computed one pair for some time.

    Args:
        seconds: for how long; 0.0: it waits for a pair.
        timeout: parameter ``hang_timeout``; 0.0: five times the usual time, and at least 1.5 s.
        usual: seconds that such an inference takes, see ``Counts``; 0.0: none has begun.
    """
    bound = timeout or max(SHORTEST_HANG_S, _USUAL_FACTOR * usual)
    if seconds <= bound:
        return None
    values = {"seconds": seconds, "bound": bound}
    return Finding(FindingKind.WORKER_HANGS, None, Level.ERROR, values)


@dataclass(frozen=True)
class Health:
    """How the node itself is at one moment, whatever its cameras do.

    Attributes:
        state: of the lifecycle, in words.
        hang: that its worker hangs, or None.
        troubles: a sentence for each thing that keeps it from its work.
    """

    state: str
    hang: Finding | None = None
    troubles: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return state and troubles in one line."""
        return one_line("; ".join((self.state, *self.troubles)), 1000)


class Watchdog:
    """Looks four times a second whether the node's worker hangs.

    The service ``~/health`` says how the node is. systemd, where it started the node, is told that
    it is ready when the autostart is over, and that it is alive as long as the worker does not
    hang and the executor calls this timer.

    Args:
        node: owner.
        look: returns how the node is now.
        changed: called when the worker begins to hang and when it goes on.
        systemd: told by.
    """

    def __init__(
        self,
        node: LifecycleNode,
        look: Callable[[], Health],
        changed: Callable[[], None],
        systemd: SystemdNotifier | None = None,
    ) -> None:
        self._node = node
        self._look = look
        self._changed = changed
        self._systemd = systemd or SystemdNotifier()
        self._is_hanging = False
        self._told = ""
        node.create_service(Trigger, "~/health", self._on_health)
        node.create_timer(PERIOD_S, self._on_time, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def close(self) -> None:
        """Tell systemd that the node is stopping."""
        self._systemd.close()

    def _on_health(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        health = self._look()
        response.success, response.message = not health.troubles, health.sentence()
        return response

    def _on_time(self) -> None:
        health = self._look()
        if (health.hang is not None) != self._is_hanging:
            self._is_hanging = not self._is_hanging
            self._changed()
        self._tell_systemd(health)
        limit = self._node.get_parameter("exit_on_hang").value
        if health.hang is not None and 0.0 < limit <= health.hang.values["seconds"]:
            self._node.get_logger().fatal(f"the node ends (exit_on_hang): {health.sentence()}")
            raise WorkerHangError

    def _tell_systemd(self, health: Health) -> None:
        if not self._systemd.is_on:
            return
        fields = {} if health.hang is not None else {"WATCHDOG": 1}
        # The seconds of a hang change each time; they are no news.
        told = health.state if health.hang is not None else health.sentence()
        if told != self._told and self._systemd.send(READY=1, STATUS=health.sentence()):
            self._told = told
        self._systemd.send(**fields)
