"""metadata.yaml of a bag: what it says about the files beside it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from rosbags.interfaces import Qos

from .offered_qos import offered_qos
from .plain_yaml import load_plain, mapping, number, sequence, text

_NEWEST_VERSION = 9
_FIRST_WITH_PLAIN_PATHS = 4
_MOST_FILES = 100_000
_MOST_TOPICS = 100_000


class PromisedTopic(NamedTuple):
    """A topic that metadata.yaml names: its name, type, number of messages and offered QoS."""

    name: str
    type: str
    count: int
    qos: tuple[Qos, ...]


class BagMetadata(NamedTuple):
    """What metadata.yaml says.

    Attributes:
        files: names of the storage files, in the bag's folder.
        topics: what they hold.
        counts: messages of each file, where that is known.
    """

    files: tuple[str, ...]
    topics: tuple[PromisedTopic, ...]
    counts: dict[str, int]


def read_metadata(file: Path) -> BagMetadata:
    """Read metadata.yaml of any version; a field that is missing or odd counts as empty.

    Raises:
        ValueError: it holds nothing that can be relied on; the message goes on after "it".
        OSError: it cannot be read.
    """
    if not file.is_file():
        raise ValueError("it is no file")
    with file.open("rb") as opened:
        data = opened.read(2**22 + 1)
    content = load_plain(data.decode("utf-8", "replace"))
    bag = mapping(mapping(content).get("rosbag2_bagfile_information"))
    if not bag:
        raise ValueError("it holds no rosbag2_bagfile_information")
    version = number(bag.get("version"), -1)
    if not 1 <= version <= _NEWEST_VERSION:
        given = text(bag.get("version"))[:20]
        raise ValueError(f"its version is {given!r}, and 1 to {_NEWEST_VERSION} are known")
    packed_with = text(bag.get("compression_format"))
    if packed_with not in ("", "zstd", "none"):
        raise ValueError(f"its compression {packed_with[:40]!r} is not known")
    files = [text(each) for each in sequence(bag.get("relative_file_paths"))[:_MOST_FILES]]
    return BagMetadata(
        tuple(dict.fromkeys(_inside(name, version) for name in files if name)),
        tuple(_topics(bag)),
        {
            PurePosixPath(text(each.get("path"))).name: number(each.get("message_count"))
            for each in map(mapping, sequence(bag.get("files")))
        },
    )


def _inside(name: str, version: int) -> str:
    path = PurePosixPath(name)
    # Old versions write the folder's own path in front.
    if version >= _FIRST_WITH_PLAIN_PATHS and (path.is_absolute() or ".." in path.parts):
        raise ValueError(f"it names {name[:100]!r}, which lies outside the bag's folder")
    return path.name


def _topics(bag: dict[str, Any]) -> list[PromisedTopic]:
    found = []
    for each in map(mapping, sequence(bag.get("topics_with_message_count"))[:_MOST_TOPICS]):
        topic = mapping(each.get("topic_metadata"))
        name, kind = text(topic.get("name")), text(topic.get("type"))
        if name and kind:
            qos = offered_qos(topic.get("offered_qos_profiles"))
            found.append(PromisedTopic(name, kind, number(each.get("message_count")), qos))
    return found
