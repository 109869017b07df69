"""Starting and ending rclpy, with what goes wrong said in one line."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence

import rclpy
from rclpy.exceptions import (
    InvalidNodeNameException,
    InvalidParameterTypeException,
    InvalidParameterValueException,
    NotInitializedException,
)
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from ..one_line import one_line
from ..params_file import ParameterFile, ParameterFileError
from ..programs.errors import ProgramError
from .ros_arguments import params_files, split_ros_arguments

_PLACE_IN_RCL = re.compile(r",? at /\S+:\d+")


def ros_arguments_only(name: str, description: str, arguments: Sequence[str]) -> list[str]:
    """Return the arguments for ROS of a program that has none of its own.

    Raises:
        SystemExit: there are others, or ``--help`` is asked for.
    """
    own, ros = split_ros_arguments(arguments)
    parser = argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog="Arguments are those of ROS 2, after --ros-args: -p NAME:=VALUE, "
        "--params-file FILE, -r FROM:=TO.",
    )
    _, others = parser.parse_known_args(own)
    if others:
        raise ProgramError(
            f"{others[0]} is no argument of {name}: arguments of ROS stand after --ros-args"
        )
    return ros


@contextlib.contextmanager
def ros_started(arguments: Sequence[str]) -> Iterator[None]:
    """Initialise rclpy for the ``with`` block, without its signal handlers.

    They would end the context at once: what has arrived but is not handled would be lost, and
    calls under way would fail.

    Args:
        arguments: for ROS, with ``--ros-args``.

    Raises:
        ProgramError: an argument, a parameter file, the environment, or a value that the node in
            the block does not take.
    """
    try:
        for path in params_files(arguments):
            ParameterFile(path)
    except ParameterFileError as error:
        raise ProgramError(str(error)) from error
    try:
        with _errors_of_libraries():
            rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
    except Exception as error:
        # rcl's, spdlog's (RuntimeError) and rmw's: none is a fault of this package.
        raise ProgramError(_start_words(error)) from error
    try:
        yield
    except (
        InvalidParameterTypeException, InvalidParameterValueException, InvalidNodeNameException
    ) as error:  # fmt: skip
        raise ProgramError(one_line(error)) from error
    except NotInitializedException as error:
        raise ProgramError("rclpy was shut down from outside") from error
    finally:
        rclpy.try_shutdown()


@contextlib.contextmanager
def naming_creation_errors(name: str) -> Iterator[None]:
    """Turn an error of rcl in the block, which makes a node, into one line.

    Raises:
        ProgramError: DDS cannot start, or a name cannot be used.
    """
    try:
        yield
    except rclpy_implementation.RCLError as error:
        words = _PLACE_IN_RCL.sub("", one_line(error))
        raise ProgramError(f"the node {name} cannot be made: {words}") from error


def _start_words(error: Exception) -> str:
    """Return one line that says why rclpy does not start, and what to do."""
    words = _PLACE_IN_RCL.sub("", " ".join(str(error).split()))
    words = words.removeprefix("failed to initialize rcl: ").replace(". Error: error not set", "")
    if "log" in words and any(each in words for each in ("directory", "opening file")):
        words = words.removeprefix("failed to initialize logging: ")
        return f"{one_line(words)}: set ROS_LOG_DIR to a folder that can be written"
    fixes = {
        "remap rule": "write -r FROM:=TO",
        "parameter override": "write -p NAME:=VALUE",
        "log level": "debug, info, warn, error or fatal",
    }
    fix = next((text for sign, text in fixes.items() if sign in words), None)
    if type(error).__name__ == "UnknownROSArgsError":
        return f"unknown arguments after --ros-args: {one_line(words)}"
    return f"ROS does not start: {one_line(words)}" + (f": {fix}" if fix else "")


@contextlib.contextmanager
def _errors_of_libraries() -> Iterator[None]:
    """Hold back what libraries in C print; show it only if the block succeeds.

    On failure the exception says the same.
    """
    with contextlib.ExitStack() as stack:
        try:
            usual = os.dup(2)
            stack.callback(os.close, usual)
            held = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # no standard error, or no place for the file
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(usual, 2)
        held.seek(0)
        with contextlib.suppress(OSError):
            os.write(2, held.read())
