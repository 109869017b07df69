"""The folded network run by OpenVINO: one graph for each size, made when the size first comes."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import torch
from torch import Tensor

from ..graphs import openvino_core, read_ahead
from ..graphs.graph_cache import GraphCache
from ..graphs.read_ahead import GraphUse
from . import openvino_runtime as runtime
from .errors import InferenceError
from .folded.size_cache import SizeCache
from .plain_engine import EngineOutput
from .shared_conversion import SharedConversion

_KEPT = 4
_FORMAT = 3
"""Raised whenever the same weights give another graph."""


class OpenVinoEngine:
    """Runs the folded network on one of OpenVINO's devices; see ``plain_engine.Engine``.

    Its outputs are valid until the next call. Of each size one graph is made: read from the cache,
    or converted in some seconds. While ``in_background`` is set, a new size is served by torch in
    fp32 until its graph is ready; else its first call waits. A graph of the most recent four sizes
    is kept. With ``is_chosen``, the first graph that it runs is noted for the program's next start.

    Args:
        conversion: of the network; other engines may share it.
        device: OpenVINO's name, such as "CPU".
        precision: "fp32", "bf16" or "fp16".
        cache: of compiled graphs.
    """

    def __init__(
        self, conversion: SharedConversion, device: str, precision: str, cache: GraphCache
    ) -> None:
        self._conversion = conversion
        self._network = conversion.network
        self._device = device
        self._precision = precision
        self._cache = cache
        self._graphs = SizeCache(lambda height, width: _Graph((height, width)), _KEPT)
        self._failure = ""
        self._is_noted = False
        self.in_background = False
        self.is_chosen = False

    @property
    def name(self) -> str:
        """The engine's name for messages."""
        failure = f" (torch instead: {self._failure})" if self._failure else ""
        return f"OpenVINO {runtime.version().split('-')[0]} {self._device}{failure}"

    def __call__(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool = True, want_fused: bool = True
    ) -> EngineOutput:
        """Compute both outputs, sample by sample; what is not wanted is None.

        Raises:
            InferenceError: the graph cannot be made and nothing else serves.
        """
        graph: _Graph = self._graphs(int(rgb.shape[2]), int(rgb.shape[3]))
        if graph.request is None and not graph.has_failed:
            self._prepare(graph)
        if graph.request is None:
            return self._network(rgb, thermal, want_logits, want_fused)
        if self.is_chosen and not self._is_noted:
            self._is_noted = True
            note_use(self._use_of(graph.size))
        return graph.run(rgb, thermal, want_logits, want_fused)

    def _prepare(self, graph: _Graph) -> None:
        ahead = read_ahead.of_process()
        is_read = ahead is not None and ahead.has(self._use_of(graph.size).key)
        if is_read or not self.in_background:
            graph.request = self._build(graph.size)
        elif not graph.is_building:
            graph.is_building = True
            # No daemon: an interpreter that ends while OpenVINO computes aborts. Programs do not
            # wait for it, see `run_program`.
            threading.Thread(
                target=self._build_beside, args=(graph,), name="openvino_graph"
            ).start()

    def _build_beside(self, graph: _Graph) -> None:
        try:
            graph.request = self._build(graph.size)
        except (InferenceError, MemoryError) as error:
            self._failure = str(error) or "too little memory"
            graph.has_failed = True
            note_use(None)

    def _build(self, size: tuple[int, int]) -> Any:
        """Return what runs the network at a size."""
        use = self._use_of(size)
        ahead = read_ahead.of_process()
        compiled = None if ahead is None else ahead.take(use.key)
        if compiled is not None:
            return compiled.create_infer_request()
        found = self._cache.get(use.key)
        if found is not None:
            try:
                return self._compiled(found, use).create_infer_request()
            except RuntimeError:  # of another build of OpenVINO: made again
                self._cache.remove(use.key)
        try:
            compiled = self._compiled(self._conversion.model(size), use)
            request = compiled.create_infer_request()
        except (RuntimeError, ImportError) as error:
            last = (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
            raise InferenceError(
                f"OpenVINO {self._device} does not take the network at {size[0]} x {size[1]} in "
                f"{self._precision}: {last}: set engine to torch"
            ) from error
        if self._cache.is_used:
            # A device that cannot give its graphs converts at each start.
            with contextlib.suppress(RuntimeError, MemoryError):
                self._cache.put(use.key, openvino_core.compiled_bytes(compiled))
        return request

    @staticmethod
    def _compiled(model: Any, use: GraphUse) -> Any:
        return openvino_core.compile_model(model, use.device, use.precision, use.threads)

    def _use_of(self, size: tuple[int, int]) -> GraphUse:
        threads = torch.get_num_threads()
        parts = [
            f"{_FORMAT} {self._conversion.digest} {size[0]}x{size[1]} {self._precision} {threads}",
            f"{self._device} {runtime.processor_name(self._device)} {runtime.version()}",
        ]
        return GraphUse(" ".join(parts), self._device, self._precision, threads)


class _Graph:
    """The graph of one size, from the moment that the size is asked for."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.request: Any = None
        self.is_building = False
        self.has_failed = False

    def run(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool, want_fused: bool
    ) -> EngineOutput:
        outputs: list[list[Tensor]] = [[], []]
        for i in range(len(rgb)):
            pair = [each[i : i + 1].contiguous().numpy() for each in (rgb, thermal)]
            self.request.infer(pair, share_inputs=True)
            for number, each in enumerate(outputs):
                found = torch.from_numpy(self.request.get_output_tensor(number).data)
                each.append(found if len(rgb) == 1 else found.clone())
        logits, fused = (each[0] if len(each) == 1 else torch.cat(each) for each in outputs)
        return EngineOutput(logits if want_logits else None, fused if want_fused else None)


def note_use(use: GraphUse | None) -> None:
    """Let the next start of this program read a graph ahead; None: none."""
    ahead = read_ahead.of_process()
    if ahead is not None:
        ahead.note(use)
