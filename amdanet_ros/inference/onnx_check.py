"""The comparison of an ONNX file with the network that it was exported from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from .built_in_scene import built_in_scene
from .errors import InferenceError
from .precision import AGREEMENT

TOLERANCE = 1e-4
"""Largest allowed difference from torch: of the fused image, and of the logits relative to their
largest value."""

HALF_TOLERANCE = 5e-2
"""The same of an export in fp16, whose labels are compared too (see `AGREEMENT`)."""


class ExportError(InferenceError):
    """The export failed or computes something else than the network."""


def check_export(
    path: Path, module: Callable, sizes: Sequence[tuple[int, int]], precision: str
) -> float:
    """Return the largest difference between a file, run by onnxruntime, and a module in float32.

    Args:
        path: of the file.
        module: the network, see `onnx_modules.module_for_export`.
        sizes: (height, width) of the images, at least one.
        precision: of the file, "fp32" or "fp16".

    Raises:
        ExportError: the difference is above `TOLERANCE`; in fp16: above `HALF_TOLERANCE`, or less
            than 99 % of the built-in scene's labels are equal.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst, equal = 0.0, 1.0
    for size in sizes:
        scene = [torch.from_numpy(image) / 255.0 for image in built_in_scene(size)]
        rgb, thermal = scene[0].permute(2, 0, 1)[None].contiguous(), scene[1][None, None]
        with torch.inference_mode():
            logits, *images = (part.numpy() for part in module(rgb, thermal))
        found = session.run(None, {"rgb": rgb.numpy(), "thermal": thermal.numpy()})
        scale = max(float(np.abs(logits).max()), 1e-6)
        worst = max(worst, float(np.abs(found[0] - logits).max()) / scale)
        for image, expected in zip(found[1:], images, strict=True):
            worst = max(worst, float(np.abs(image - expected).max()))
        equal = min(equal, float((found[0].argmax(1) == logits.argmax(1)).mean()))
    allowed = TOLERANCE if precision == "fp32" else HALF_TOLERANCE
    if not worst <= allowed:
        raise ExportError(
            f"the export differs from the network by {worst:.1e}, more than {allowed:g}"
        )
    if precision != "fp32" and equal < AGREEMENT:
        raise ExportError(
            f"in {precision} only {equal:.1%} of the labels stay equal with these weights: "
            "export them in fp32"
        )
    return worst
