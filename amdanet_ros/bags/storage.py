"""What a storage file of a bag gives, whichever format it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

from rosbags.interfaces import Qos


class Channel(NamedTuple):
    """A topic in one storage file.

    Attributes:
        topic: name.
        type: as in ``sensor_msgs/msg/Image``.
        encoding: "cdr" for messages of ROS 2, "ros1" for those of ROS 1.
        qos: what its publishers offered, where the file says so.
        digest: MD5 sum of a ROS 1 type's definition; empty where the file does not say it.
    """

    topic: str
    type: str
    encoding: str
    qos: tuple[Qos, ...] = ()
    digest: str = ""


class Stored(NamedTuple):
    """A message of a storage file, or what is known of messages that cannot be read.

    Attributes:
        stamp_ns: when it was recorded, nanoseconds.
        channel: key in ``Storage.channels``; None: not known.
        data: serialised; None: it cannot be read.
        fault: why not.
        count: how many messages cannot be read.
    """

    stamp_ns: int
    channel: int | None
    data: bytes | None
    fault: str = ""
    count: int = 1


class Storage(Protocol):
    """A storage file, open for reading.

    Attributes:
        channels: topics by their number in the file.
        counts: messages of each, as far as they can be read.
        start_ns: time of the first message; 0 without messages.
        stop_ns: time of the last message.
        notes: sentences about what is missing.
    """

    channels: dict[int, Channel]
    counts: dict[int, int]
    start_ns: int
    stop_ns: int
    notes: Sequence[str]

    def messages(self, channels: Collection[int], start_ns: int, stop_ns: int) -> Iterator[Stored]:
        """Yield the messages of channels in the order of their times, from start before stop."""

    def close(self) -> None:
        """Close the file."""
