"""An executor whose callbacks cannot end the program."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path
from typing import Any

from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.service import Service

from .answering_services import answer_always
from .cause_log import CauseLog

_MOST_FAILED_WAITS = 100


class GuardedExecutor(SingleThreadedExecutor):
    """Logs what a callback raises, bounded, and goes on.

    rclpy's executor lets it out of ``spin``: one message (a ``/clock`` below zero), one request (a
    transition that the state does not know) or one event would end the program. Where rclpy fails
    to take a message, its executor would wait for that entity no more, nor for the others of its
    callback group; here it does.

    Services answer also where their callbacks raise.

    Args:
        fatal: what callbacks raise to end the program all the same, such as a full disk.
        context: of rclpy; None: the default one.
    """

    def __init__(
        self, fatal: tuple[type[Exception], ...] = (), context: Context | None = None
    ) -> None:
        super().__init__(context=context)
        self._fatal = (ExternalShutdownException, *fatal)
        self._log = CauseLog.of(get_logger("amdanet"), "error")
        self._ready: Any = None
        self._is_waiting = False
        self._failed_waits = 0

    def add_node(self, node: Node) -> bool:
        """Add a node, whose logger is used from now on."""
        self._log = CauseLog.of(node.get_logger(), "error")
        return super().add_node(node)

    def wait_for_ready_callbacks(self, *args: Any, **kwargs: Any) -> Any:
        """Remember which entity's callback is called next; a service shall answer in any case."""
        self._ready, self._is_waiting = None, True
        found = super().wait_for_ready_callbacks(*args, **kwargs)
        self._ready, self._is_waiting = found[1], False
        self._failed_waits = 0
        if isinstance(self._ready, Service):
            answer_always(self._ready, self._log, self._fatal)
        return found

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Wait for one callback and call it.

        Raises:
            ExternalShutdownException: rclpy was shut down.
            Exception: of the kinds in ``fatal``, or any where rclpy was shut down meanwhile, or
                where waiting itself fails again and again.
        """
        try:
            super().spin_once(timeout_sec)
        except self._fatal:
            raise
        except Exception as error:
            if not self.context.ok():
                raise
            if self._is_waiting:
                self._failed_waits += 1
                if self._failed_waits > _MOST_FAILED_WAITS:
                    raise
            self._free(self._ready)
            self._log(f"{_name(self._ready)} failed: {describe(error)}")

    def _free(self, entity: Any) -> None:
        """Let an entity be waited for again whose message could not be taken."""
        if entity is None or not getattr(entity, "_executor_event", False):
            return
        entity._executor_event = False
        with contextlib.suppress(AssertionError):  # its group does not wait for it
            entity.callback_group.ending_execution(entity)
        self.wake()


def describe(error: BaseException) -> str:
    """Return an exception's kind, words and place in the code."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _name(entity: Any) -> str:
    """Return what a callback belongs to, for people."""
    for kind, attribute in (("topic", "topic_name"), ("service", "srv_name")):
        name = getattr(entity, attribute, None)
        if name:
            return f"the callback of {kind} {name}"
    return "a callback" if entity is None else f"the callback of a {type(entity).__name__}"
