"""Convolutions on a GPU in the precision that their numbers have.

cuDNN rounds the factors of fp32 convolutions to TF32 (10 of 23 bits) unless it is told not to:
their logits differ by 2e-4 from float64's, where fp32 gives 1e-6.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor


def exact_convolutions(image: Tensor, dtype: torch.dtype) -> AbstractContextManager[None]:
    """Compute fp32 convolutions in fp32 within a `with`; the process's setting is kept.

    Args:
        image: on the device that computes; on a CPU nothing is to be done.
        dtype: of the convolutions; only fp32 is rounded.
    """
    return _exact() if image.is_cuda and dtype == torch.float32 else nullcontext()


@contextmanager
def _exact() -> Iterator[None]:
    convolutions = getattr(torch.backends.cudnn, "conv", None)
    # torch 2.9 has a name for convolutions alone; before it, one for all that cuDNN computes.
    place, name, exact = torch.backends.cudnn, "allow_tf32", False
    if convolutions is not None:
        place, name, exact = convolutions, "fp32_precision", "ieee"
    before = getattr(place, name)
    setattr(place, name, exact)
    try:
        yield
    finally:
        setattr(place, name, before)
