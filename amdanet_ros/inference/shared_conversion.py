"""OpenVINO's model of a network, converted once for engines of several precisions."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterator
from typing import Any

from . import openvino_runtime as runtime
from .folded import FoldedAMDANet


class SharedConversion:
    """Converts a folded network for the sizes that its engines ask for.

    Args:
        network: in float32, on the CPU.
    """

    def __init__(self, network: FoldedAMDANet) -> None:
        self.network = network
        self._models: dict[tuple[int, int], Any] | None = None

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of all weights and of what the modules are."""
        sums = hashlib.sha256(repr(self.network).encode())
        for name, value in self.network.state_dict().items():
            sums.update(f"{name} {tuple(value.shape)}".encode())
            sums.update(value.contiguous().numpy().data)
        return sums.hexdigest()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the models while the body runs, for engines that are built one after the other."""
        self._models = {}
        try:
            yield
        finally:
            self._models = None

    def model(self, size: tuple[int, int]) -> Any:
        """Return the model for a size (height, width).

        Raises:
            RuntimeError: this OpenVINO cannot convert it.
        """
        if self._models is None:
            return runtime.convert(self.network, size)
        if size not in self._models:
            self._models[size] = runtime.convert(self.network, size)
        return self._models[size]
