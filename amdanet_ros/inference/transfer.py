"""Arrays to the device and back, through pinned memory where that is faster."""

from __future__ import annotations

import numpy as np
import torch

from .folded.size_cache import SizeCache

_KEPT = 8


class Transfer:
    """Copies between numpy and one device.

    For CUDA the copies go through page-locked buffers that are kept, one for each shape, type and
    direction: the copy is then asynchronous and at the full speed of the bus. On the CPU nothing
    is copied.

    Args:
        device: the other side.
        pinned: page-locked buffers; by default where the device is CUDA.
    """

    def __init__(self, device: torch.device, pinned: bool | None = None) -> None:
        self.device = device
        self._staged = device.type == "cuda" if pinned is None else pinned
        self._buffers = SizeCache(self._buffer, kept=_KEPT)

    def upload(self, name: str, array: np.ndarray) -> torch.Tensor:
        """Return the array's numbers on the device. On the CPU they are shared with the array.

        Arrays of different names have buffers of their own. A buffer is filled again at the next
        upload of its name: the copy before must have ended, as it has after a `download`.
        """
        source = torch.from_numpy(array)
        if not self._staged:
            return source.to(self.device)
        buffer = self._buffers(f"up {name}", tuple(source.shape), source.dtype)
        buffer.copy_(source)
        return buffer.to(self.device, non_blocking=True)

    def download(self, tensors: list[torch.Tensor]) -> list[np.ndarray]:
        """Return the tensors' numbers as arrays of the caller's own; waits once for all."""
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
