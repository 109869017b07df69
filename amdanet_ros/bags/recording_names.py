"""The names of files by which recordings are told from folders of images."""

from __future__ import annotations

from pathlib import Path

METADATA = "metadata.yaml"
ROS1 = (".bag", ".bag.active")
STORAGES = (".mcap", ".db3", ".mcap.zstd", ".db3.zstd", *ROS1)


def holds_recording(path: Path) -> bool:
    """Whether a file or folder is a recording, or a folder of recordings, of ROS 2 or ROS 1.

    Raises:
        OSError: the folder cannot be looked at.
    """
    if path.is_file():
        return path.name == METADATA or path.name.endswith(STORAGES)
    return path.is_dir() and (_is_recording(path) or bool(inner_recordings(path)))


def inner_recordings(folder: Path) -> list[Path]:
    """Return the folders in a folder that are recordings."""
    return sorted(each for each in folder.iterdir() if each.is_dir() and _is_recording(each))


def _is_recording(folder: Path) -> bool:
    try:
        names = [each.name for each in folder.iterdir() if each.is_file()]
    except OSError:
        return False
    return METADATA in names or any(name.endswith(STORAGES) for name in names)
