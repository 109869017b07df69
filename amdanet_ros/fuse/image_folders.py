"""Pairs of image files.

Two folders with the same names, or one folder with NAME_rgb and NAME_thermal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..images.errors import BadImage
from ..images.image_file import read_rgb
from ..images.read_options import DEFAULT, ReadOptions
from ..images.thermal import read_thermal
from ..output_place import is_recording
from .image_names import (
    KNOWN,
    SUFFIXES,
    ImageName,
    Matched,
    camera_folders,
    images_in,
    match_folder,
    match_folders,
)

_MOST_NAMED = 5


class ImageFolderError(Exception):
    """A folder cannot be used; the message is one line with the cause and the fix."""


class FilePair(NamedTuple):
    """Two files that belong together.

    Attributes:
        name: what their names have in common.
        rgb, thermal: the files.
    """

    name: str
    rgb: Path
    thermal: Path

    def read(self, reading: ReadOptions = DEFAULT) -> tuple[np.ndarray, np.ndarray]:
        """H x W x 3 uint8 RGB, and h x w uint8, uint16 or float32 thermal.

        Raises:
            BadImage: a file that cannot be read, or coloured thermal; its ``stream`` says which.
        """
        rgb = self._read("rgb", reading)
        try:
            return rgb, self._read("thermal", reading)
        except BadImage:
            if _is_grey(rgb) and self._thermal_is_coloured(reading):
                raise BadImage(
                    "it is grey, and the thermal image is coloured",
                    "the thermal images were given first: exchange the two",
                    "rgb",
                ) from None
            raise

    def _read(self, stream: str, reading: ReadOptions) -> np.ndarray:
        try:
            if stream == "rgb":
                return read_rgb(self.rgb, reading)
            return read_thermal(self.thermal, reading)
        except BadImage as bad:
            bad.stream = stream
            raise

    def _thermal_is_coloured(self, reading: ReadOptions) -> bool:
        try:
            return not _is_grey(read_rgb(self.thermal, reading))
        except BadImage:
            return False


def _is_grey(image: np.ndarray) -> bool:
    return bool((image == image[..., :1]).all())


class FoundPairs(NamedTuple):
    """The pairs of a call.

    Attributes:
        pairs: in the order of their names.
        remarks: sentences about files that have no partner.
    """

    pairs: tuple[FilePair, ...]
    remarks: tuple[str, ...] = ()


def find_pairs(rgb: Path, thermal: Path | None = None) -> FoundPairs:
    """Match files by name.

    Args:
        rgb: folder of the colour images, or of both kinds, or one colour image.
        thermal: folder of the thermal images, or one thermal image; None: all are in ``rgb``, told
            apart by words in their names (``NAME_rgb.png`` and ``NAME_thermal.png``, see
            `image_names`), or in two folders there.

    Raises:
        ImageFolderError: a folder is missing, or nothing in it matches.
        OSError: a folder cannot be looked at.
    """
    for path in (rgb, thermal):
        if path is not None and not path.exists():
            what = "folder" if path.suffix.lower() not in SUFFIXES else "image"
            raise ImageFolderError(f"{what} {path} does not exist")
    if thermal is None:
        return _of_one(rgb)
    if rgb.is_dir() != thermal.is_dir():
        raise ImageFolderError(
            f"{rgb} and {thermal} are a file and a folder: give two folders, or two images"
        )
    if rgb.samefile(thermal):
        raise ImageFolderError(
            f"{rgb} and {thermal} are the same: give the RGB images first, then the thermal ones"
        )
    if rgb.is_dir():
        return _of_two(rgb, thermal)
    name, other = ImageName.of(rgb), ImageName.of(thermal)
    return FoundPairs((FilePair(name.key if name.key == other.key else name.stem, rgb, thermal),))


def _of_one(folder: Path) -> FoundPairs:
    names = images_in(folder)
    matched = match_folder(names)
    if matched.pairs:
        return _found(matched, folder, folder)
    rgb, thermal = camera_folders(folder)
    if len(rgb) == len(thermal) == 1 and not names:
        return _of_two(*rgb, *thermal)
    if (rgb or thermal) and not names:
        held = _named([*rgb, *thermal])
        raise ImageFolderError(
            f"{folder} holds the folders {held}: give the RGB one and the thermal one"
        )
    if not names:
        bags = [path for path in sorted(folder.iterdir()) if is_recording(path)]
        if bags:
            raise ImageFolderError(f"{folder} holds the bags {_named(bags)}: give one of them")
        raise ImageFolderError(
            f"{folder} holds no images ({', '.join(SUFFIXES)}) and no bag: give a bag, two "
            f"folders of images, or a folder with {KNOWN}"
        )
    raise ImageFolderError(
        f"{folder} holds {len(names)} images and no two that belong together "
        f"({_examples(names)}): give two folders, first RGB, then thermal, or name them {KNOWN}"
    )


def _of_two(rgb: Path, thermal: Path) -> FoundPairs:
    names, others = images_in(rgb), images_in(thermal)
    for folder, found in ((rgb, names), (thermal, others)):
        if not found:
            raise ImageFolderError(
                f"{folder} holds no images ({', '.join(SUFFIXES)}), so none of the same name"
            )
    matched = match_folders(names, others)
    if not matched.pairs:
        raise ImageFolderError(
            f"no image of {rgb} has a partner of the same name in {thermal} "
            f"({names[0].path.name} and {others[0].path.name}, for example): give both the same "
            f"names, or name them {KNOWN}"
        )
    return _found(matched, rgb, thermal)


def _found(matched: Matched, rgb: Path, thermal: Path) -> FoundPairs:
    words = {"rgb": f"RGB images of {rgb}", "thermal": f"thermal images of {thermal}"}
    remarks = [
        f"{len(paths)} {words.get(stream, f'images of {rgb}')} have no partner and are left out: "
        f"{_named(paths)}"
        for stream, paths in matched.alone.items()
    ]
    return FoundPairs(tuple(FilePair(*each) for each in matched.pairs), tuple(remarks))


def _examples(names: Sequence[ImageName]) -> str:
    """Return two names, of different cameras where they tell."""
    first = names[0]
    other = next((name for name in names if name.stream != first.stream), names[-1])
    return " and ".join(dict.fromkeys((first.path.name, other.path.name))) + ", for example"


def _named(paths: Sequence[Path]) -> str:
    more = len(paths) - _MOST_NAMED
    named = ", ".join(path.name for path in paths[:_MOST_NAMED])
    return named + (f" and {more} more" if more > 0 else "")
