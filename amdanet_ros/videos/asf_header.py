"""The length that an ASF file (.wmv, .asf) states, which FFmpeg does not tell where it is cut."""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_READ = 1 << 16
_LONGEST_S = 1e6


def stated_seconds(path: Path) -> float:
    """Return how long an ASF file says it is; 0: it is none, or does not say so.

    Its File Properties Object holds the play duration, in 100 ns, and the preroll that is part of
    it, in ms (Advanced Systems Format specification, section 3.2).

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_READ)
    at = start.find(_FILE_PROPERTIES)
    if not start.startswith(_HEADER) or at < 0 or len(start) < at + 88:
        return 0.0
    duration, _, preroll = struct.unpack_from("<QQQ", start, at + 64)
    seconds = duration / 1e7 - preroll / 1e3
    return seconds if 0 < seconds < _LONGEST_S else 0.0
