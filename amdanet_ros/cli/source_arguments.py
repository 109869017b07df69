"""Options of the commands that read pairs from a bag or from folders of images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError

if TYPE_CHECKING:
    from ..fuse.source import Source
    from ..settings import Settings


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the input and how its pairs are found; options that are not given are None."""
    parser.add_argument("input", type=Path, help="a bag, or a folder of images (RGB, or both)")
    parser.add_argument("thermal", type=Path, nargs="?", help="folder of the thermal images")
    parser.add_argument("--rgb-topic", help="topic in the bag (default: chosen by its name)")
    parser.add_argument("--thermal-topic", help="topic in the bag (default: chosen by its name)")
    parser.add_argument("--slop", type=float, help="most between a pair's stamps, s (default 0.05)")
    parser.add_argument("--thermal-offset", type=float, help="added to thermal stamps, seconds")


def is_bag(path: Path) -> bool:
    """Whether a path is a bag and not a folder of images."""
    from ..bags.recording_names import holds_recording

    return path.is_file() or holds_recording(path)


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

    path = arguments.input
    if not path.exists():
        raise CommandError(f"{path} does not exist: give a bag or a folder of images")
    if not is_bag(path) or arguments.thermal is not None:
        return FolderSource.of(path, arguments.thermal, settings.fusion.reading)
    infos = [getattr(arguments, name, None) for name in ("rgb_info_topic", "thermal_info_topic")]
    try:
        with BagReader(path) as bag:
            topics = choose_topics(bag, arguments.rgb_topic, arguments.thermal_topic, *infos)
    except UnclearTopicsError as error:
        raise CommandError(f"{error}: name them with --rgb-topic and --thermal-topic") from error
    return BagSource(path, topics, settings.sync, settings.fusion)
