"""What a sample's entry "lost" says of its two cameras."""

from __future__ import annotations

from enum import IntEnum


class Lost(IntEnum):
    """Values of the entry. A harmed image still shows something, a lost one nothing."""

    NOTHING = 0
    RGB = 1
    THERMAL = 2
    RGB_HARMED = 3
    THERMAL_HARMED = 4
    BOTH_HARMED = 5
