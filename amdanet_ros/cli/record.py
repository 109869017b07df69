"""Record topics into a rosbag2 that is readable after a crash of the recorder too.

Example: amdanet record /fused/image_raw/compressed /segmentation -o run_1
"""

from __future__ import annotations

import argparse

from .errors import CommandError

SUMMARY = "record topics into a bag that is readable after a crash too"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    from ..bags.recording_options import add_recording_arguments

    add_recording_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Record until interrupted; returns 0."""
    from ..bags.errors import BagError
    from ..bags.recording_options import read_recording_options
    from ..ros.recorder_node import run_recorder

    try:
        return run_recorder(read_recording_options(arguments))
    except BagError as error:
        raise CommandError(str(error)) from error
