"""Fuse and segment a bag, videos or folders of images without a ROS graph.

Examples:
  amdanet fuse my_bag -o fused_bag --checkpoint mfnet.pth
  amdanet fuse my_bag -o fused_bag --params-file rig.yaml
  amdanet fuse rgb_folder thermal_folder -o images --format images
  amdanet fuse rgb.mp4 thermal.mp4 -o fused.mp4
  amdanet fuse both.mp4 --stacked vertical -o fused_bag
  amdanet fuse my_bag -o fused_bag --report fused.html
  amdanet fuse folder_with_NAME_rgb_and_NAME_thermal -o film.mp4 --format video

The output bag holds what the node publishes for the same pairs with the same parameters. Options
on the command line win over the params file. max_age and the parameters of subscriptions have no
effect. Messages are paired as if they arrived when they were recorded: max_wait and the silence of
a camera are measured by that time, and no pair is dropped because the network is slow. Images
before a camera's first camera_info use that one.

The output appears when it is whole. After an interruption or on a full disk, the same command goes
on from the folder .NAME.partial beside it. --overwrite replaces only what this command wrote, and
no output may be an input. Images that cannot be used are left out, named and counted. Black and
white ones, and ones of one value, are fused; how many there were is said at the end.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..graphs.read_ahead import read_ahead
from ..programs.arguments import number
from .fuse_work import FuseWork
from .input_errors import mistakes_as_command_errors
from .said import say
from .settings_arguments import add_settings_arguments
from .source_arguments import add_camera_info_arguments, add_source_arguments

SUMMARY = "fuse a bag, videos or folders of images into a bag, images or a video"
_FORMATS = ("bag", "images", "video")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="bag, folder or video")
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        help="default: video for .mp4 and .avi, else images for images and a bag for all else",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="an HTML file with some pairs, plots, and what was left out",
    )
    add_result_arguments(parser)


def add_result_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a result depends on beside its input and its kind."""
    add_camera_info_arguments(parser)
    add_settings_arguments(parser)
    parser.add_argument(
        "--video-rate",
        type=number("--video-rate", float, 0.1, 1000),
        help="frames a second (default: that of the videos given, else 10)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an output that this command wrote"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fuse; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, no pair that can be fused, a full disk.
    """
    # Before torch is loaded: threads that wait spinning starve each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    read_ahead("fuse")
    with mistakes_as_command_errors(arguments.output):
        return _fuse(arguments)


def _fuse(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    work = FuseWork.of(arguments)
    print(work.description, flush=True)
    with work:
        for said in tqdm(work.steps(), total=work.most, unit="pair", disable=None):
            say(said)
        say(work.last_words())
        work.finish()
    report = f"; report: {arguments.report}" if arguments.report else ""
    print(f"{work.counts}: {arguments.output}{report}")
    return 0
