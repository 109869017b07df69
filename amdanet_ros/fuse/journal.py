"""What a fuse job has done so far.

One small file a pair, each whole or absent, so that it can go on.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..inference import ClassStatistics
from ..pipeline.fusion import Fusion

_ARRAYS = ("mask", "fused", "overlay")


class FuseJournal:
    """A folder of finished results beside the output.

    Args:
        output: of the job; the folder is ``.NAME.partial`` beside it.
        settings: what the results depend on; a journal of other settings is thrown away.
    """

    def __init__(self, output: Path, settings: Mapping[str, Any]) -> None:
        self.folder = output.with_name(f".{output.name}.partial")
        wanted = json.dumps(settings, sort_keys=True, default=str)
        mark = self.folder / "settings.json"
        if self.folder.exists() and (not mark.exists() or mark.read_text() != wanted):
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(wanted)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def __contains__(self, name: str) -> bool:
        return self._path(name).exists()

    def put(self, name: str, fusion: Fusion) -> None:
        """Keep what the network gave for a pair: images, statistics, confidence in 255ths."""
        partial = self.folder / f"{name}.part"
        with partial.open("wb") as file:
            np.savez(
                file,
                confidence=cv2.convertScaleAbs(fusion.confidence, alpha=255.0),
                areas=fusion.statistics.areas,
                confidences=fusion.statistics.confidences,
                **{each: getattr(fusion, each) for each in _ARRAYS},
            )
        os.replace(partial, self._path(name))

    def get(self, name: str, fusion: Fusion) -> Fusion:
        """Return a fusion with what is kept of its pair."""
        with np.load(self._path(name)) as kept:
            return replace(
                fusion,
                confidence=kept["confidence"].astype(np.float32) / 255,
                statistics=ClassStatistics(kept["areas"], kept["confidences"]),
                **{each: kept[each] for each in _ARRAYS},
            )

    def remove(self) -> None:
        """The job is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
