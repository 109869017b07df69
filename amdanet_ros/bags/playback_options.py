"""How a bag is played: the options that `amdanet play` and `amdanet_player` share."""

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
        loops: how often; 0: until stopped.
        clock_rate: of /clock in Hz of the wall clock; 0: no /clock.
        topics: only these; empty: all.
        remaps: topic of the bag and the name under which it is published.
        start_offset: seconds from the bag's start that are left out.
        duration: seconds of the bag that are played; infinite: to its end.
        wait_for_subscribers: longest wait in seconds until each topic is subscribed to.
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
    add = parser.add_argument
    add("bag", help="the bag: its folder, or a .mcap or .db3 file")
    add("-r", "--rate", type=float, default=1.0, help="speed (default 1)")
    add(
        "-l", "--loop", dest="loops", type=int, nargs="?", const=0, default=1, metavar="N",
        help="play N times; without a number until stopped",
    )  # fmt: skip
    add(
        "--clock", dest="clock_rate", type=float, nargs="?", const=40.0, default=0.0, metavar="HZ",
        help="publish the bag's time on /clock for use_sim_time (40 Hz without a number)",
    )  # fmt: skip
    add("--topics", nargs="+", default=(), metavar="TOPIC", help="only these topics")
    add(
        "-m", "--remap", dest="remaps", nargs="+", default=(), metavar="FROM:=TO",
        help="publish a topic under another name",
    )  # fmt: skip
    add(
        "--start-offset", type=float, default=0.0, metavar="S", help="leave out the first S seconds"
    )
    add("--duration", type=float, default=math.inf, metavar="S", help="play S seconds of the bag")
    add(
        "--wait-for-subscribers", type=float, default=0.0, metavar="S",
        help="wait up to S seconds until each topic is subscribed to",
    )  # fmt: skip
    add(
        "--clock-subscribers", type=int, default=0, metavar="N",
        help="and until N nodes subscribe to /clock, so that none misses the beginning",
    )  # fmt: skip


def read_playback_options(arguments: argparse.Namespace) -> PlaybackOptions:
    """Turn parsed arguments into options.

    Raises:
        BagError: a value out of range, or a remap that is not FROM:=TO.
    """
    given = {name: getattr(arguments, name) for name in PlaybackOptions.__dataclass_fields__}
    for option, name, lowest in (
        ("--rate", "rate", 1e-3),
        ("--loop", "loops", 0),
        ("--clock", "clock_rate", 0.0),
        ("--start-offset", "start_offset", 0.0),
        ("--duration", "duration", 0.0),
    ):
        if not given[name] >= lowest:
            raise BagError(f"{option} is {given[name]:g}: it must be at least {lowest:g}")
    remaps = tuple(tuple(text.partition(":=")[::2]) for text in arguments.remaps)
    for text, names in zip(arguments.remaps, remaps, strict=True):
        if not all(names):
            raise BagError(
                f"--remap {text!r}: write FROM:=TO, for example /camera/image_raw:=/rgb/image_raw"
            )
    return PlaybackOptions(**{**given, "topics": tuple(arguments.topics), "remaps": remaps})
