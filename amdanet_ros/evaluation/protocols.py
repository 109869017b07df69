"""How the network is applied to an image in an evaluation: whole, or by the released protocol."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..inference.finite_output import check_finite
from ..inference.plain_engine import EngineOutput
from ..network.amdanet import AMDANetOutput

RELEASED_WINDOWS = {"mfnet": (480, 640), "fmb": (640, 480), "pst900": (720, 1280)}
"""Window (height, width) of the released evaluation scripts by name of the class table."""

Network = Callable[[Tensor, Tensor], AMDANetOutput]


def plain(network: Network, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor | None]:
    """Run whole images, two B x 3 x H x W in [0, 1]; the network is in evaluation mode.

    Returns:
        labels B x H x W (int64) and the fused image B x 3 x H x W in [0, 1], None if the network
        gives none.

    Raises:
        NonFiniteOutputError: the network gives NaN or infinite numbers.
    """
    output = _output(network, rgb, thermal)
    return output.logits.argmax(dim=1), output.fused


def released(
    network: Network, rgb: Tensor, thermal: Tensor, window: tuple[int, int]
) -> tuple[Tensor, Tensor | None]:
    """Run images by the released protocol: one scale, no flip, zero padding, windows.

    An image that is not larger than the window in both directions is run whole, zero-padded to the
    window in each smaller direction (half on each side, the odd pixel at the bottom or right). A
    larger one is run in windows at a stride of ceil(2/3 window), the last ones moved back
    inside; exponentials of the logits are added, fused images averaged. (The released code
    exchanges the axes of its window there; this function does not.)

    Takes and returns what `plain` does; `window` is (height, width).
    """
    height, width = rgb.shape[2:]
    if height <= window[0] or width <= window[1]:
        return _whole(network, rgb, thermal, window)
    scores: Tensor | None = None
    fused: Tensor | None = torch.zeros_like(rgb)
    visits = torch.zeros_like(rgb[:, :1])
    for top in window_starts(height, window[0]):
        for left in window_starts(width, window[1]):
            area = (..., slice(top, top + window[0]), slice(left, left + window[1]))
            output = _output(network, rgb[area], thermal[area])
            if scores is None:
                size = (rgb.shape[0], output.logits.shape[1], height, width)
                scores = output.logits.new_full(size, -math.inf)
            scores[area] = torch.logaddexp(scores[area], output.logits)
            visits[area] += 1
            if output.fused is None:
                fused = None
            else:
                fused[area] += output.fused
    return scores.argmax(dim=1), None if fused is None else fused / visits


def _output(network: Network, rgb: Tensor, thermal: Tensor) -> AMDANetOutput:
    """Run the network; scores that are not finite must not count as the first class."""
    output = network(rgb, thermal)
    check_finite(EngineOutput(output.logits, output.fused), "fp32", "")
    return output


def window_starts(length: int, window: int) -> list[int]:
    """Return the starts of the windows along one axis; the last one is moved back inside."""
    if length <= window:
        return [0]
    stride = math.ceil(window * 2 / 3)
    count = math.ceil((length - window) / stride) + 1
    return [min(i * stride, length - window) for i in range(count)]


def _whole(
    network: Network, rgb: Tensor, thermal: Tensor, window: tuple[int, int]
) -> tuple[Tensor, Tensor | None]:
    height, width = rgb.shape[2:]
    rows, columns = max(0, window[0] - height), max(0, window[1] - width)
    top, left = rows // 2, columns // 2
    padding = (left, columns - left, top, rows - top)
    output = _output(network, F.pad(rgb, padding), F.pad(thermal, padding))
    kept = (..., slice(top, top + height), slice(left, left + width))
    fused = None if output.fused is None else output.fused[kept]
    return output.logits[kept].argmax(dim=1), fused
