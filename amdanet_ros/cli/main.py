"""The entry point of ``amdanet``: imports the command's module, parses its arguments and runs it.

A command's module has ``SUMMARY`` (one line), ``add_arguments(parser)`` and
``run(arguments) -> int``; it may have ``add_task_arguments(parser, words)``, for options that
depend on the words of the call.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

from .. import __version__
from ..programs import exit_status
from ..programs.arguments import OneLineParser
from ..programs.program import run_program
from ..programs.ros_environment import check_ros_environment
from ..programs.signals import GRACE_S, WRITING_GRACE_S

COMMANDS = (
    "demo",
    "fuse",
    "fleet",
    "view",
    "play",
    "record",
    "register",
    "calibrate",
    "extract",
    "convert",
    "label",
    "train",
    "evaluate",
    "reproduce",
    "export",
    "benchmark",
    "info",
)
_ENDED_BY_SIGNALS = {"play", "record", "view"}
"""Commands that a signal ends as intended: their status is 0 then."""
_OF_ROS = {"play", "record", "demo"}


def _module(command: str) -> ModuleType | None:
    name = f"amdanet_ros.cli.{command.replace('-', '_')}"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def parser(called: str | None = None, words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser of all commands that are installed.

    Args:
        called: the command. It alone declares its arguments: what the others import may not be
            installed.
        words: of the call.
    """
    top = OneLineParser(
        prog="amdanet",
        description="AMDANet: RGB-thermal fusion and semantic segmentation for ROS 2.",
    )
    top.add_argument("--version", action="version", version=f"amdanet_ros {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        module = _module(command)
        if module is not None:
            sub = commands.add_parser(
                command,
                help=module.SUMMARY,
                description=module.__doc__,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            if command == called:
                module.add_arguments(sub)
                if hasattr(module, "add_task_arguments"):
                    module.add_task_arguments(sub, words)
            sub.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status, see ``programs.exit_status``.

    With ``arguments`` None, those of the process, a signal ends the process within bounded time.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    called = next((word for word in words if not word.startswith("-")), None)

    def run() -> int:
        parsed = parser(called, words).parse_args(words)
        if called in _OF_ROS:
            check_ros_environment()
        return parsed.run(parsed)

    def status_of(number: int) -> int:
        done = called in _ENDED_BY_SIGNALS
        return exit_status.DONE if done else exit_status.of_signal(number)

    return run_program(
        "amdanet",
        run,
        status_of=status_of,
        is_process=arguments is None,
        grace_s=WRITING_GRACE_S if called == "record" else GRACE_S,
    )


if __name__ == "__main__":
    sys.exit(main())
