"""The bags and videos below a folder, and how their outputs are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..bags.recording_names import METADATA, STORAGES
from ..fuse.image_names import ImageName, match_folder
from ..fuse.video_output import is_own_video
from ..fuse.written_files import MARK
from ..videos.video_names import is_video
from .found import Found
from .search import is_within, name_of, not_read


class BagSearch:
    """A search for bags and for videos; see ``Search``.

    Args:
        out: of the fleet.
        stacked: whether each video holds the images of both cameras. Else two videos in a folder
            belong together by their names, as NAME_rgb.mp4 and NAME_thermal.mp4, and others are
            left out.
    """

    what = "bags"

    def __init__(self, out: Path, stacked: bool = False) -> None:
        self.out = os.path.realpath(out)
        self._stacked = stacked

    def is_one(self, file: Path) -> bool:
        """Whether a file is a bag, a part of one, or a video."""
        return file.name.endswith(STORAGES) or file.name == METADATA or is_video(file)

    def is_part(self, file: Path) -> bool:
        """Whether a file belongs to a recording of several files."""
        return not is_video(file) and (file.parent / METADATA).is_file()

    def below(self, folder: Path) -> Iterator[Found]:
        """Yield the bags and videos in a folder, or the folder itself where it is a bag."""
        bags: set[str] = set()
        videos: list[Found] = []
        for each in self._below(folder):
            if is_video(Path(each.path)):
                videos.append(each)
            else:
                bags.add(each.name)
                yield each
        # Videos called as a bag are are taken for copies of it.
        yield from (each for each in videos if each.name not in bags)

    def _below(self, folder: Path) -> Iterator[Found]:
        itself = Path(os.path.abspath(folder)).name
        errors: list[OSError] = []
        for root, folders, names in os.walk(folder, onerror=errors.append):
            here = Path(root)
            inner = os.path.relpath(root, folder)
            if MARK in names:  # an output of amdanet
                folders.clear()
                continue
            bags = sorted(name for name in names if name.endswith(STORAGES))
            if METADATA in names or (bags and _is_recording(here.absolute(), bags)):
                folders.clear()
                yield Found(str(here), itself if inner == "." else inner)
                continue
            for name in bags:
                path, place = here / name, os.path.normpath(os.path.join(inner, name))
                yield Found(str(path), name_of(str(path), place))
            yield from self._videos(here, inner, names)
            links = [each for each in folders if (here / each).is_symlink()]
            folders[:] = sorted(
                each
                for each in folders
                if not each.startswith(".") and not is_within(os.path.join(root, each), self.out)
            )
            for each in links:
                # Folders behind links are not searched, for they may lead around; bags are taken.
                if each in folders and (here / each / METADATA).is_file():
                    yield Found(str(here / each), os.path.normpath(os.path.join(inner, each)))
        yield from not_read(errors, folder)

    def _videos(self, here: Path, inner: str, names: Sequence[str]) -> Iterator[Found]:
        videos = sorted(here / name for name in names if not name.startswith("."))
        videos = [each for each in videos if is_video(each) and not is_own_video(each)]
        if self._stacked:
            for each in videos:
                yield Found(str(each), os.path.normpath(os.path.join(inner, each.stem)))
            return
        for key, rgb, thermal in match_folder([ImageName.of(each) for each in videos]).pairs:
            yield Found(str(rgb), os.path.normpath(os.path.join(inner, key)), str(thermal))

    def matched(self, found: Sequence[Found]) -> list[Found]:
        """Return what was given, with two videos as one input where their names say so."""
        if self._stacked:
            return list(found)
        folders: dict[str, dict[Path, Found]] = {}
        for each in found:
            if each.thermal is None and not each.is_named and is_video(Path(each.path)):
                folders.setdefault(os.path.dirname(each.path), {})[Path(each.path)] = each
        pairs: dict[str, Found] = {}
        taken: set[str] = set()
        for videos in folders.values():
            for key, rgb, thermal in match_folder([ImageName.of(each) for each in videos]).pairs:
                name = os.path.join(os.path.dirname(videos[rgb].name), key)
                pairs[str(rgb)] = Found(str(rgb), name, str(thermal))
                taken.add(str(thermal))
        left = (pairs.get(each.path, each) for each in found if each.path not in taken)
        return list(dict.fromkeys(left))


def _is_recording(folder: Path, bags: Sequence[str]) -> bool:
    """Whether files without metadata.yaml are one recording, FOLDER_0.mcap, FOLDER_1.mcap."""
    return {re.sub(r"_\d+$", "", name.partition(".")[0]) for name in bags} == {folder.name}
