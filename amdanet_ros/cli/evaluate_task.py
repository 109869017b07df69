"""Scores of a checkpoint on each data set of a fleet."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from .. import __version__
from ..fleet.unit import Unit
from ..user_folders import expanded

_OPTIONS = ("split", "protocol", "window", "inference_size", "fusion_metrics")
_NOT_GIVEN = {
    "new": None, "against": None, "synthetic": None, "objects": None, "compare_fusions": False,
    "out": None, "report": True, "cache": "",
}  # fmt: skip
"""Arguments of `amdanet evaluate` that a fleet has not."""


class EvaluateTask:
    """Does what `amdanet evaluate` does with a data set, see ``FolderTask``.

    Args:
        arguments: of `amdanet evaluate`, without the data set.

    Raises:
        CheckpointError, ValueError: a checkpoint or a class table cannot be used.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        from ..fuse.made_of import file_fingerprint
        from ..inference.built_in_weights import checkpoint_file

        # Workers on other machines have another working folder.
        absolute = {
            name: os.path.abspath(expanded(value))
            for name in ("checkpoint", "classes")
            if os.path.isfile(expanded(value := getattr(arguments, name)))
        }
        self._arguments = argparse.Namespace(**{**vars(arguments), **_NOT_GIVEN, **absolute})
        self._arguments.run = None
        self.device = arguments.device
        self.files = [Path(each) for each in absolute.values()]
        with checkpoint_file(self._arguments.checkpoint) as file:
            weights = file_fingerprint(file)
        classes = arguments.classes
        if "classes" in absolute:
            classes = file_fingerprint(Path(absolute["classes"]))
        options = {name: getattr(arguments, name) for name in _OPTIONS}
        self.options: dict[str, Any] = {
            "task": "evaluate",
            **options,
            "checkpoint": weights,
            "classes": classes,
            "version": __version__,
        }

    def make(self, unit: Unit, folder: Path, place: Path) -> dict[str, Any]:
        """Write the scores of one data set."""
        from ..report.page import write_page
        from .evaluate import evaluated

        # Of torchrun, which may have started this rank: nobody else evaluates this set.
        os.environ.update(RANK="0", WORLD_SIZE="1")
        found = evaluated(argparse.Namespace(**{**vars(self._arguments), "data": unit.input}))
        for name, text in found.files.items():
            (folder / name).write_text(text)
        write_page(folder / "evaluation.html", found.page)
        scores = json.loads(found.files["evaluation.json"])
        figures = {"mIoU": scores["mIoU"]}
        figures |= {f"IoU of {name}": each["IoU"] for name, each in scores["classes"].items()}
        rounded = {name: round(each, 4) for name, each in figures.items() if each is not None}
        return {"pairs": scores["pairs"], "figures": rounded}
