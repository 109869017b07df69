"""The executable ``amdanet_node``."""

from __future__ import annotations

from collections.abc import Sequence

from .ros_program import run_ros_program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it until a signal; return the exit status, see ``exit_status``."""
    return run_ros_program("amdanet_node", "amdanet_ros.ros.amdanet_node", arguments)
