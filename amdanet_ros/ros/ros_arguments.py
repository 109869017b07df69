"""Telling a program's own arguments from those for ROS."""

from __future__ import annotations

from collections.abc import Sequence


def split_ros_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split into what is outside and what is between ``--ros-args`` and ``--`` (or the end).

    ``rclpy.utilities.remove_ros_args`` also takes FROM:=TO away, ROS 1's way to remap, which is a
    value of the player's own ``--remap``.

    Returns:
        The program's own arguments, and those for ``rclpy.init`` (with ``--ros-args``).
    """
    own: list[str] = []
    ros: list[str] = []
    for_ros = False
    for argument in arguments:
        if argument == "--ros-args":
            for_ros = True
        if for_ros:
            ros.append(argument)
            for_ros = argument != "--"
        else:
            own.append(argument)
    return own, ros
