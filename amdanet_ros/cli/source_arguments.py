"""Options of the commands that read pairs from a bag or from folders of images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..fuse.image_names import SUFFIXES
from ..programs.arguments import number
from ..regular_file import refusal
from ..videos.stacking_names import STACKINGS
from ..videos.video_names import SUFFIXES as VIDEO_SUFFIXES
from ..videos.video_names import is_video
from .errors import CommandError

if TYPE_CHECKING:
    from ..bags.reader import BagReader
    from ..fuse.source import Source
    from ..settings import Settings

TOPIC_OPTIONS = (
    "rgb_topic",
    "thermal_topic",
    "rgb_info_topic",
    "thermal_info_topic",
    "depth_topic",
)
"""Which topics of a bag are read."""
_BAG_FILES = (".mcap", ".db3", ".bag", ".active", ".zstd")


def add_source_arguments(parser: argparse.ArgumentParser, is_required: bool = True) -> None:
    """Declare the input and how its pairs are found; options that are not given are None."""
    parser.add_argument(
        "input",
        type=Path,
        nargs=None if is_required else "?",
        help="a bag, a folder of images (RGB or both), an image or a video",
    )
    parser.add_argument(
        "thermal", type=Path, nargs="?", help="folder of the thermal images, an image or a video"
    )
    add_pairing_arguments(parser)


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how images are read, for commands without ``--params-file``."""
    parser.add_argument(
        "--thermal-frame",
        choices=("whole", "upper_half", "lower_half_raw16"),
        help="which part of a frame is the thermal image (thermal.frame)",
    )
    parser.add_argument(
        "--max-image-megapixels",
        type=number("--max-image-megapixels", float, 0.01, 1000),
        help="refuse larger images (default 64)",
    )


def reading_settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings of ``add_source_arguments`` and ``add_reading_arguments``.

    Raises:
        OptionError: a value that is not allowed.
    """
    from ..parameters import build
    from ..settings import Settings

    given = {
        "sync.slop": arguments.slop,
        "sync.thermal_offset": arguments.thermal_offset,
        "thermal.frame": arguments.thermal_frame,
        "max_image_megapixels": arguments.max_image_megapixels,
    }
    return build(Settings, {name: value for name, value in given.items() if value is not None})


def add_pairing_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how the pairs of a bag or of videos are found."""
    parser.add_argument(
        "--stacked",
        choices=STACKINGS,
        help="one video holds both images: RGB above (vertical) or on the left (horizontal)",
    )
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
    parser.add_argument(
        "--depth-topic",
        help="depth images of the bag, for thermal.registration_from: depth (default depth.topic)",
    )


def is_bag(path: Path) -> bool:
    """Whether a path is a bag and not a folder of images or an image."""
    from ..bags.recording_names import holds_recording

    if path.is_file():
        return path.suffix.lower() not in (*SUFFIXES, *VIDEO_SUFFIXES)
    return holds_recording(path)


def in_sequence(arguments: argparse.Namespace) -> bool:
    """Whether the pairs follow one another in time: those of a bag or of videos."""
    path, thermal = arguments.input, arguments.thermal
    return is_video(path) or (thermal is None and is_bag(path))


def open_source(arguments: argparse.Namespace, settings: Settings) -> Source:
    """Return the source that ``add_source_arguments`` names; the settings say how it is paired.

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
    if is_video(path):
        return _video_source(arguments, settings)
    if arguments.stacked:
        raise CommandError(f"--stacked is for one video, and {path} is none: leave it out")
    if not is_bag(path):
        return FolderSource.of(path, thermal, settings.fusion.reading)
    infos = [getattr(arguments, name, None) for name in ("rgb_info_topic", "thermal_info_topic")]
    try:
        with BagReader(path) as bag:
            topics = choose_topics(bag, arguments.rgb_topic, arguments.thermal_topic, *infos)
            depth = _depth_topic(bag, getattr(arguments, "depth_topic", None), settings)
    except UnclearTopicsError as error:
        raise CommandError(f"{error}: name them with --rgb-topic and --thermal-topic") from error
    if topics.rgb == topics.thermal:
        raise CommandError(
            f"{topics.rgb} is given for both cameras: name two topics with --rgb-topic and "
            "--thermal-topic"
        )
    return BagSource(path, topics, settings.sync, settings.fusion, depth)


def _depth_topic(bag: BagReader, given: str | None, settings: Settings) -> str | None:
    """Return the topic of a bag's depth images; None: none are wanted, or there are none."""
    from ..bags.topics import depth_topic
    from ..pipeline.geometry import is_by_depth

    fusion = settings.fusion
    if not is_by_depth(fusion.thermal):
        if given is None:
            return None
        raise CommandError(
            f"--depth-topic {given} is used with thermal.registration_from: depth alone: give "
            "-p thermal.registration_from:=depth, or leave the topic out"
        )
    return depth_topic(bag, fusion.depth.topic if given is None else given, given is not None)


def _video_source(arguments: argparse.Namespace, settings: Settings) -> Source:
    """Return the pairs of two videos, or of one; raises VideoError, CommandError."""
    from ..fuse.video_source import VideoSource
    from ..videos.reader import VideoReader

    path, thermal = arguments.input, arguments.thermal
    for name in TOPIC_OPTIONS:
        if getattr(arguments, name, None):
            raise CommandError(
                f"--{name.replace('_', '-')} is for bags, and {path} is a video: leave it out"
            )
    if thermal is not None and arguments.stacked:
        raise CommandError(
            f"--stacked is for one video that holds both images: leave it out, or give {path} alone"
        )
    if thermal is not None and path.samefile(thermal):
        raise CommandError(
            f"{path} is given for both cameras: give two videos, or --stacked where its frames "
            "hold both images"
        )
    with VideoReader(path, thermal, arguments.stacked) as videos:
        cameras = videos.cameras
        videos.check_size(settings.fusion.reading)
    if thermal is None and arguments.stacked is None:
        raise CommandError(
            f"{path} is one video: give the RGB video and then the thermal one, or --stacked "
            "where its frames hold both images"
        )
    return VideoSource(
        path, cameras, settings.sync, settings.fusion, thermal=thermal, stacking=arguments.stacked
    )


def _check_given(path: Path, thermal: Path | None) -> None:
    """Say what to give instead of inputs of another kind."""
    for given in filter(None, (path, thermal)):
        if not given.exists():
            raise CommandError(
                f"{given} does not exist: give a bag, a folder of images, two images or two videos"
            )
        if words := refusal(given, "a bag, a video, or images in files"):
            raise CommandError(f"{given} {words}")
        if given.name == "metadata.yaml":
            raise CommandError(f"{given} is a part of a bag: give its folder, {given.parent}")
    if thermal is not None and is_video(path) != is_video(thermal):
        video, other = (path, thermal) if is_video(path) else (thermal, path)
        raise CommandError(
            f"{video} is a video and {other} is none: give two videos, or write its frames with "
            f"`ffmpeg -i {video} frames/%06d.png` and give two folders"
        )
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
