"""Pairs from a bag, offline: the synchroniser of the node, fed from the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..images.errors import BadImage
from ..images.rgb import rgb_from_message
from ..images.thermal import thermal_from_message
from ..pairing import PairSynchronizer
from .errors import BagError
from .reader import BagMessage, BagReader

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_THERMAL_WORDS = ("thermal", "infra", "/ir/", "lwir", "boson", "lepton", "heat")


class BagPair(NamedTuple):
    """Two messages that belong together.

    Attributes:
        rgb, thermal: as they lie in the bag.
        offset_ns: corrected thermal stamp minus RGB stamp.
    """

    rgb: BagMessage
    thermal: BagMessage
    offset_ns: int

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """H x W x 3 uint8 RGB, and h x w thermal in the camera's own depth.

        Raises:
            BagError: a message that holds no usable picture.
        """
        try:
            rgb = rgb_from_message(self.rgb.deserialize())
            return rgb, thermal_from_message(self.thermal.deserialize())
        except BadImage as error:
            raise BagError(f"{self.rgb.topic} and {self.thermal.topic}: {error}") from error


def choose_topics(
    bag: BagReader, rgb: str | None = None, thermal: str | None = None
) -> tuple[str, str]:
    """The image topics to pair: the given ones, else by name.

    Raises:
        BagError: a given topic is missing, or the names do not tell.
    """
    images = [name for name, topic in sorted(bag.topics.items()) if topic.type in IMAGE_TYPES]
    held = ", ".join(images) or "no images"
    for option, name in (("--rgb-topic", rgb), ("--thermal-topic", thermal)):
        if name is not None and name not in images:
            raise BagError(f"{option} {name}: bag {bag.path} holds {held}")
    hot = [name for name in images if any(word in name.lower() for word in _THERMAL_WORDS)]
    cold = [name for name in images if name not in hot and ("rgb" in name or "color" in name)]
    cold = cold or [name for name in images if name not in hot]
    rgb = rgb or (cold[0] if cold else None)
    thermal = thermal or (hot[0] if hot else None)
    if rgb is None or thermal is None:
        raise BagError(
            f"bag {bag.path} holds {held}: say which are which with --rgb-topic and --thermal-topic"
        )
    return rgb, thermal


def bag_pairs(
    bag: BagReader,
    rgb_topic: str,
    thermal_topic: str,
    slop: float = 0.05,
    thermal_offset: float = 0.0,
) -> Iterator[BagPair]:
    """Pair a bag's messages by their header stamps.

    Args:
        slop: largest distance of the stamps of a pair, seconds.
        thermal_offset: added to thermal stamps, seconds.
    """
    synchronizer = PairSynchronizer(slop, queue_size=30, thermal_offset=thermal_offset)
    last = 0
    for message in bag.messages((rgb_topic, thermal_topic)):
        last = message.stamp_ns
        add = synchronizer.add_rgb if message.topic == rgb_topic else synchronizer.add_thermal
        for pair in add(header_stamp_ns(message.raw), message, last):
            yield BagPair(pair.rgb, pair.thermal, pair.offset_ns)
    for pair in synchronizer.poll(last + 10**12):
        yield BagPair(pair.rgb, pair.thermal, pair.offset_ns)


def header_stamp_ns(raw: bytes) -> int:
    """Stamp of a serialised message that begins with a header, nanoseconds.

    Nothing else is read.
    """
    order = "<" if raw[1] & 1 else ">"
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", raw, 4)
    return seconds * 1_000_000_000 + nanoseconds
