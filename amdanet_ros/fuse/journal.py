"""What a fuse job has done so far.

One small file a pair, each whole or absent, so that it can go on.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from ..inference import Prediction


class FuseJournal:
    """A folder of finished predictions beside the output.

    Args:
        output: of the job; the folder is ``.NAME.partial`` beside it.
        settings: what the predictions depend on; a journal of other settings is thrown away.
    """

    def __init__(self, output: Path, settings: dict[str, Any]) -> None:
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

    def put(self, name: str, prediction: Prediction) -> None:
        """Keep a prediction (labels, confidence in 255ths, fused)."""
        partial = self.folder / f"{name}.part"
        with partial.open("wb") as file:
            np.savez(
                file,
                labels=prediction.labels,
                confidence=np.round(255 * prediction.confidence).astype(np.uint8),
                fused=prediction.fused,
                num_classes=prediction.num_classes,
            )
        os.replace(partial, self._path(name))

    def get(self, name: str) -> Prediction:
        """A kept prediction."""
        with np.load(self._path(name)) as kept:
            confidence = kept["confidence"].astype(np.float32) / 255
            return Prediction(kept["labels"], confidence, kept["fused"], int(kept["num_classes"]))

    def remove(self) -> None:
        """The job is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
