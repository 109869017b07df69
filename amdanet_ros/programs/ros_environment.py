"""What rclpy's libraries take from the environment, checked before they end the process for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .errors import ProgramError

_MOST_DOMAIN = 232
"""Higher domains have no ports (DDSI-RTPS, section 9.6.1)."""


def check_ros_environment() -> None:
    """Refuse values of the environment with which rclpy's libraries cannot start.

    With an ``RMW_IMPLEMENTATION`` that is not installed they call ``exit`` as soon as they are
    loaded.

    Raises:
        ProgramError: it names the variable and the fix.
    """
    name = os.environ.get("RMW_IMPLEMENTATION", "")
    if name and not any((folder / f"lib{name}.so").is_file() for folder in _library_folders()):
        package = f"ros-{os.environ.get('ROS_DISTRO', 'jazzy')}-{name.replace('_', '-')}"
        raise ProgramError(
            f"RMW_IMPLEMENTATION is {name!r}, which is not installed: unset it, or install "
            f"{package}"
        )
    domain = os.environ.get("ROS_DOMAIN_ID", "").strip()
    if domain and not (domain.isdecimal() and int(domain) <= _MOST_DOMAIN):
        raise ProgramError(
            f"ROS_DOMAIN_ID is {domain!r}: it must be a whole number from 0 to {_MOST_DOMAIN}"
        )


def _library_folders() -> list[Path]:
    prefixes = [sys.prefix, *os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    listed = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    folders = [Path(prefix) / "lib" for prefix in prefixes if prefix]
    return folders + [Path(each) for each in listed if each]
