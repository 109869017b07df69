"""The frame of the executables that are ROS nodes."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
from collections.abc import Sequence
from types import ModuleType

from . import exit_status
from .parent import end_with_parent
from .program import run_program
from .ros_environment import check_ros_environment
from .signals import GRACE_S


def run_ros_program(
    name: str, module: str, arguments: Sequence[str] | None, grace_s: float = GRACE_S
) -> int:
    """Run ``run(arguments)`` of a module that imports rclpy; return the exit status.

    Signals end it well from now on, also during the imports, which take seconds: status 0.

    Args:
        name: of the executable.
        module: its name with the package.
        arguments: of the command line; None: those of the process, which ends afterwards.
        grace_s: seconds from a signal to the end at the latest.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)

    def body() -> int:
        end_with_parent()
        check_ros_environment()
        try:
            return _imported(module).run(words)
        except SystemExit as leaving:  # a node that hangs, and argparse
            return leaving.code if isinstance(leaving.code, int) else exit_status.DONE

    status = run_program(
        name,
        body,
        status_of=lambda _: exit_status.DONE,
        is_process=arguments is None,
        grace_s=grace_s,
    )
    if arguments is None and threading.active_count() > 1:
        # What still computes in C++ would abort while the interpreter is finalised under it.
        if sys.stderr is not None:
            sys.stderr.flush()
        os._exit(status)
    return status


def _imported(module: str) -> ModuleType:
    """Import without collections: what modules make stays, and walking through it takes time."""
    if module in sys.modules:
        return sys.modules[module]
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()
