"""Files that are read several times or at any place, which pipes and devices cannot be.

All readers of such files refuse others here, in the same words, before reading could wait for
ever. Parameter files may be pipes: see ``piped_file``.
"""

from __future__ import annotations

import os
import stat

PIPE_OR_DEVICE = "a pipe or a device"


def is_pipe_or_device(found: int | str | os.PathLike) -> bool:
    """Whether there is something that is neither a file nor a folder, as a socket too.

    Args:
        found: its ``st_mode``, or its path, whose links are followed.
    """
    if not isinstance(found, int):
        try:
            found = os.stat(found).st_mode
        except (OSError, ValueError):  # who reads it says so
            return False
    return not (stat.S_ISREG(found) or stat.S_ISDIR(found))


def refusal(found: int | str | os.PathLike, give: str) -> str | None:
    """Return what to say behind the name of a pipe or a device; None: it is neither.

    Args:
        found: see ``is_pipe_or_device``.
        give: what is read instead, as "a YAML file".
    """
    return f"is {PIPE_OR_DEVICE}: give {give}" if is_pipe_or_device(found) else None
