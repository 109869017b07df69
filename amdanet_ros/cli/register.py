"""Estimate the homography from thermal to RGB pixels from a bag or folders, without a target.

Examples:
  amdanet register my_bag -o rig.yaml
  amdanet register rgb_folder thermal_folder -o rig.yaml

The edges of many images are aligned, coarse to fine. The command writes a parameter file for the
node and for amdanet fuse, and beside it a checkerboard of both images: where edges continue from
tile to tile, the images are aligned. Nothing is written if the images do not determine the
homography.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..programs.arguments import number
from .errors import CommandError
from .input_errors import mistakes_as_command_errors
from .said import say
from .source_arguments import (
    add_reading_arguments,
    add_source_arguments,
    open_source,
    reading_settings,
)

if TYPE_CHECKING:
    from ..fuse.source import Source
    from ..pipeline.image_pair import ImagePair

_HEAD = "# Written by amdanet register.\n"
"""Of each file that this command writes."""

SUMMARY = "estimate the homography from thermal to RGB pixels from a bag"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="YAML file to write")
    parser.add_argument(
        "--frames",
        type=number("--frames", int, 1, 1e5),
        default=24,
        help="frame pairs to use (default 24)",
    )
    parser.add_argument(
        "--initial",
        type=number("--initial", float, -1e9, 1e9),
        nargs=9,
        metavar="H",
        help="first guess, row-major",
    )
    parser.add_argument(
        "--max-uncertainty",
        type=number("--max-uncertainty", float, 0, 1e6),
        default=3.0,
        help="refuse beyond this, pixels of an image 640 wide (default 3)",
    )
    add_reading_arguments(parser)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a file that this command wrote"
    )


def run(arguments: argparse.Namespace) -> int:
    """Estimate and write; returns 0.

    Raises:
        CommandError: a mistake in the call, images that do not determine the homography, a disk
            that cannot be written.
    """
    if arguments.frames < 1:
        raise CommandError(f"--frames is {arguments.frames}: it must be at least 1")
    if not 0 < arguments.max_uncertainty < math.inf:
        raise CommandError(
            f"--max-uncertainty is {arguments.max_uncertainty:g}: it must be a number above 0"
        )
    with mistakes_as_command_errors(arguments.output, goes_on=False):
        return _register(arguments)


def _register(arguments: argparse.Namespace) -> int:
    import cv2
    import yaml

    from ..registration import check_homography, estimate_homography
    from ..visualization.checkerboard import checkerboard
    from ..whole_file import whole_file

    if arguments.initial is not None:
        check_homography(arguments.initial)
    settings = reading_settings(arguments)
    source = open_source(arguments, settings)
    board = _checked_board(arguments, source)
    images = _images(source, arguments.frames, settings.sync.slop)
    say(_bent_lenses(images[0], source.streams))
    rgb, thermal = [one.rgb for one in images], [other.thermal for other in images]
    found = estimate_homography(rgb, thermal, arguments.initial, arguments.max_uncertainty)
    numbers = [float(f"{value:.9g}") for value in found.homography.reshape(-1)]
    height, width = found.thermal_size
    parameters = {
        "thermal.registration": numbers,
        "thermal.registration_sizes": [*found.rgb_size, height, width],
    }
    if arguments.thermal_frame is not None:
        parameters["thermal.frame"] = arguments.thermal_frame
    text = yaml.safe_dump({"/**": {"ros__parameters": parameters}}, default_flow_style=None)
    notes = (
        f"# Thermal {width} x {height} to RGB {found.rgb_size[1]} x {found.rgb_size[0]} pixels.\n"
        f"# {found.frames} frames, {found.windows} agreeing windows over {found.coverage:.0%} of "
        f"the image,\n# agreement {found.agreement:.2f}, uncertainty {found.uncertainty:.2f} "
        "pixels at the corners.\n"
    )
    middle = len(images) // 2
    image = checkerboard(rgb[middle], thermal[middle], found.homography)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(board) as part, whole_file(arguments.output) as other:
        part.write_bytes(cv2.imencode(".png", image[..., ::-1])[1].tobytes())
        other.write_text(_HEAD + notes + text)
    print(notes.replace("# ", "").rstrip())
    print(f"{arguments.output} for --params-file; look at {board}: edges must run on across tiles")
    return 0


def _checked_board(arguments: argparse.Namespace, source: Source) -> Path:
    """Return where the checkerboard goes.

    Raises:
        OutputPlaceError: it or the output is an input, or a file that this command did not write.
    """
    from ..output_place import OutputPlaceError, check_writable_kind, keep_apart

    output = arguments.output
    if output.suffix.lower() not in (".yaml", ".yml"):
        raise OutputPlaceError(
            f"--output {output}: a parameter file is written: give a name that ends in .yaml"
        )
    board = output.with_suffix(".png")
    inputs = [arguments.input, *filter(None, (arguments.thermal,)), *source.files]
    for path in (output, board):
        keep_apart(path, inputs)
        check_writable_kind(path)
    if output.exists():
        if not arguments.overwrite:
            raise OutputPlaceError(f"{output} exists: give another --output, or --overwrite")
        with output.open("rb") as file:
            own = file.read(len(_HEAD)) == _HEAD.encode()
        if not own:
            raise OutputPlaceError(
                f"{output} was not written by amdanet register and is not replaced: give another "
                "--output"
            )
    elif board.exists():
        raise OutputPlaceError(
            f"{board} exists, and the checkerboard would replace it: give another --output"
        )
    return board


def _images(source: Source, most: int, slop: float) -> list[ImagePair]:
    """Return pairs spread over the source; those that cannot be read are said and left out."""
    from ..images.errors import BadImage
    from .left_out import LeftOut
    from .spread import nothing_read, spread_pairs

    left_out = LeftOut(source.streams)
    read = list(spread_pairs(source, most, left_out))
    sizes = Counter(_sizes(pair) for _, pair in read)
    size = max(sizes, key=sizes.get, default=None)
    other = BadImage("its images have another size than most", "register them alone")
    for pair, images in read:
        if _sizes(images) != size:
            say(left_out.add(pair, other))
    images = [images for _, images in read if _sizes(images) == size]
    say((*left_out.further(), *source.remarks))
    if not images:
        raise nothing_read(source, left_out, slop)
    return images


def _bent_lenses(images: ImagePair, streams: Mapping[str, str]) -> list[str]:
    """Return a sentence for each camera whose calibration a homography leaves out."""
    from ..pipeline.camera_info import calibration_from_info

    sentences = []
    for stream, info in (("rgb", images.rgb_info), ("thermal", images.thermal_info)):
        # A calibration that cannot be used takes part in nothing here.
        with contextlib.suppress(ValueError):
            if info is not None and calibration_from_info(info, rectified=False).lens is not None:
                sentences.append(
                    f"{streams[stream]}: its camera_info tells of lens distortion, which a "
                    "homography leaves out: unless the images are rectified, the edges of the "
                    "image will be off; amdanet calibrate finds where calibrated cameras stand"
                )
    return sentences


def _sizes(pair: ImagePair) -> tuple[int, ...]:
    return pair.rgb.shape[:2] + pair.thermal.shape[:2]
