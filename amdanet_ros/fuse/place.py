"""The name under which an output appears, once it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..output_place import OutputPlaceError, check_writable_kind, keep_apart
from .image_names import SUFFIXES
from .video_output import is_own_video
from .written_files import check_only_own

VIDEO_SUFFIXES = (".mp4", ".avi")
KINDS = ("bag", "images", "video")

_OTHER_VIDEOS = {".mkv", ".webm", ".mov", ".m4v", ".wmv", ".mpg", ".mpeg", ".gif", ".flv", ".ogv"}
_IMAGES = {*SUFFIXES, ".exr"}
_BAGS = {".mcap", ".db3", ".bag"}
_OTHER_FILES = {
    ".csv", ".gz", ".h5", ".json", ".npy", ".npz", ".onnx", ".pdf", ".pth", ".safetensors", ".tar",
    ".txt", ".yaml", ".yml", ".zip", ".zstd",
}  # fmt: skip


def kind_of(output: Path, wanted: str | None, default: str) -> str:
    """Return what is written: "bag", "images" or "video".

    Args:
        output: its suffix tells a video.
        wanted: what the user asks for; None: by the suffix, else the default.
        default: of outputs whose suffix tells nothing.

    Raises:
        OutputPlaceError: the suffix belongs to something else.
    """
    suffix = output.suffix.lower()
    kind = wanted or ("video" if suffix in VIDEO_SUFFIXES else default)
    if kind == "video":
        if suffix not in VIDEO_SUFFIXES:
            raise OutputPlaceError(
                f"--output {output}: a video is written as .mp4 or .avi: "
                f"give --output {_renamed(output, '.mp4')}"
            )
        return kind
    if suffix in VIDEO_SUFFIXES:
        raise OutputPlaceError(
            f"--output {output} is the name of a video, and --format is {kind}: give "
            f"--output {_renamed(output, '')}, or --format video"
        )
    written = "a bag is written as a folder" if kind == "bag" else "images are written to a folder"
    instead = f"give --output {_renamed(output, '')}"
    if suffix in _OTHER_VIDEOS:
        raise OutputPlaceError(
            f"--output {output}: a video is written as .mp4 or .avi: "
            f"give --output {_renamed(output, '.mp4')}"
        )
    if suffix in _IMAGES:
        raise OutputPlaceError(
            f"--output {output} is the name of one image: images are written to a folder: "
            f"{instead} --format images"
        )
    if suffix in _BAGS or suffix in _OTHER_FILES:
        raise OutputPlaceError(f"--output {output}: {written} (a video as .mp4 or .avi): {instead}")
    return kind


def _renamed(output: Path, suffix: str) -> str:
    return os.path.splitext(output)[0] + suffix


@dataclass(frozen=True)
class OutputPlace:
    """A place that was found fit for an output.

    Attributes:
        path: with all links followed.
        kind: what is written, see ``kind_of``.
        overwrite: whether an output of an earlier call may be replaced.
    """

    path: Path
    kind: str
    overwrite: bool

    @classmethod
    def of(cls, output: Path, kind: str, overwrite: bool, inputs: Iterable[Path]) -> OutputPlace:
        """Check a place; nothing is changed.

        Args:
            output: as the user gave it.
            kind: what is written.
            overwrite: whether an output of an earlier call may be replaced.
            inputs: all that is read; the output may be none of them nor hold one.

        Raises:
            OutputPlaceError: it may not be written there.
            OSError: the place cannot be looked at.
        """
        keep_apart(output, inputs)
        check_writable_kind(output)
        place = cls(Path(os.path.realpath(output)), kind, overwrite)
        place._check_free()
        return place

    def _check_free(self) -> None:
        """Raise OutputPlaceError where something is there that may not be replaced."""
        if self._is_taken():
            if not self.overwrite:
                raise OutputPlaceError(f"{self.path} exists: give another --output, or --overwrite")
            self._check_own()

    def _is_taken(self) -> bool:
        if self.kind != "video" and self.path.is_dir():
            return any(self.path.iterdir())
        # stat and not exists: a name that is too long must not pass for a free one.
        try:
            self.path.stat()
        except FileNotFoundError:
            return False
        return True

    def _check_own(self) -> None:
        """Raise OutputPlaceError unless ``amdanet fuse`` wrote what is there."""
        if self.path.is_dir():
            check_only_own(self.path)
        elif not is_own_video(self.path):
            raise OutputPlaceError(
                f"{self.path} was not written by amdanet fuse and is not replaced: give another "
                "--output"
            )

    def publish(self, part: Path, aside: Path) -> None:
        """Give a whole output its name; an earlier output is removed from it only now.

        Args:
            part: the output, on the same file system.
            aside: an unused name there, where the earlier output goes.

        Raises:
            OutputPlaceError: what lies there has changed since the place was checked.
            OSError: it cannot be renamed.
        """
        self._check_free()
        if self.kind != "images":
            for file in [part] if part.is_file() else part.iterdir():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        if not self.path.is_dir():
            os.replace(part, self.path)
            return
        os.replace(self.path, aside)
        try:
            os.replace(part, self.path)
        except BaseException:
            if not self.path.exists():
                os.replace(aside, self.path)
            raise
