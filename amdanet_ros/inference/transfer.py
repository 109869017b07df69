"""Copies of arrays to the device and back, through pinned memory on CUDA."""

from __future__ import annotations

import numpy as np
import torch

from .folded.size_cache import SizeCache

_KEPT = 8


class Transfer:
    """Copies between numpy and one device.

    On CUDA the copies use page-locked buffers, one for each name, shape and type, which makes them
    asynchronous and faster. On the CPU nothing is copied. `pinned` asks for these buffers anywhere.
    """

    def __init__(self, device: torch.device, pinned: bool | None = None) -> None:
        self.device = device
        self._staged = device.type == "cuda" if pinned is None else pinned
        self._buffers = SizeCache(self._buffer, kept=_KEPT)

    def upload(self, name: str, array: np.ndarray) -> torch.Tensor:
        """Return the array as a tensor on the device. On the CPU it shares the array's memory.

        Each name has its own buffer. The next upload of a name overwrites its buffer: the earlier
        copy must have ended, as it has after a `download`.
        """
        # Views of a bag's messages cannot be written to, and torch warns of sharing such memory.
        source = torch.from_numpy(array if array.flags.writeable else array.copy())
        if not self._staged:
            return source.to(self.device)
        buffer = self._buffers(f"up {name}", tuple(source.shape), source.dtype)
        buffer.copy_(source)
        return buffer.to(self.device, non_blocking=True)

    def download(self, tensors: list[torch.Tensor]) -> list[np.ndarray]:
        """Return the tensors as arrays that no later call changes; synchronises once for all."""
        if not self._staged:
            return [tensor.cpu().numpy() for tensor in tensors]
        buffers = []
        for number, tensor in enumerate(tensors):
            buffer = self._buffers(f"down {number}", tuple(tensor.shape), tensor.dtype)
            buffers.append(buffer.copy_(tensor, non_blocking=True))
        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()
        return [buffer.numpy().copy() for buffer in buffers]

    def _buffer(self, _use: str, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, pin_memory=self.device.type == "cuda")
