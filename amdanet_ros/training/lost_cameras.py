"""What a sample's entry "lost" says of its two cameras."""

from __future__ import annotations

NOTHING_LOST, RGB_LOST, THERMAL_LOST, RGB_HARMED, THERMAL_HARMED, BOTH_HARMED = range(6)
"""Values of a sample's entry "lost". A harmed image still shows something, a lost one nothing."""
