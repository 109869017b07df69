"""The files of weights: that of a path, or of the name of built-in ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from .errors import DemoWeightsMissingError

BUILT_IN = {
    "street": "street_mit_b0.safetensors",
    "demo": "demo_mit_b0.safetensors",
    "demo_adaptive": "demo_mit_b0_adaptive.safetensors",
}
"""Files of the package's own weights, by the name that replaces their path."""


@contextlib.contextmanager
def checkpoint_file(path: str | Path) -> Iterator[Path]:
    """Yield the checkpoint's file: the path itself, or the file of built-in weights."""
    name = BUILT_IN.get(str(path))
    if name is None:
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
