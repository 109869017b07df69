"""How a bag is to be played.

The options that `amdanet play` and the executable `amdanet_player` share.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

from .errors import BagError


@dataclass(frozen=True)
class PlaybackOptions:
    """What to play and how.

    Attributes:
        bag: the bag's folder or file.
        rate: speed; 2 plays twice as fast.
        loops: laps; 0 = until stopped.
        clock_rate: of /clock in Hz of the wall clock; 0 = no /clock.
        topics: only these; empty = all.
        remaps: topic name in the bag -> name to publish on.
        start_offset: seconds from the bag's start that are left out.
        duration: seconds of the bag that are played; infinite = to its end.
        wait_for_subscribers: seconds to wait at most until each topic is subscribed to; 0 =
            start at once.
        clock_subscribers: how many must subscribe to /clock by then.
    """

    bag: str
    rate: float = 1.0
    loops: int = 1
    clock_rate: float = 0.0
    topics: tuple[str, ...] = ()
    remaps: tuple[tuple[str, str], ...] = ()
    start_offset: float = 0.0
    duration: float = math.inf
    wait_for_subscribers: float = 0.0
    clock_subscribers: int = 0


def add_playback_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options on a parser."""
    parser.add_argument("bag", help="the bag: its folder, or a .mcap or .db3 file")
    parser.add_argument("-r", "--rate", type=float, default=1.0, help="speed (default 1)")
    parser.add_argument(
        "-l", "--loop", type=int, nargs="?", const=0, default=1, metavar="N",
        help="play N times; without a number until stopped",
    )  # fmt: skip
    parser.add_argument(
        "--clock", type=float, nargs="?", const=40.0, default=0.0, metavar="HZ",
        help="publish the bag's time on /clock for use_sim_time (40 Hz without a number)",
    )  # fmt: skip
    parser.add_argument(
        "--topics", nargs="+", default=[], metavar="TOPIC", help="only these topics"
    )
    parser.add_argument(
        "-m",
        "--remap",
        nargs="+",
        default=[],
        metavar="FROM:=TO",
        help="publish a topic on another name",
    )
    parser.add_argument(
        "--start-offset", type=float, default=0.0, metavar="S", help="leave out the first S seconds"
    )
    parser.add_argument(
        "--duration", type=float, default=math.inf, metavar="S", help="play S seconds of the bag"
    )
    parser.add_argument(
        "--wait-for-subscribers", type=float, default=0.0, metavar="S",
        help="wait up to S seconds until each topic is subscribed to",
    )  # fmt: skip
    parser.add_argument(
        "--clock-subscribers", type=int, default=0, metavar="N",
        help="and until N nodes subscribe to /clock, so that none misses the beginning",
    )  # fmt: skip


def read_playback_options(arguments: argparse.Namespace) -> PlaybackOptions:
    """Turn parsed arguments into options.

    Raises:
        BagError: a value out of range, or a remap that is not FROM:=TO.
    """
    for name, value, lowest in (
        ("--rate", arguments.rate, 1e-3),
        ("--loop", arguments.loop, 0),
        ("--clock", arguments.clock, 0.0),
        ("--start-offset", arguments.start_offset, 0.0),
        ("--duration", arguments.duration, 0.0),
    ):
        if not value >= lowest:
            raise BagError(f"{name} is {value:g}: it must be at least {lowest:g}")
    remaps = []
    for text in arguments.remap:
        source, arrow, target = text.partition(":=")
        if not (source and arrow and target):
            raise BagError(
                f"--remap {text!r}: write FROM:=TO, for example /camera/image_raw:=/rgb/image_raw"
            )
        remaps.append((source, target))
    return PlaybackOptions(
        bag=arguments.bag,
        rate=arguments.rate,
        loops=arguments.loop,
        clock_rate=arguments.clock,
        topics=tuple(arguments.topics),
        remaps=tuple(remaps),
        start_offset=arguments.start_offset,
        duration=arguments.duration,
        wait_for_subscribers=arguments.wait_for_subscribers,
        clock_subscribers=arguments.clock_subscribers,
    )
