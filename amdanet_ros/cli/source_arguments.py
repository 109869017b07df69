"""Options of the commands that read pairs from a bag or from folders of images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..fuse.image_names import SUFFIXES
from ..programs.arguments import number
from .errors import CommandError

if TYPE_CHECKING:
    from ..fuse.source import Source
    from ..settings import Settings

_VIDEOS = (
    ".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".seq",
    ".csq", ".gif", ".h264", ".h265", ".hevc", ".flv", ".ogv", ".mts", ".m2ts", ".3gp", ".mjpeg",
    ".mjpg", ".vob", ".y4m",
)  # fmt: skip
_BAG_FILES = (".mcap", ".db3", ".bag", ".active", ".zstd")


def add_source_arguments(parser: argparse.ArgumentParser, is_required: bool = True) -> None:
    """Declare the input and how its pairs are found; options that are not given are None."""
    parser.add_argument(
        "input",
        type=Path,
        nargs=None if is_required else "?",
        help="a bag, a folder of images (RGB or both) or an image",
    )
    parser.add_argument(
        "thermal", type=Path, nargs="?", help="folder of the thermal images, or an image"
    )
    add_pairing_arguments(parser)


def add_pairing_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how a bag's pairs are found."""
    parser.add_argument("--rgb-topic", help="topic in the bag (default: chosen by its name)")
    parser.add_argument("--thermal-topic", help="topic in the bag (default: chosen by its name)")
    parser.add_argument(
        "--slop",
        type=number("--slop", float, 0, 10),
        help="most between a pair's stamps, s (default 0.05)",
    )
    parser.add_argument(
        "--thermal-offset",
        type=number("--thermal-offset", float, -1e10, 1e10),
        help="added to thermal stamps, seconds",
    )


def add_camera_info_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which topics of a bag hold the calibrations."""
    parser.add_argument("--rgb-info-topic", help="camera_info of the bag (default: beside RGB)")
    parser.add_argument("--thermal-info-topic", help="the same of the thermal camera")


def is_bag(path: Path) -> bool:
    """Whether a path is a bag and not a folder of images or an image."""
    from ..bags.recording_names import holds_recording

    if path.is_file():
        return path.suffix.lower() not in (*SUFFIXES, *_VIDEOS)
    return holds_recording(path)


def open_source(arguments: argparse.Namespace, settings: Settings) -> Source:
    """Return the source that ``add_source_arguments`` names; the settings say how a bag is paired.

    ``rgb_info_topic`` and ``thermal_info_topic`` may be among the arguments too.

    Raises:
        BagError, ImageFolderError: it cannot be read, or holds no pairs.
        CommandError: it does not exist, or the topics are not clear.
    """
    from ..bags.reader import BagReader
    from ..bags.topics import UnclearTopicsError, choose_topics
    from ..fuse.bag_source import BagSource
    from ..fuse.folder_source import FolderSource

    path, thermal = arguments.input, arguments.thermal
    _check_given(path, thermal)
    if not is_bag(path):
        return FolderSource.of(path, thermal, settings.fusion.reading)
    infos = [getattr(arguments, name, None) for name in ("rgb_info_topic", "thermal_info_topic")]
    try:
        with BagReader(path) as bag:
            topics = choose_topics(bag, arguments.rgb_topic, arguments.thermal_topic, *infos)
    except UnclearTopicsError as error:
        raise CommandError(f"{error}: name them with --rgb-topic and --thermal-topic") from error
    if topics.rgb == topics.thermal:
        raise CommandError(
            f"{topics.rgb} is given for both cameras: name two topics with --rgb-topic and "
            "--thermal-topic"
        )
    return BagSource(path, topics, settings.sync, settings.fusion)


def _check_given(path: Path, thermal: Path | None) -> None:
    """Say what to give instead of inputs of another kind."""
    for given in filter(None, (path, thermal)):
        if not given.exists():
            raise CommandError(
                f"{given} does not exist: give a bag, a folder of images, or two images"
            )
        if not (given.is_file() or given.is_dir()):
            raise CommandError(f"{given} is a device or a pipe: give a bag or images in files")
        if given.is_file() and given.suffix.lower() in _VIDEOS:
            raise CommandError(
                f"{given} is a video, and bags and images are read: write its frames with "
                f"ffmpeg -i {given} rgb/%06d.png, those of the thermal camera with the same names "
                "into another folder, and give both folders, RGB first"
            )
        if given.name == "metadata.yaml":
            raise CommandError(f"{given} is a part of a bag: give its folder, {given.parent}")
    if thermal is None:
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            raise CommandError(
                f"{path} is one image: give the RGB image and the thermal image, or two folders"
            )
        return
    bags = [given for given in (path, thermal) if is_bag(given)]
    if len(bags) == 2 and all(given.is_dir() or given.suffix in _BAG_FILES for given in bags):
        raise CommandError(
            f"{path} and {thermal} are two bags, and one is read at a time: give one that holds "
            "both cameras, as ros2 bag record writes it, or as ros2 bag convert joins them"
        )
    if bags:
        raise CommandError(
            f"{bags[0]} is no folder of images: give a bag alone, or the RGB images and then the "
            "thermal ones"
        )
