"""CUDA graphs of an engine: one launch for each image pair instead of a thousand.

A graph is recorded once for each input size and choice of outputs, compared with the engine itself,
and then replayed. The graphs of the most recent sizes are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from .folded.size_cache import SizeCache
from .plain_engine import Engine, EngineOutput

_KEPT = 4
_WARM_UP = 2
_TOLERANCE = 2e-2


class RecordableEngine(Engine, Protocol):
    """An engine that lists its size-dependent tensors, so that a graph can keep them alive."""

    def size_dependent(self) -> list[object]:
        """Return the cached tensors of the latest sizes."""


class Recording(NamedTuple):
    """A recorded run: copy inputs into `rgb` and `thermal`, call `replay`, read `output`."""

    rgb: Tensor
    thermal: Tensor
    output: EngineOutput
    replay: Callable[[], None]
    kept_alive: list[object]


def record_cuda_graph(run: Callable[[], EngineOutput]) -> tuple[EngineOutput, Callable[[], None]]:
    """Record a run as a CUDA graph; its inputs and buffers must keep their memory.

    Returns:
        (the outputs, overwritten by each replay; the replay).
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = run()
    return output, graph.replay


class GraphedEngine:
    """Replays recorded runs of an engine. Its outputs are valid until the next call.

    If recording fails or its result differs from the engine's, the engine itself is used, and
    `name` says so. ``kept`` recordings are kept; the least recently used one is dropped first.
    """

    def __init__(
        self, engine: RecordableEngine, record: Callable = record_cuda_graph, kept: int = _KEPT
    ) -> None:
        self._engine = engine
        self._record = record
        self._recordings = SizeCache(self._recorded, kept)
        self._failure = ""

    @property
    def name(self) -> str:
        """The engine's name for messages."""
        if self._failure:
            return f"{self._engine.name} (without CUDA graphs: {self._failure})"
        return f"{self._engine.name}, CUDA graphs"

    def __call__(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool = True, want_fused: bool = True
    ) -> EngineOutput:
        """Compute what is wanted."""
        recording = None
        if not self._failure:
            key = (tuple(rgb.shape), tuple(thermal.shape), rgb.dtype, rgb.device)
            recording = self._recordings(*key, want_logits, want_fused)
        if recording is None:
            return self._engine(rgb, thermal, want_logits, want_fused)
        recording.rgb.copy_(rgb)
        recording.thermal.copy_(thermal)
        recording.replay()
        return recording.output

    def _recorded(
        self,
        rgb_shape: tuple[int, ...],
        thermal_shape: tuple[int, ...],
        dtype: torch.dtype,
        device: torch.device,
        *wants: bool,
    ) -> Recording | None:
        generator = torch.Generator().manual_seed(0)
        rgb = torch.rand(rgb_shape, generator=generator).to(device, dtype)
        thermal = torch.rand(thermal_shape, generator=generator).to(device, dtype)
        expected = self._engine(rgb, thermal, *wants)
        try:
            output, replay = self._record(lambda: self._engine(rgb, thermal, *wants))
            replay()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self._failure = str(error).strip().splitlines()[0]
            return None
        for got, wanted in zip(output, expected, strict=True):
            if wanted is not None and not _agree(got, wanted):
                self._failure = "a recorded run departs from the engine's own"
                return None
        return Recording(rgb, thermal, output, replay, self._engine.size_dependent())


def _agree(got: Tensor, wanted: Tensor) -> bool:
    scale = wanted.abs().mean().clamp_min(1e-12)
    return bool((got - wanted).abs().mean() <= _TOLERANCE * scale)
