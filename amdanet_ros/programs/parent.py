"""Ending when the process that started this one has ended, killed by SIGKILL too."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

PARENT = "AMDANET_PARENT"
"""Name of the environment's variable that holds the number of the process to end with."""
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel send SIGTERM once the parent has ended, if the parent has asked for it.

    Processes that this one starts do not inherit that.
    """
    parent = os.environ.pop(PARENT, "")
    if not parent:
        return
    with contextlib.suppress(OSError, AttributeError):  # not on Linux
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent != str(os.getppid()):  # it has ended before
        os.kill(os.getpid(), signal.SIGTERM)
