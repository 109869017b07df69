"""The entry point of ``amdanet``: imports the command's module, parses its arguments and runs it.

A command's module has ``SUMMARY`` (one line), ``add_arguments(parser)`` and
``run(arguments) -> int``.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

from .. import __version__
from .errors import CommandError

COMMANDS = (
    "demo",
    "fuse",
    "play",
    "record",
    "register",
    "convert",
    "label",
    "train",
    "evaluate",
    "reproduce",
    "export",
    "benchmark",
    "info",
)
_INTERRUPTED = 130


def _module(command: str) -> ModuleType | None:
    name = f"amdanet_ros.cli.{command.replace('-', '_')}"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def parser(called: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of all commands that are installed.

    Only the command that is called declares its arguments: what the others import may not be
    installed.
    """
    top = argparse.ArgumentParser(
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
            sub.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status (2: a mistake in the call, 130: interrupted)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    called = next((word for word in arguments if not word.startswith("-")), None)
    parsed = parser(called).parse_args(arguments)
    try:
        return parsed.run(parsed)
    except CommandError as error:
        print(f"amdanet: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("amdanet: interrupted", file=sys.stderr)
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
