"""A calibration of each recording of a fleet, as of the rigs of many vehicles."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import __version__
from ..fleet.unit import Unit
from .calibrate_work import board_of, calibrated, sentences
from .said import say
from .source_arguments import open_source, reading_settings

_OPTIONS = (
    "board", "square", "pattern", "rgb_distortion", "thermal_distortion", "views", "frames",
    "thermal_frame", "max_image_megapixels", "slop", "thermal_offset", "rgb_topic",
    "thermal_topic", "stacked",
)  # fmt: skip


class CalibrateTask:
    """Does what `amdanet calibrate` does, see ``FolderTask``.

    Args:
        arguments: of `amdanet calibrate`, without input and output.

    Raises:
        CommandError, OptionError: an option is wrong.
    """

    device = "cpu"
    files: tuple[Path, ...] = ()

    def __init__(self, arguments: argparse.Namespace) -> None:
        board_of(arguments)
        self._settings = reading_settings(arguments)
        self._arguments = argparse.Namespace(**{**vars(arguments), "run": None})
        options = {name: getattr(arguments, name) for name in _OPTIONS}
        self.options: dict[str, Any] = {"task": "calibrate", **options, "version": __version__}

    def make(self, unit: Unit, folder: Path, place: Path) -> dict[str, Any]:
        """Write the calibration of one recording."""
        thermal = unit.thermal and Path(unit.thermal)
        given = {**vars(self._arguments), "input": Path(unit.input), "thermal": thermal}
        arguments = argparse.Namespace(**given)
        source = open_source(arguments, self._settings)
        found = calibrated(source, self._settings, arguments)
        say(sentences(found.rig))
        found.write(folder, place)
        rig = found.rig
        figures = {
            "RGB error, pixels": rig.rgb.error,
            "thermal error, pixels": rig.thermal.error,
            "error of both, pixels": rig.pair.error,
        }
        for axis, each in zip("xyz", rig.pair.translation.reshape(3), strict=True):
            figures[f"translation {axis}, mm"] = 1000 * each
        rounded = {name: round(float(each), 3) for name, each in figures.items()}
        return {"pairs": len(rig.pair.names), "figures": rounded}
