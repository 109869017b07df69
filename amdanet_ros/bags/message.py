"""A message of a bag."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from rosbags.serde import SerdeError
from rosbags.typesys import TypesysError

from .errors import DamagedMessage
from .message_types import typestore

_HEAD = 4
UNREADABLE = (
    SerdeError,
    TypesysError,
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AssertionError,
    OverflowError,
    MemoryError,
)
"""What rosbags' generated code raises for bytes that are no message of the type."""


class BagMessage(NamedTuple):
    """A message of a bag, as it was recorded.

    Attributes:
        topic: name.
        type: as in ``sensor_msgs/msg/Image``.
        stamp_ns: when it was recorded, nanoseconds.
        raw: serialised (CDR).
    """

    topic: str
    type: str
    stamp_ns: int
    raw: bytes

    @property
    def header_stamp_ns(self) -> int:
        """Stamp in the header of a message that begins with one, nanoseconds.

        Nothing else of the message is read.

        Raises:
            DamagedMessage: it is too short for a header.
        """
        if len(self.raw) < _HEAD + 8:
            raise DamagedMessage(f"a message of {self.topic} is too short for a header")
        order = "<" if self.raw[1] & 1 else ">"
        seconds, nanoseconds = struct.unpack_from(f"{order}iI", self.raw, _HEAD)
        return seconds * 1_000_000_000 + nanoseconds

    def deserialize(self) -> Any:
        """Return the message as rosbags reads it: arrays are NumPy arrays of its own.

        Raises:
            DamagedMessage: the bytes are no message of the type, or the type is not known.
        """
        store = typestore()
        if self.type not in store.fielddefs:
            raise DamagedMessage(
                f"the message type {self.type!r} of {self.topic} is not known: its messages cannot "
                "be read"
            )
        try:
            # Of a copy that may be written to: torch warns of arrays that may not.
            return store.deserialize_cdr(bytearray(self.raw), self.type)
        except UNREADABLE as error:
            raise DamagedMessage(
                f"the bytes of a message of {self.topic} are damaged: they are no {self.type}"
            ) from error
