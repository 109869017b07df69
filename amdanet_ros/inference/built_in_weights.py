"""The files of weights: that of a path, or of the name of built-in ones."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from ..network.weights_file import WeightsFileError, open_weights
from ..one_line import one_line
from ..user_folders import NoHomeError, expanded
from .errors import DemoWeightsMissingError

BUILT_IN = {
    "street": "street_mit_b0.safetensors",
    "demo": "demo_mit_b0.safetensors",
    "demo_adaptive": "demo_mit_b0_adaptive.safetensors",
}
"""Files of the package's own weights, by the name that replaces their path."""


@contextlib.contextmanager
def checkpoint_file(path: str | Path) -> Iterator[Path]:
    """Yield the checkpoint's file: the path itself, or the file of built-in weights.

    Raises:
        CheckpointError: it is no file, nor the name of built-in weights.
        DemoWeightsMissingError: a built-in one that is not installed.
    """
    name = BUILT_IN.get(str(path))
    if name is None:
        _refuse_unless_file(path)
        yield Path(path)
        return
    weights = resources.files("amdanet_ros").joinpath("weights").joinpath(name)
    if not weights.is_file():
        raise DemoWeightsMissingError(
            f"the built-in weights {name} are not in this installation of amdanet_ros: "
            f"install the package again, or name a checkpoint file instead of {str(path)!r}"
        )
    with resources.as_file(weights) as file:
        yield file


def _refuse_unless_file(path: str | Path) -> None:
    from ..network.checkpoint import CheckpointError

    try:
        with open_weights(expanded(path)):
            pass
    except NoHomeError as error:
        raise CheckpointError(f"checkpoint {error}") from error
    except WeightsFileError as error:
        words = str(error)
        if isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
            near = difflib.get_close_matches(Path(path).stem.lower()[:60], BUILT_IN, 1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            words = (
                f"does not exist{meant}: give the path of a .pth, .safetensors or .onnx file, or "
                f"the name of built-in weights: {', '.join(BUILT_IN)}"
            )
        raise CheckpointError(f"checkpoint {one_line(path)} {words}") from error
