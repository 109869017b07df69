"""The executable ``amdanet_recorder``."""

from __future__ import annotations

from collections.abc import Sequence

from .ros_program import run_ros_program
from .signals import WRITING_GRACE_S


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it until a signal; return the exit status, see ``exit_status``."""
    return run_ros_program(
        "amdanet_recorder", "amdanet_ros.ros.recorder_node", arguments, WRITING_GRACE_S
    )
