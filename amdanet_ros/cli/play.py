"""Play a rosbag2 (MCAP or SQLite) into the ROS graph.

Example: amdanet play my_bag --clock --loop --remap /camera/image_raw:=/rgb/image_raw
"""

from __future__ import annotations

import argparse

from .errors import CommandError

SUMMARY = "play a bag: raw bytes to the publishers, /clock, rate, loop, remap"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    from ..bags.playback_options import add_playback_arguments

    add_playback_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play; returns 0 at the end of the bag and when interrupted."""
    from ..bags.errors import BagError
    from ..bags.playback_options import read_playback_options
    from ..ros.player_node import run_player
    from ..ros.start import ros_started

    try:
        options = read_playback_options(arguments)
        with ros_started([]):
            return run_player(options)
    except BagError as error:
        raise CommandError(str(error)) from error
