"""A set of training pairs of each recording of a fleet."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..fleet.unit import Unit
from .extract_work import Recording, chosen_pairs, write_set
from .fuse_options import file_fingerprints, files_of, load_predictor, result_options
from .settings_arguments import read_settings
from .source_arguments import open_source

if TYPE_CHECKING:
    from ..inference import Predictor

_OPTIONS = ("every", "count", "change", "confidence", "held", "degraded_rgb")


class ExtractTask:
    """Does what `amdanet extract` does, see ``FolderTask``; the network is loaded once.

    Args:
        arguments: of `amdanet extract`, without inputs and output.

    Raises:
        CommandError, ValueError: an option is wrong.
        CheckpointError: the checkpoint cannot be read.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        from ..inference.checkpoint_file import read_checkpoint
        from ..parameters import build, flat

        settings = read_settings(arguments, {"thermal.smoothing": 0.0})
        # Workers on other machines have another working folder.
        files = {name: os.path.abspath(each) for name, each in files_of(settings).items()}
        self._settings = build(type(settings), {**flat(settings), **files})
        self._arguments = argparse.Namespace(**{**vars(arguments), "run": None})
        self.device = settings.network.device
        self.files = [Path(each) for each in files.values()]
        self._fingerprints = file_fingerprints(self._settings)
        options = result_options(arguments, self._settings, "set", self._fingerprints)
        further = {name: getattr(arguments, name) for name in _OPTIONS}
        self.options: dict[str, Any] = {"task": "extract", **options, **further}
        self._predictor: Predictor | None = None
        if Path(self._settings.network.checkpoint).suffix != ".onnx":
            read_checkpoint(self._settings.network.checkpoint)

    def make(self, unit: Unit, folder: Path, place: Path) -> dict[str, Any]:
        """Write a set of the pairs of one recording."""
        thermal = unit.thermal and Path(unit.thermal)
        given = {**vars(self._arguments), "input": Path(unit.input), "thermal": thermal}
        arguments = argparse.Namespace(**given)
        recording = Recording(arguments.input, open_source(arguments, self._settings))
        chosen = chosen_pairs([recording], self._settings, arguments)
        self._predictor = self._predictor or load_predictor(self._settings, self._fingerprints)
        extracted = write_set(folder, chosen, self._predictor, self._settings, arguments)
        return {**extracted.outcome.values(), "figures": {"candidates": chosen.candidates}}
