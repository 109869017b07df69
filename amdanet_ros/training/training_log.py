"""The log of a training: one JSON object a line, and optionally TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..one_line import one_line
from ..optional_package import optional_package
from ..whole_file import whole_file


class TrainingLog:
    """Appends to `log.jsonl` in the run's folder; a resume drops the lines after its step.

    Raises:
        ImportError: `tensorboard` is True, for event files too, and TensorBoard is not installed.
    """

    def __init__(self, folder: Path, step: int, tensorboard: bool = False) -> None:
        self.path = folder / "log.jsonl"
        kept = [line for line in self._lines() if line["step"] <= step] if step else []
        with whole_file(self.path) as partial:
            partial.write_text("".join(json.dumps(line) + "\n" for line in kept))
        self._writer = _summary_writer(folder, step) if tensorboard else None

    @property
    def shows_images(self) -> bool:
        """Whether `image` writes anything."""
        return self._writer is not None

    def write(self, step: int, kind: str, values: dict[str, Any]) -> None:
        """Write scalars; TensorBoard takes those of nested mappings too, as kind/mapping/name."""
        with self.path.open("a") as stream:
            stream.write(json.dumps({"step": step, "kind": kind, **values}) + "\n")
        if self._writer is not None:
            for name, value in values.items():
                nested = value if isinstance(value, dict) else {}
                scalars = {f"{name}/{key}": number for key, number in nested.items()}
                for path, number in (scalars or {name: value}).items():
                    if isinstance(number, (int, float)):
                        self._writer.add_scalar(f"{kind}/{path}", number, step)

    def image(self, step: int, name: str, image: np.ndarray) -> None:
        """Show an image, H x W x 3 uint8 RGB, on TensorBoard."""
        if self._writer is not None:
            self._writer.add_image(name, image, step, dataformats="HWC")

    def close(self) -> None:
        """Flush and close what is open."""
        if self._writer is not None:
            self._writer.close()

    def _lines(self) -> list[dict[str, Any]]:
        """Return the lines of the file that are a log's; a killed run leaves an incomplete one."""
        if not self.path.is_file():
            return []
        found = (_parsed(text) for text in self.path.read_bytes().splitlines())
        return [line for line in found if line is not None]


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("step"), int) else None


def _summary_writer(folder: Path, step: int) -> Any:
    try:
        tensorboard = optional_package("torch.utils.tensorboard")
    except ImportError as error:
        raise ImportError(
            f"tensorboard: true needs `pip install tensorboard` ({one_line(error, 200)})"
        ) from error
    # TensorBoard hides what a killed run wrote after the step that it is resumed from.
    return tensorboard.SummaryWriter(
        str(folder / "tensorboard"), purge_step=step + 1 if step else 0
    )
