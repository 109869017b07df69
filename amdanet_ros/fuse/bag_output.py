"""A bag with all that the node publishes for the same pairs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..bags.message_types import RosbagsTypes, typestore
from ..bags.writer import BagWriter, quality
from ..messages import OUTPUTS, Messages
from ..pipeline.fusion import Fusion
from .source import SourcePair


class BagOutput:
    """A bag with the node's topics; messages are recorded at the time of their pair.

    What the node publishes once and for who joins late is written when it changes.

    Args:
        path: of the new bag.
        storage: "mcap" or "sqlite3".
    """

    def __init__(self, path: Path, storage: str = "mcap") -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.part") / path.name
        if self._partial.exists():
            shutil.rmtree(self._partial)
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        self._bag = BagWriter(self._partial, storage)
        self._messages = Messages(RosbagsTypes())
        self._latched: dict[str, bytes] = {}

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Append the messages that the node would publish for this pair."""
        for output in OUTPUTS:
            message = self._messages.of(output, fusion)
            if message is None:
                continue
            raw = bytes(typestore().serialize_cdr(message, output.type))
            if output.latched and self._latched.get(output.topic) == raw:
                continue
            if output.latched:
                self._latched[output.topic] = raw
            topic = f"/{output.topic}"
            offered = quality(True, output.latched, depth=1 if output.latched else 10)
            self._bag.add_topic(topic, output.type, [offered])
            self._bag.write(topic, output.type, pair.recorded_ns, raw)

    def close(self) -> None:
        """Give the bag its name."""
        self._bag.close()
        os.replace(self._partial, self._path)
        self._partial.parent.rmdir()
