"""An option that is the size of images."""

from __future__ import annotations

import argparse

from ..programs.arguments import number


def add_size_argument(
    parser: argparse.ArgumentParser,
    option: str,
    text: str,
    default: tuple[int, int] | None = None,
) -> None:
    """Declare an option of two numbers, height and width from 32 to 8192.

    Args:
        parser: of the command.
        option: its name, such as ``--size``.
        text: its help.
        default: height and width; None: the option is not given.
    """
    _add(parser, option, 32, 8192, text, default)


def add_inference_size_argument(parser: argparse.ArgumentParser, text: str) -> None:
    """Declare ``--inference-size``, height and width up to 16384 as the node's parameter has them.

    Args:
        parser: of the command.
        text: its help; it says what 0 0 means, or what the default is.
    """
    _add(parser, "--inference-size", 0, 16384, text, None)


def _add(
    parser: argparse.ArgumentParser,
    option: str,
    low: int,
    high: int,
    text: str,
    default: tuple[int, int] | None,
) -> None:
    kind = number(option, int, low, high)
    parser.add_argument(option, type=kind, nargs=2, metavar=("H", "W"), default=default, help=text)
