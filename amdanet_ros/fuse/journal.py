"""What a fuse job has done so far.

One small file a pair, each whole or absent, so that it can go on.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..inference import ClassStatistics
from ..output_place import OutputPlaceError
from ..pipeline.components import Component
from ..pipeline.fusion import Fusion
from ..pipeline.temperature import ClassTemperatures
from .journal_folder import SUFFIX, journal_folder

_ARRAYS = ("mask", "fused", "overlay")
_MARK = "amdanet_fuse_settings.json"


class FuseJournal:
    """A folder of finished results beside the output; the output is made in it too.

    Args:
        output: of the job; the folder is ``.NAME.partial`` beside it.
        settings: what the results depend on; a journal of other settings is thrown away.

    Attributes:
        folder: of the journal.

    Raises:
        OutputPlaceError: the folder is something else, or another process works with it.
        OSError: it cannot be made.
    """

    def __init__(self, output: Path, settings: Mapping[str, Any]) -> None:
        self.folder = journal_folder(output)
        self._output = output.name
        wanted = json.dumps(settings, sort_keys=True, default=str)
        self._check_own()
        self.folder.mkdir(parents=True, exist_ok=True)
        mark = self.folder / _MARK
        self._lock = mark.open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise OutputPlaceError(
                f"another amdanet fuse is writing {output}: wait until it has ended"
            ) from None
        if self.aside.exists() and not os.path.lexists(output):
            # A process was killed before the new output had its name.
            os.replace(self.aside, output)
        if mark.read_text() != wanted:
            self._clear()
            self._lock.truncate(0)
            self._lock.write(wanted)
            self._lock.flush()

    def _check_own(self) -> None:
        """Raise OutputPlaceError where the folder's name belongs to somebody else."""
        if not self.folder.is_dir() and not self.folder.is_symlink():
            return
        held = [path.name for path in self.folder.iterdir()]
        if self.folder.is_symlink() or (held and _MARK not in held):
            raise OutputPlaceError(
                f"{self.folder} is not of amdanet fuse, which needs this name: rename it"
            )

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _MARK:
                path.unlink()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def __contains__(self, name: str) -> bool:
        return self._path(name).exists()

    def put(self, name: str, fusion: Fusion) -> None:
        """Keep what the network gave for a pair: images, statistics, confidence in 255ths."""
        partial = self.folder / "next.part"
        with partial.open("wb") as file:
            np.savez(
                file,
                confidence=cv2.convertScaleAbs(fusion.confidence, alpha=255.0),
                areas=fusion.statistics.areas,
                confidences=fusion.statistics.confidences,
                mean_temperatures=fusion.temperatures.means,
                max_temperatures=fusion.temperatures.maxima,
                components=np.array(fusion.components, np.float64),
                **{each: getattr(fusion, each) for each in _ARRAYS},
            )
        os.replace(partial, self._path(name))

    def get(self, name: str, fusion: Fusion) -> Fusion:
        """Return a fusion with what is kept of its pair.

        Raises:
            OSError: it was damaged, as by a power cut; the next call computes the pair again.
        """
        try:
            with np.load(self._path(name)) as kept:
                return replace(
                    fusion,
                    confidence=kept["confidence"].astype(np.float32) / 255,
                    statistics=ClassStatistics(kept["areas"], kept["confidences"]),
                    temperatures=ClassTemperatures(
                        kept["mean_temperatures"], kept["max_temperatures"]
                    ),
                    components=tuple(map(_component, kept["components"].tolist())),
                    **{each: kept[each] for each in _ARRAYS},
                )
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            self._path(name).unlink(missing_ok=True)
            raise OSError(
                f"the kept result of pair {name} is damaged ({error}): run the same command again"
            ) from error

    def fresh_part(self) -> Path:
        """Return where the output is made: its name in an empty folder of the journal."""
        folder = self.folder / "output"
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        return folder / self._output

    @property
    def aside(self) -> Path:
        """Where an earlier output goes when the new one takes its name."""
        return self.folder / "replaced"

    def remove(self) -> None:
        """The job is done, or nothing of it is worth keeping."""
        self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the journal; where it holds no result it is removed."""
        if self._lock.closed:
            return
        kept = any(True for _ in self.folder.glob(f"*{SUFFIX}")) or self.aside.exists()
        self._lock.close()
        if not kept:
            with suppress(OSError):
                shutil.rmtree(self.folder)


def _component(values: list[float]) -> Component:
    *whole, confidence, mean, maximum = values
    return Component(*map(int, whole), confidence, mean, maximum)
