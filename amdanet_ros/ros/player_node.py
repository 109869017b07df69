"""Plays a bag: the serialised bytes go straight to the publishers, paced by the wall clock."""

from __future__ import annotations

import sys

from ..programs.player import main

if __name__ == "__main__":
    # Before the imports below, which take time: a signal ends the player well meanwhile.
    sys.exit(main())

import difflib
import time
from collections.abc import Sequence

from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosbags.interfaces import Qos, QosDurability, QosReliability
from rosgraph_msgs.msg import Clock

from ..bags.errors import BagError
from ..bags.playback_options import (
    PlaybackOptions,
    add_playback_arguments,
    read_playback_options,
)
from ..bags.reader import BagReader
from ..bags.topic_roles import is_beside
from ..bags.type_names import is_topic_name
from ..one_line import one_line
from ..programs.arguments import OneLineParser
from ..programs.errors import ProgramError
from .guarded_executor import GuardedExecutor
from .ignored_parameters import ignored_parameters
from .message_types import message_class
from .ros_arguments import split_ros_arguments
from .shutdown import until_shutdown
from .start import naming_creation_errors, ros_started

_DEPTH = 10
_MOST_CLOCK_NS = 2**31 * 1_000_000_000
_ACKNOWLEDGEMENT_S = 5.0
_LONGEST_SPIN_S = 0.1
_DISCOVERY_PERIOD_S = 0.05


def offered_profile(offered: Sequence[Qos]) -> QoSProfile:
    """What to offer, from what the recorded publishers offered; reliable where the bag does not
    say.

    Best effort as soon as one of them was; latched only if all were.
    """
    best_effort = any(one.reliability == QosReliability.BEST_EFFORT for one in offered)
    latched = bool(offered) and all(
        one.durability == QosDurability.TRANSIENT_LOCAL for one in offered
    )
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=max([_DEPTH, *(one.depth for one in offered if one.depth < 1000)]),
        reliability=ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


class PlayerNode(Node):
    """Publishes a bag's messages as its options say.

    Raises:
        BagError: the bag cannot be read, or holds none of the wanted topics.
    """

    def __init__(self, options: PlaybackOptions) -> None:
        super().__init__("amdanet_player")
        self._options = options
        self._bag = BagReader(options.bag)
        self._spinner = GuardedExecutor()
        self._spinner.add_node(self)
        self._check_options()
        self._topic_publishers: dict[str, Publisher] = {}
        remaps = dict(options.remaps)
        for name, topic in self._bag.topics.items():
            if options.topics and name not in options.topics:
                continue
            try:
                kind = message_class(topic.type)
            except LookupError as error:
                self.get_logger().warning(one_line(f"topic {name} is left out: {error}"))
                continue
            if name not in remaps and not is_topic_name(name):
                self.get_logger().warning(
                    one_line(f"topic {name} is left out: ROS has no such names; use --remap")
                )
                continue
            published = self.resolve_topic_name(remaps.get(name, name))
            if options.clock_rate > 0 and published == "/clock":
                self.get_logger().warning(
                    f"topic {name} is left out: with --clock the player publishes /clock itself"
                )
                continue
            profile = offered_profile(topic.qos)
            self._topic_publishers[name] = self.create_publisher(kind, published, profile)
        if not any(self._bag.topics[name].count for name in self._topic_publishers):
            raise BagError(f"bag {options.bag} holds nothing that can be played")
        self._time_publisher = (
            self.create_publisher(Clock, "/clock", 10) if options.clock_rate > 0 else None
        )

    def _check_options(self) -> None:
        """Refuse options that do not fit the bag."""
        options, bag = self._options, self._bag
        held = ", ".join(sorted(bag.topics)) or "none"
        remapped = [name for name, _ in options.remaps]
        for option, names in (("--topics", options.topics), ("--remap", remapped)):
            unknown = sorted(set(names) - bag.topics.keys())
            if option == "--remap":
                # A launch file renames all that a camera may have.
                unknown = [name for name in unknown if not is_beside(name, bag.topics)]
            if unknown:
                near = difflib.get_close_matches(unknown[0], bag.topics, 1)
                meant = f" (did you mean {near[0]}?)" if near else ""
                raise BagError(
                    f"{option}: bag {options.bag} has no topic {unknown[0]}{meant}: it holds {held}"
                )
        length = bag.duration_ns / 1e9
        if options.start_offset > length:
            raise BagError(
                f"--start-offset is {options.start_offset:g}: bag {options.bag} is {length:.3f} s "
                "long"
            )
        stop_ns = bag.start_ns + bag.duration_ns
        if options.clock_rate > 0 and not 0 <= bag.start_ns <= stop_ns < _MOST_CLOCK_NS:
            raise BagError(
                f"bag {options.bag}: its stamps lie outside of what /clock can say: play it "
                "without --clock"
            )

    def play(self) -> int:
        """Play all laps; returns the number of messages published.

        Raises:
            BagError: the chosen part of the bag holds no message.
            ExternalShutdownException: rclpy was shut down.
        """
        options = self._options
        if options.wait_for_subscribers > 0:
            self._await_subscribers(options.wait_for_subscribers)
        published, lap = 0, 0
        while options.loops == 0 or lap < options.loops:
            published += self._play_lap()
            lap += 1
            if published == 0:
                raise BagError(
                    f"bag {options.bag} holds no message of the chosen topics within "
                    "--start-offset and --duration"
                )
            if lap == 1:
                for sentence in self._bag.report.sentences():
                    self.get_logger().warning(sentence)
        # Reliable messages may still be on their way; leaving now would lose them.
        for publisher in self._topic_publishers.values():
            publisher.wait_for_all_acked(Duration(seconds=_ACKNOWLEDGEMENT_S))
        self.get_logger().info(f"played {published} messages in {lap} laps of {options.bag}")
        return published

    def _await_subscribers(self, seconds: float) -> None:
        """Wait for subscribers, with /clock standing at the beginning meanwhile."""
        end = time.monotonic() + seconds
        needed = dict.fromkeys(self._topic_publishers.values(), 1)
        if self._time_publisher is not None:
            needed[self._time_publisher] = self._options.clock_subscribers
        while missing := [p for p, n in needed.items() if p.get_subscription_count() < n]:
            if time.monotonic() > end:
                names = ", ".join(publisher.topic_name for publisher in missing)
                self.get_logger().warning(
                    f"too few subscribe to {names} after {seconds:g} s: starting"
                )
                return
            if self._time_publisher is not None:
                self._tick(self._first_ns)
            self._spinner.spin_once(timeout_sec=_DISCOVERY_PERIOD_S)

    @property
    def _first_ns(self) -> int:
        """Time of the bag at which each lap begins."""
        return self._bag.start_ns + round(1e9 * self._options.start_offset)

    def _play_lap(self) -> int:
        options = self._options
        first = self._first_ns
        last = None if options.duration == float("inf") else first + round(1e9 * options.duration)
        begin = time.monotonic()
        next_tick = begin
        published = 0
        for message in self._bag.messages(self._topic_publishers.keys(), first, last):
            due = begin + (message.stamp_ns - first) / 1e9 / options.rate
            next_tick = self._wait_until(due, begin, first, next_tick)
            self._topic_publishers[message.topic].publish(message.raw)
            published += 1
        return published

    def _wait_until(self, due: float, begin: float, first_ns: int, next_tick: float) -> float:
        """Spin until a message is due, publishing /clock on the way.

        Returns when the next tick is due.
        """
        while True:
            now = time.monotonic()
            if self._time_publisher is not None and now >= next_tick:
                self._tick(first_ns + round(1e9 * (now - begin) * self._options.rate))
                next_tick = max(next_tick + 1.0 / self._options.clock_rate, now)
            if now >= due:
                if not self.context.ok():
                    raise ExternalShutdownException()
                return next_tick
            pause = min(due - now, _LONGEST_SPIN_S)
            if self._time_publisher is not None:
                pause = min(pause, max(next_tick - now, 0.0))
            self._spinner.spin_once(timeout_sec=pause)

    def _tick(self, time_ns: int) -> None:
        self._time_publisher.publish(Clock(clock=Time(nanoseconds=time_ns).to_msg()))

    def close(self) -> None:
        """Close the bag and leave the ROS graph."""
        self._spinner.shutdown()
        self._bag.close()
        self.destroy_node()


def run_player(options: PlaybackOptions, ros_arguments: Sequence[str] = ()) -> int:
    """Play until the end or a signal; rclpy must be initialised. Returns 0.

    Args:
        options: what to play.
        ros_arguments: those that rclpy was initialised with; what has no effect is told.

    Raises:
        BagError: see ``PlayerNode``.
    """
    with until_shutdown():
        with naming_creation_errors("amdanet_player"):
            node = PlayerNode(options)
        try:
            for sentence in ignored_parameters(node, ros_arguments):
                node.get_logger().warning(sentence)
            node.play()
        finally:
            node.close()
    return 0


def run(arguments: Sequence[str]) -> int:
    """The executable ``amdanet_player``: the options of `amdanet play`, and ``--ros-args``.

    Raises:
        ProgramError: what cannot be played, or rclpy cannot start.
    """
    own, ros = split_ros_arguments(arguments)
    parser = OneLineParser(prog="amdanet_player", description=__doc__)
    add_playback_arguments(parser)
    try:
        options = read_playback_options(parser.parse_args(own))
        with ros_started(ros):
            return run_player(options, ros)
    except BagError as error:
        raise ProgramError(str(error)) from error
