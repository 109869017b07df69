"""What is recorded: the options that `amdanet record` and `amdanet_recorder` share."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass

from .errors import BagError
from .writer import STORAGES

_PART = r"(?:[A-Za-z_{}][A-Za-z0-9_{}]*)"
_NAME = re.compile(rf"(?:~|(?:~/|/)?{_PART})(?:/{_PART})*")


@dataclass(frozen=True)
class RecordingOptions:
    """What to record and where.

    Attributes:
        topics: names, absolute or relative to the recorder's namespace; empty: all.
        output: the bag's folder; it must not exist.
        storage: "sqlite3" (readable after a crash) or "mcap" (complete only when closed).
    """

    topics: tuple[str, ...]
    output: str
    storage: str = "sqlite3"


def add_recording_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options on a parser."""
    parser.add_argument("topics", nargs="*", help="topics to record, also those that appear later")
    parser.add_argument("-a", "--all", action="store_true", help="record all topics")
    parser.add_argument("-o", "--output", required=True, help="folder of the new bag")
    parser.add_argument(
        "--storage",
        choices=tuple(STORAGES),
        default="sqlite3",
        help="sqlite3 (default): readable after a crash or power cut; mcap: only when closed",
    )


def read_recording_options(arguments: argparse.Namespace) -> RecordingOptions:
    """Turn parsed arguments into options.

    Raises:
        BagError: neither topics nor ``--all``.
    """
    if not arguments.topics and not arguments.all:
        raise BagError("nothing to record: name topics, or give --all")
    topics = () if arguments.all else tuple(arguments.topics)
    for topic in topics:
        if not _NAME.fullmatch(topic):
            raise BagError(
                f"{topic!r} is no name of a topic: it has letters, digits and _, in parts that / "
                "separates, for example /segmentation/mask"
            )
    return RecordingOptions(topics, arguments.output, arguments.storage)
