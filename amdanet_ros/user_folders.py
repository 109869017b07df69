"""Folders of this user: the home that "~" stands for, and the one of caches."""

from __future__ import annotations

import os
from pathlib import Path

from .one_line import one_line


class NoHomeError(ValueError):
    """A path in a home folder that cannot be told; the message names the path and the fix."""


def expanded(path: str | os.PathLike) -> Path:
    """Return a path, "~" and "~name" in front replaced.

    Raises:
        NoHomeError: nobody has that name; or of "~": HOME is not set, and the system does not know
            this user, as in a container that runs with the number of a user of its host.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        whose = "this user, who has none: set HOME, or give the whole path"
        if Path(path).parts[0] != "~":
            whose = "a user that does not exist: give the whole path"
        raise NoHomeError(f"{one_line(path)} is in the home folder of {whose}") from error


def cache_folder(kind: str) -> Path | None:
    """Return the folder of this user's caches of a kind; None: no home, so nothing is kept.

    It is ``$XDG_CACHE_HOME/amdanet_ros/KIND``, else ``~/.cache/amdanet_ros/KIND``.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(given):  # others are invalid by the XDG specification
        return Path(given) / "amdanet_ros" / kind
    home = os.environ.get("HOME", "")
    return Path(home) / ".cache" / "amdanet_ros" / kind if os.path.isabs(home) else None


def needed_cache_folder(kind: str) -> Path:
    """Return the folder of this user's caches of a kind, for whom cannot do without.

    Where HOME is not set, it is in the home that the system knows of this user.

    Raises:
        NoHomeError: the user has no home.
    """
    found = cache_folder(kind)
    if found is None and "HOME" not in os.environ:
        found = expanded(f"~/.cache/amdanet_ros/{kind}")
    if found is None:
        raise NoHomeError(
            f"the {kind} are kept in a folder of this user, who has none: set HOME or "
            "XDG_CACHE_HOME to a whole path"
        )
    return found
