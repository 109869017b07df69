"""Ending a program well when a signal has shut rclpy down in the midst of something."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation


@contextlib.contextmanager
def until_shutdown() -> Iterator[None]:
    """Leave the block without an error when a signal or a shutdown ends it.

    A shutdown invalidates rclpy's context at once; the call under way then fails with
    an ``RCLError``.
    """
    try:
        yield
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except rclpy_implementation.RCLError:
        if rclpy.ok():
            raise
