"""The two branches side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

First = TypeVar("First")
Second = TypeVar("Second")


def side_by_side(
    first: Callable[[], First], second: Callable[[], Second], device: torch.device
) -> tuple[First, Second]:
    """Return both results; a CUDA graph that is being recorded gets them as parallel paths.

    One branch does not use a large GPU fully. Outside a recording, and on the CPU, they run one
    after the other: a second stream would only add synchronisation.
    """
    if device.type != "cuda" or not torch.cuda.is_current_stream_capturing():
        return first(), second()
    main = torch.cuda.current_stream(device)
    side = torch.cuda.Stream(device)
    side.wait_stream(main)
    with torch.cuda.stream(side):
        other = second()
    one = first()
    main.wait_stream(side)
    return one, other
