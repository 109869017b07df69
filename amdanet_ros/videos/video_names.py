"""The names of files by which videos are told from bags and images."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (
    ".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".seq",
    ".csq", ".gif", ".h264", ".h265", ".hevc", ".flv", ".ogv", ".mts", ".m2ts", ".3gp", ".mjpeg",
    ".mjpg", ".vob", ".y4m",
)  # fmt: skip
"""Not all of them can be decoded."""


def is_video(path: Path) -> bool:
    """Whether a path is that of a video file."""
    return path.suffix.lower() in SUFFIXES and path.is_file()
