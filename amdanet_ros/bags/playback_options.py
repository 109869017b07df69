"""How a bag is played: the options that `amdanet play` and `amdanet_player` share."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

from ..programs.arguments import number
from .errors import BagError
from .type_names import is_topic_name


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
    add("bag", help="the bag: its folder, or a .mcap, .db3 or .bag file")
    add(
        "-r",
        "--rate",
        type=number("--rate", float, 1e-3, 1e3),
        default=1.0,
        help="speed (default 1)",
    )
    add(
        "-l",
        "--loop",
        dest="loops",
        type=number("--loop", int, 0, 1e9),
        nargs="?",
        const=0,
        default=1,
        metavar="N",
        help="play N times; without a number until stopped",
    )
    add(
        "--clock",
        dest="clock_rate",
        type=number("--clock", float, 0, 1e4),
        nargs="?",
        const=40.0,
        default=0.0,
        metavar="HZ",
        help="publish the bag's time on /clock for use_sim_time (40 Hz without a number)",
    )
    add("--topics", nargs="+", default=(), metavar="TOPIC", help="only these topics")
    add(
        "-m",
        "--remap",
        dest="remaps",
        nargs="+",
        default=(),
        metavar="FROM:=TO",
        help="publish a topic under another name",
    )
    add(
        "--start-offset",
        type=number("--start-offset", float, 0, 1e9),
        default=0.0,
        metavar="S",
        help="leave out the first S seconds",
    )
    add(
        "--duration",
        type=number("--duration", float, 0, math.inf),
        default=math.inf,
        metavar="S",
        help="play S seconds of the bag",
    )
    add(
        "--wait-for-subscribers",
        type=number("--wait-for-subscribers", float, 0, 1e6),
        default=0.0,
        metavar="S",
        help="wait up to S seconds until each topic is subscribed to",
    )
    add(
        "--clock-subscribers",
        type=number("--clock-subscribers", int, 0, 1e6),
        default=0,
        metavar="N",
        help="and until N nodes subscribe to /clock, so that none misses the beginning",
    )


def read_playback_options(arguments: argparse.Namespace) -> PlaybackOptions:
    """Turn parsed arguments into options.

    Raises:
        BagError: a remap that is not FROM:=TO.
    """
    given = {name: getattr(arguments, name) for name in PlaybackOptions.__dataclass_fields__}
    remaps = tuple(tuple(text.partition(":=")[::2]) for text in arguments.remaps)
    for text, names in zip(arguments.remaps, remaps, strict=True):
        if len({one for one, _ in remaps}) < len(remaps):
            raise BagError(f"--remap {text!r}: a topic is named twice")
        if not all(names) or not is_topic_name(names[1]):
            raise BagError(
                f"--remap {text!r}: write FROM:=TO, for example /camera/image_raw:=/rgb/image_raw"
            )
    return PlaybackOptions(**{**given, "topics": tuple(arguments.topics), "remaps": remaps})
