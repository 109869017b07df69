"""Calibrate an RGB and a thermal camera by a board that both see.

Examples:
  amdanet calibrate rig_bag --board 8x6 --square 0.04 -o rig
  amdanet calibrate rgb_folder thermal_folder --board 8x6 --square 0.04 -o rig
  amdanet calibrate rig_bag --board 4x11 --square 0.03 --pattern asymmetric_circles -o rig

--board counts the corners where four squares meet, in a row and in a column: a board of 9 x 7
squares is 8x6. The board is warmed so that the thermal camera sees its squares too. The folder
holds rgb.yaml and thermal.yaml (camera_info), params.yaml for the node and for amdanet fuse,
summary.yaml, and residuals.png to look at. Nothing is written where the views do not determine the
calibration: one line says what is missing. docs/calibration.md shows each step.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..programs.arguments import number
from .input_errors import mistakes_as_command_errors
from .source_arguments import (
    add_reading_arguments,
    add_source_arguments,
    open_source,
    reading_settings,
)

if TYPE_CHECKING:
    from ..fuse.source import Source

SUMMARY = "calibrate both cameras by a warm checkerboard: lenses, and where they stand"
_PATTERNS = ("checkerboard", "circles", "asymmetric_circles")
_MODELS = ("plumb_bob", "rational_polynomial", "equidistant")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    add_calibration_arguments(parser)


def add_calibration_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the board, the lenses, and how the images are read."""
    parser.add_argument(
        "--board", required=True, metavar="8x6", help="inner corners in a row x in a column"
    )
    parser.add_argument(
        "--square",
        type=number("--square", float, 0.001, 10),
        required=True,
        help="side of a square, m; of circles the distance of their centres (asymmetric: half of "
        "that in a row)",
    )
    parser.add_argument("--pattern", choices=_PATTERNS, default=_PATTERNS[0])
    parser.add_argument(
        "--rgb-distortion",
        choices=_MODELS,
        default=_MODELS[0],
        help="model of the RGB lens; equidistant: a fisheye",
    )
    parser.add_argument(
        "--thermal-distortion", choices=_MODELS, default=_MODELS[0], help="the same of thermal"
    )
    parser.add_argument(
        "--views",
        type=number("--views", int, 6, 200),
        default=40,
        help="most views of a camera to calibrate with (default 40)",
    )
    parser.add_argument(
        "--frames",
        type=number("--frames", int, 6, 1e5),
        default=300,
        help="most pairs to look for the board in (default 300)",
    )
    add_reading_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate and write; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, views that do not determine the
            calibration, a disk that cannot be written.
    """
    with mistakes_as_command_errors(arguments.output, goes_on=False):
        return _calibrate(arguments)


def _calibrate(arguments: argparse.Namespace) -> int:
    from ..whole_folder import whole_folder
    from .calibrate_work import board_of, calibrated, sentences

    board_of(arguments)
    settings = reading_settings(arguments)
    source = open_source(arguments, settings)
    _check_output(arguments, source)
    found = calibrated(source, settings, arguments)
    print("\n".join(sentences(found.rig)))
    with whole_folder(arguments.output) as folder:
        found.write(folder, Path(os.path.realpath(arguments.output)))
    print(
        f"{arguments.output / 'params.yaml'} for --params-file; look at "
        f"{arguments.output / 'residuals.png'}: points everywhere, residuals without a pattern"
    )
    return 0


def _check_output(arguments: argparse.Namespace, source: Source) -> None:
    from ..output_place import check_new_folder, folders_of, keep_apart

    given = [path for path in (arguments.input, arguments.thermal) if path is not None]
    keep_apart(arguments.output, [*given, *source.files, *folders_of(source.files, given)])
    check_new_folder(arguments.output)
