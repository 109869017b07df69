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
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError
from .source_arguments import add_source_arguments, open_source

if TYPE_CHECKING:
    from ..fuse.source import SourcePair
    from ..pipeline.image_pair import ImagePair

SUMMARY = "estimate the homography from thermal to RGB pixels from a bag"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="YAML file to write")
    parser.add_argument("--frames", type=int, default=24, help="frame pairs to use (default 24)")
    parser.add_argument(
        "--initial", type=float, nargs=9, metavar="H", help="first guess, row-major"
    )
    parser.add_argument(
        "--max-uncertainty",
        type=float,
        default=3.0,
        help="refuse beyond this, pixels of an image 640 wide (default 3)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Estimate and write; returns 0."""
    import cv2
    import yaml

    from ..bags.errors import BagError
    from ..fuse.image_folders import ImageFolderError
    from ..parameters import build
    from ..registration import estimate_homography
    from ..settings import Settings
    from ..visualization.checkerboard import checkerboard

    if arguments.frames < 1:
        raise CommandError(f"--frames is {arguments.frames}: it must be at least 1")
    given = {"sync.slop": arguments.slop, "sync.thermal_offset": arguments.thermal_offset}
    try:
        settings = build(Settings, {k: v for k, v in given.items() if v is not None})
        source = open_source(arguments, settings)
        wanted = _spread(source.most, arguments.frames)
        images = [_read(pair) for i, pair in enumerate(source) if i in wanted]
        if not images:
            slop = settings.sync.slop
            raise CommandError(f"{source.description}: no pair within --slop {slop:g} s")
        rgb, thermal = [one.rgb for one in images], [other.thermal for other in images]
        found = estimate_homography(rgb, thermal, arguments.initial, arguments.max_uncertainty)
    except (BagError, ImageFolderError, ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    numbers = [float(f"{value:.9g}") for value in found.homography.reshape(-1)]
    height, width = found.thermal_size
    parameters = {
        "thermal.registration": numbers,
        "thermal.registration_sizes": [*found.rgb_size, height, width],
    }
    text = yaml.safe_dump({"/**": {"ros__parameters": parameters}}, default_flow_style=None)
    notes = (
        f"# Thermal {width} x {height} to RGB {found.rgb_size[1]} x {found.rgb_size[0]} pixels.\n"
        f"# {found.frames} frames, {found.windows} agreeing windows over {found.coverage:.0%} of "
        f"the image,\n# agreement {found.agreement:.2f}, uncertainty {found.uncertainty:.2f} "
        "pixels at the corners.\n"
    )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(notes + text)
    board = arguments.output.with_suffix(".png")
    middle = len(images) // 2
    image = checkerboard(rgb[middle], thermal[middle], found.homography)
    cv2.imwrite(str(board), image[..., ::-1])
    print(notes.replace("# ", "").rstrip())
    print(f"{arguments.output} for --params-file; look at {board}: edges must run on across tiles")
    return 0


def _read(pair: SourcePair) -> ImagePair:
    from ..images.errors import BadImage

    try:
        return pair.read()
    except BadImage as error:
        raise CommandError(f"{pair.place_of(error.stream)}: {error}") from error


def _spread(count: int, most: int) -> set[int]:
    """Indices spread evenly over a bag."""
    if count <= most:
        return set(range(count))
    return {round(i * (count - 1) / (most - 1)) for i in range(most)} if most > 1 else {count // 2}
