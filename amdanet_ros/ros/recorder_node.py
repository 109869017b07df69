"""Records topics as they come, serialised, into a bag that stays readable whatever ends the
recorder.
"""

from __future__ import annotations

import sys

from ..programs.recorder import main

if __name__ == "__main__":
    # Before the imports below, which take time: a signal ends the recorder well meanwhile.
    sys.exit(main())

import contextlib
import time
from collections import deque
from collections.abc import Sequence

from rclpy.clock import Clock, ClockType
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from ..bags.errors import BagError
from ..bags.recording_options import (
    RecordingOptions,
    add_recording_arguments,
    read_recording_options,
)
from ..bags.writer import BagWriter, quality
from ..programs.arguments import OneLineParser
from ..programs.errors import ProgramError
from ..programs.signals import deferred_signals
from .guarded_executor import GuardedExecutor
from .ignored_parameters import ignored_parameters
from .message_types import message_class
from .qos import common_reliability
from .ros_arguments import split_ros_arguments
from .shutdown import until_shutdown
from .start import naming_creation_errors, ros_started

_DEPTH = 100
_DISCOVERY_PERIOD_S = 0.1
_COMMIT_PERIOD_S = 0.2
_MOST_EARLY = 1000
_LAST_WRITES_S = 1.5
_IDLE_TURNS = 20


class RecorderNode(Node):
    """Subscribes to topics as they appear and writes what they bring.

    Raises:
        BagError: the bag cannot be made.
    """

    def __init__(self, options: RecordingOptions) -> None:
        super().__init__("amdanet_recorder")
        self._wanted = {self.resolve_topic_name(topic) for topic in options.topics}
        self._bag = BagWriter(options.output, options.storage)
        self._recorded: dict[str, Subscription] = {}
        self._unknown: set[str] = set()
        self._mismatched: set[str] = set()
        self._early: deque[tuple[str, str, bytes]] = deque(maxlen=_MOST_EARLY)
        self.count = 0
        # Simulated time stops before the first /clock and while a player pauses.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_DISCOVERY_PERIOD_S, self._discover, clock=steady)
        self.create_timer(_COMMIT_PERIOD_S, self._commit, clock=steady)
        self._discover()

    def _discover(self) -> None:
        """Subscribe to wanted topics that have appeared, and again where their QoS has changed."""
        while self._mismatched:
            subscription = self._recorded.pop(self._mismatched.pop(), None)
            if subscription is not None:
                self.destroy_subscription(subscription)
        for topic, kinds in self.get_topic_names_and_types():
            wanted = topic in self._wanted or not self._wanted
            if wanted and topic not in self._recorded and topic not in self._unknown:
                self._subscribe(topic, kinds[0])

    def _subscribe(self, topic: str, kind: str) -> None:
        publishers = self.get_publishers_info_by_topic(topic)
        if not publishers:
            return
        profiles = [publisher.qos_profile for publisher in publishers]
        reliability = common_reliability([one.reliability for one in profiles])
        latched = all(one.durability == DurabilityPolicy.TRANSIENT_LOCAL for one in profiles)
        profile = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=_DEPTH,
            reliability=reliability,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )
        try:
            self._bag.add_topic(
                topic, kind, [quality(reliability == ReliabilityPolicy.RELIABLE, latched)]
            )
            message_type = message_class(kind)
        except (BagError, LookupError) as error:
            self._unknown.add(topic)
            self.get_logger().warning(f"topic {topic} is not recorded: {error}")
            return
        self._recorded[topic] = self.create_subscription(
            message_type,
            topic,
            lambda raw: self._write(topic, kind, raw),
            profile,
            event_callbacks=SubscriptionEventCallbacks(
                incompatible_qos=lambda _: self._mismatched.add(topic)
            ),
            raw=True,
        )
        self.get_logger().info(f"recording {topic}")

    def _write(self, topic: str, kind: str, raw: bytes) -> None:
        now = self.get_clock().now().nanoseconds
        if now == 0:
            # Simulated time has not begun; latched messages come before it and are wanted.
            self._early.append((topic, kind, raw))
            return
        self._write_early(now)
        self._bag.write(topic, kind, now, raw)
        self.count += 1

    def _write_early(self, now: int) -> None:
        while self._early:
            topic, kind, raw = self._early.popleft()
            self._bag.write(topic, kind, now, raw)
            self.count += 1

    def _commit(self) -> None:
        now = self.get_clock().now().nanoseconds
        if now:
            self._write_early(now)
        self._bag.commit()

    def close(self) -> None:
        """Finish the bag and leave the graph."""
        self._commit()
        if self._early:
            self.get_logger().warning(
                f"{len(self._early)} messages are not recorded: simulated time never began; "
                "is /clock published, or should use_sim_time be false?"
            )
        self._bag.close()
        self.destroy_node()

    def close_after(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close, at the end of a ``with`` block; an error of the block hides one of closing."""
        with contextlib.suppress(BagError) if kind else contextlib.nullcontext():
            self.close()


def run_recorder(options: RecordingOptions, ros_arguments: Sequence[str] = ()) -> int:
    """Record until a signal, and then what has arrived by then; returns 0.

    Raises:
        BagError: see ``RecorderNode``, or the disk takes no more; what was written is readable.
    """
    with ros_started(ros_arguments), until_shutdown(), deferred_signals() as is_stopped:
        with naming_creation_errors("amdanet_recorder"):
            node = RecorderNode(options)
        with contextlib.ExitStack() as stack:
            stack.push(node.close_after)
            for sentence in ignored_parameters(node, ros_arguments):
                node.get_logger().warning(sentence)
            executor = GuardedExecutor(fatal=(BagError, OSError))
            stack.callback(executor.shutdown)
            executor.add_node(node)
            while not is_stopped():
                executor.spin_once(timeout_sec=_DISCOVERY_PERIOD_S)
            _write_what_has_arrived(node, executor)
        with contextlib.suppress(OSError):  # of a terminal that was closed
            print(f"recorded {node.count} messages in {options.output}", flush=True)
    return 0


def _write_what_has_arrived(node: RecorderNode, executor: GuardedExecutor) -> None:
    idle = 0
    end = time.monotonic() + _LAST_WRITES_S
    while idle < _IDLE_TURNS and time.monotonic() < end:
        before = node.count
        executor.spin_once(timeout_sec=0.0)
        idle = idle + 1 if node.count == before else 0


def run(arguments: Sequence[str]) -> int:
    """The executable ``amdanet_recorder``: the options of `amdanet record`, and ``--ros-args``.

    Raises:
        ProgramError: what cannot be recorded, or rclpy cannot start.
    """
    own, ros = split_ros_arguments(arguments)
    parser = OneLineParser(prog="amdanet_recorder", description=__doc__)
    add_recording_arguments(parser)
    try:
        return run_recorder(read_recording_options(parser.parse_args(own)), ros)
    except BagError as error:
        raise ProgramError(str(error)) from error
