"""Telling a program's own arguments from those for ROS."""

from __future__ import annotations

from collections.abc import Sequence

from ..params_file import ParameterFileError, kept_params_file
from ..programs.errors import ProgramError

_PARAMS_FILE = "--params-file"


def split_ros_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split into what is outside and what is between ``--ros-args`` and ``--`` (or the end).

    ``rclpy.utilities.remove_ros_args`` also takes FROM:=TO away, ROS 1's way to remap, which is a
    value of the player's own ``--remap``.

    Returns:
        The program's own arguments, and those for ``rclpy.init`` (with ``--ros-args``). Parameter
        files are named by paths at which they can be read several times.

    Raises:
        ProgramError: a parameter file is a pipe, and nothing comes from it.
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
    return own, _with_kept_files(ros)


def params_files(arguments: Sequence[str]) -> list[str]:
    """Return the parameter files that arguments for ROS name."""
    return _values_of(arguments, (_PARAMS_FILE,))


def parameter_names(arguments: Sequence[str], node_name: str) -> list[str]:
    """Return the names that ``-p NAME:=VALUE`` sets for a node.

    Args:
        arguments: for ROS.
        node_name: without its namespace; ``-p OTHER:NAME:=VALUE`` is for others.
    """
    found = []
    for rule in _values_of(arguments, ("-p", "--param")):
        node, colon, name = rule.partition(":=")[0].rpartition(":")
        if not colon or node == node_name:
            found.append(name)
    return found


def _with_kept_files(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the contents of pipes kept: rcl reads them after this package."""
    kept = list(arguments)
    for place, option in enumerate(arguments[:-1], start=1):
        if option == _PARAMS_FILE:
            try:
                kept[place] = str(kept_params_file(arguments[place]))
            except ParameterFileError as error:
                raise ProgramError(str(error)) from error
    return kept


def _values_of(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return what follows each of these options."""
    pairs = zip(arguments, arguments[1:], strict=False)
    return [value for option, value in pairs if option in options]
