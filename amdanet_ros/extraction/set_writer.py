"""Writes extracted pairs as a data set: the folders and lists that training reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..class_table_file import class_table_text
from ..classes import ClassTable
from ..evaluation.label_origin import LABEL_ORIGIN, label_digest
from ..images.png_output import write_png
from .registered_pair import RegisteredPair

CLASSES_FILE = "classes.yaml"
CONFIDENCE = "Confidence"
"""Folder of the network's confidence in each label, 8 bits: 0 to 255 for 0 to 1."""

_FOLDERS = ("Visible", "Infrared", "Label", CONFIDENCE)


class SetWriter:
    """Writes pairs into a folder that is whole once `close` is through.

    Args:
        folder: exists and is empty.
        classes: of the labels.
        network: who labels, for people.

    Attributes:
        folder: as given.
    """

    def __init__(self, folder: Path, classes: ClassTable, network: str) -> None:
        self.folder, self._classes, self._network = folder, classes, network
        self._digests: dict[str, str] = {}
        self._facts: dict[str, Mapping[str, Any]] = {}
        for each in _FOLDERS:
            (folder / each).mkdir()

    def put(
        self,
        name: str,
        pair: RegisteredPair,
        labels: np.ndarray,
        confidence: np.ndarray,
        facts: Mapping[str, Any],
    ) -> int:
        """Write one pair; return the bytes of its files.

        Args:
            name: of the pair, new.
            pair: its images, H x W.
            labels: H x W uint8, class index; 255: not labelled.
            confidence: H x W float, 0 to 1.
            facts: where it comes from, kept as JSON.
        """
        sure = np.rint(255.0 * np.clip(confidence, 0, 1)).astype(np.uint8)
        images = (pair.rgb[..., ::-1], pair.thermal, labels, sure)
        files = [self.folder / each / f"{name}.png" for each in _FOLDERS]
        for file, image in zip(files, images, strict=True):
            write_png(file, image)
        self._digests[name] = label_digest(labels)
        self._facts[name] = facts
        return sum(each.stat().st_size for each in files)

    def close(self, lists: Mapping[str, Sequence[str]]) -> None:
        """Write the lists (names by the list's name), the class table and where all comes from."""
        text = class_table_text(self._classes)
        (self.folder / CLASSES_FILE).write_text(text, encoding="utf-8")
        origin = {"network": self._network, "labels": self._digests}
        (self.folder / LABEL_ORIGIN).write_text(json.dumps(origin, indent=1))
        (self.folder / "pairs.json").write_text(json.dumps(self._facts, indent=1))
        for name, names in lists.items():
            (self.folder / f"{name}.txt").write_text("".join(f"{each}\n" for each in names))


def name_of(recording: Path, pair: str, taken: Mapping[str, Any] | set[str]) -> str:
    """Return a new name, fit for a list and a file: the recording's and the pair's."""
    stem = re.sub(r"[^A-Za-z0-9-]+", "_", recording.stem or recording.name).strip("_") or "bag"
    part = re.sub(r"[^A-Za-z0-9-]+", "_", pair).strip("_") or "pair"
    name, number = f"{stem[:80]}_{part[:80]}", 1
    while name in taken:
        number += 1
        name = f"{stem[:80]}_{number}_{part[:80]}"
    return name
