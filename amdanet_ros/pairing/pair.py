"""Pairs, and messages that stayed alone."""

from typing import Any, NamedTuple

from .reasons import Reason


class Pair(NamedTuple):
    """One RGB and one thermal message that belong together.

    The stamps are those of the messages, in nanoseconds. ``offset_ns`` is the corrected thermal
    stamp (its own plus ``thermal_offset``) minus the RGB stamp.
    """

    rgb: Any
    thermal: Any
    rgb_stamp_ns: int
    thermal_stamp_ns: int
    offset_ns: int


class Unmatched(NamedTuple):
    """A message that left the synchroniser without a partner.

    ``stream`` is ``"rgb"`` or ``"thermal"``; ``stamp_ns`` is the stamp of the message.
    """

    stream: str
    item: Any
    stamp_ns: int
    reason: Reason
