"""Export of AMDANet to an ONNX file, for onnxruntime, TensorRT and others."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..classes import ClassTable
from ..network import AMDANet
from ..network.luminance_mixing import luminance, with_share
from .errors import InferenceError
from .folded import FoldedAMDANet, UnsupportedVariantError
from .luminance_share import gives_share, without_mixing
from .onnx_model import SHARE

INPUTS, OUTPUTS = ("rgb", "thermal"), ("logits", "fused")
OPSET = 18
TOLERANCE = 1e-4
"""Largest allowed difference from torch: of the fused image, and of the logits relative to their
largest value."""

CONFIG_KEY = "amdanet_config"
"""Of the file's metadata: the network's configuration, by which an export is known."""
_SMALLEST, _LARGEST = 32, 8192
_PROBES = ((96, 128), (70, 90))


class ExportError(InferenceError):
    """The export failed or computes something else than the network."""


class _WithShare(nn.Module):
    """A network without its mixing; what it mixes and the share are two outputs."""

    def __init__(self, decoding: nn.Module) -> None:
        super().__init__()
        self.decoding = decoding
        self.eval()

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, decoded = self.decoding(rgb, thermal)
        share = luminance(decoded)
        return logits, with_share(rgb, thermal, share), share


class _GreyThermal(nn.Module):
    """An AMDANet with a thermal input of one channel."""

    def __init__(self, network: AMDANet) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        output = self.network(rgb, thermal.expand(-1, 3, -1, -1))
        return output.logits, output.fused


def export_onnx(
    network: AMDANet,
    path: Path,
    classes: ClassTable,
    size: tuple[int, int] | None = None,
    recommended_size: tuple[int, int] | None = None,
) -> float:
    """Write an ONNX file and check it against the network, which is not changed.

    With a size (height, width), the folded network is written, with all size-dependent tensors as
    constants. Without one, the published network is written, for any size from 32 x 32.

    The graph takes ``rgb`` 1 x 3 x H x W and ``thermal`` 1 x 1 x H x W, float32 in [0, 1], and
    gives ``logits`` 1 x K x H x W and ``fused`` 1 x 3 x H x W; of a network with
    `luminance_mixing` also ``share`` 1 x 1 x H x W, thermal's in RGB's luminance. The file's
    metadata holds names and colours of the classes and the recommended size (height, width). A file
    at the path is replaced only when the check has passed.

    Returns:
        The largest difference found by the check (see ``TOLERANCE``).

    Raises:
        ExportError: onnx or onnxruntime is not installed, or the export is not equal.
        ValueError: a size below 32.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401  (the check needs it: fail before the long part)
        import onnxscript  # noqa: F401
    except ImportError as error:
        advice = "pip install 'amdanet_ros[export]'"
        raise ExportError(f"{error.name} is not installed: {advice}") from error
    network = network.eval().cpu().float()
    has_share = gives_share(network)
    decoding = without_mixing(network) if has_share else network
    module: nn.Module = _GreyThermal(decoding)
    if size is not None:
        if min(size) < _SMALLEST:
            raise ValueError(f"size {size}: at least {_SMALLEST} x {_SMALLEST} pixels")
        with contextlib.suppress(UnsupportedVariantError):
            module = FoldedAMDANet(decoding)
    if has_share:
        module = _WithShare(module)
    outputs = [*OUTPUTS, SHARE] if has_share else list(OUTPUTS)
    height, width = size or _PROBES[0]
    example = (torch.rand(1, 3, height, width), torch.rand(1, 1, height, width))
    dynamic = None
    if size is None:
        rows = torch.export.Dim("height", min=_SMALLEST, max=_LARGEST)
        columns = torch.export.Dim("width", min=_SMALLEST, max=_LARGEST)
        dynamic = {"rgb": {2: rows, 3: columns}, "thermal": {2: rows, 3: columns}}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.onnx")
    try:
        with torch.no_grad():
            # Computes all size-dependent tensors before the trace, which cannot trace them.
            module(*example)
            torch.onnx.export(
                module,
                example,
                str(partial),
                input_names=list(INPUTS),
                output_names=outputs,
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=dynamic,
                external_data=False,
                verbose=False,
            )
        model = onnx.load(str(partial))
        metadata = _metadata(network, classes, size)
        metadata["amdanet_inference_size"] = json.dumps(recommended_size)
        for key, value in metadata.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        onnx.save(model, str(partial))
        difference = _check(partial, module, (size,) if size else _PROBES)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


def _metadata(
    network: AMDANet, classes: ClassTable, size: tuple[int, int] | None
) -> dict[str, str]:
    return {
        CONFIG_KEY: json.dumps(asdict(network.config)),
        "amdanet_classes": json.dumps(list(classes.names)),
        "amdanet_palette": json.dumps(classes.palette.tolist()),
        "amdanet_class_table": classes.name,
        "amdanet_size": json.dumps(size),
    }


def _check(path: Path, module: Callable, sizes: tuple[tuple[int, int], ...]) -> float:
    """Return the largest difference between the file, run by onnxruntime, and the module."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    generator = torch.Generator().manual_seed(0)
    for height, width in sizes:
        rgb = torch.rand(1, 3, height, width, generator=generator)
        thermal = torch.rand(1, 1, height, width, generator=generator)
        with torch.inference_mode():
            logits, *images = (part.numpy() for part in module(rgb, thermal))
        found = session.run(None, {"rgb": rgb.numpy(), "thermal": thermal.numpy()})
        scale = max(float(np.abs(logits).max()), 1e-6)
        worst = max(worst, float(np.abs(found[0] - logits).max()) / scale)
        for image, expected in zip(found[1:], images, strict=True):
            worst = max(worst, float(np.abs(image - expected).max()))
    if not worst <= TOLERANCE:
        raise ExportError(
            f"the export differs from the network by {worst:.1e}, more than {TOLERANCE:g}"
        )
    return worst
