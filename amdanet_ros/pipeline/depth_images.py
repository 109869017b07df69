"""The last depth images of a topic, of which each pair gets the one nearest in time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..images.depth import check_depth_message, depth_from_message
from ..images.read_options import DEFAULT, ReadOptions

_KEPT = 8


@dataclass(frozen=True, eq=False)
class DepthImage:
    """A depth image in the pixels of the RGB camera, read when it is first looked at.

    Attributes:
        message: ``sensor_msgs/Image`` or ``CompressedImage`` of any library, which was checked.
        reading: bounds its size.
    """

    message: Any
    reading: ReadOptions = DEFAULT

    @property
    def frame_id(self) -> str:
        """Of its message."""
        return self.message.header.frame_id

    @cached_property
    def metres(self) -> np.ndarray:
        """H x W float32; 0, NaN or infinite: not known."""
        return depth_from_message(self.message, self.reading)


class DepthImages:
    """Keeps the last few depth messages; safe for one thread that adds and one that takes.

    Args:
        max_age: seconds between the stamps of a pair and of its depth image, at most.
        reading: bounds the images' size.
    """

    def __init__(self, max_age: float, reading: ReadOptions = DEFAULT) -> None:
        self.max_age = max_age
        self._reading = reading
        self._messages: tuple[tuple[int, Any], ...] = ()

    def add(self, message: Any) -> None:
        """Keep a ``sensor_msgs/Image`` or ``CompressedImage`` of any library.

        Raises:
            BadImage: it is no depth image; its pixels are not looked at.
        """
        check_depth_message(message, self._reading)
        stamp = message.header.stamp
        new = stamp.sec * 1_000_000_000 + stamp.nanosec, message
        self._messages = (*self._messages[1 - _KEPT :], new)

    def near(self, stamp_ns: int) -> DepthImage | None:
        """Return the image whose stamp is nearest to a pair's; None: none is near enough.

        Of equally near ones it is the last that came.
        """
        messages = self._messages[::-1]
        if not messages:
            return None
        stamp, message = min(messages, key=lambda each: abs(each[0] - stamp_ns))
        if abs(stamp - stamp_ns) > self.max_age * 1e9:
            return None
        return DepthImage(message, self._reading)

    def clear(self) -> None:
        """Forget all: the stamps begin again."""
        self._messages = ()
