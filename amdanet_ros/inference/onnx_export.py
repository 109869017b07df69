"""Export of AMDANet to an ONNX file, for onnxruntime, TensorRT, OpenVINO and others."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import asdict
from pathlib import Path

import torch

from ..classes import ClassTable
from ..network import AMDANet
from ..one_line import one_line
from ..optional_package import optional_package
from .luminance_share import gives_share
from .onnx_check import TOLERANCE, ExportError, check_export
from .onnx_model import PRECISION_KEY, SHARE
from .onnx_modules import module_for_export
from .plain_engine import PRECISIONS

__all__ = ["CONFIG_KEY", "EXPORTED", "TOLERANCE", "ExportError", "export_onnx"]

INPUTS, OUTPUTS = ("rgb", "thermal"), ("logits", "fused")
OPSET = 18
EXPORTED = ("fp32", "fp16")
"""Precisions of a file."""

CONFIG_KEY = "amdanet_config"
"""Of the file's metadata: the network's configuration, by which an export is known."""

_SMALLEST = 32
_PROBES = ((96, 128), (70, 90), (32, 33))
_QUIET = 3
"""Severity of onnxruntime's messages: errors. It warns of each node that it does not fold."""


def export_onnx(
    network: AMDANet,
    path: Path,
    classes: ClassTable,
    size: tuple[int, int] | None = None,
    recommended_size: tuple[int, int] | None = None,
    precision: str = "fp32",
) -> float:
    """Write an ONNX file and check it against the network, which is not changed.

    With a size (height, width), all size-dependent tensors are constants. Without one, the graph
    computes them, for any size from 32 x 32.

    The graph takes ``rgb`` 1 x 3 x H x W and ``thermal`` 1 x 1 x H x W, float32 in [0, 1], and
    gives ``logits`` 1 x K x H x W and ``fused`` 1 x 3 x H x W; of a network with
    `luminance_mixing` also ``share`` 1 x 1 x H x W, thermal's in RGB's luminance. In "fp16" the
    encoder and the alignment are computed and stored in half precision, the decoders, inputs and
    outputs in float32, as the predictor does it. The file's metadata holds names and colours of
    the classes, the recommended size (height, width) and the precision. A file at the path is
    replaced only when the check has passed.

    Returns:
        The largest difference found by the check (see ``onnx_check``).

    Raises:
        ExportError: onnx or onnxruntime is not installed, or the export is not equal.
        ValueError: a size below 32, or another precision.
    """
    try:
        onnx = optional_package("onnx")
        optional_package("onnxruntime")  # the check needs it: fail before the long part
    except ImportError as error:
        raise ExportError(
            f"{error.name} is not installed, or does not start ({one_line(error, 120)}): pip "
            "install 'amdanet_ros[export]'"
        ) from error
    if size is not None and min(size) < _SMALLEST:
        raise ValueError(f"size {size}: at least {_SMALLEST} x {_SMALLEST} pixels")
    if precision not in EXPORTED:
        raise ValueError(f"precision {precision!r}: choose {' or '.join(EXPORTED)}")
    network = network.eval().cpu().float()
    exact = module_for_export(network, size, torch.float32)
    module = exact
    if precision != "fp32":
        module = module_for_export(network, size, PRECISIONS[precision])
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.onnx")
    try:
        _write_graph(module, partial, size, gives_share(network))
        if precision == "fp32":
            _fold_constants(partial)
        model = onnx.load(str(partial))
        metadata = _metadata(network, classes, size)
        metadata["amdanet_inference_size"] = json.dumps(recommended_size)
        metadata[PRECISION_KEY] = json.dumps(precision)
        for key, value in metadata.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        onnx.save(model, str(partial))
        difference = check_export(partial, exact, (size,) if size else _PROBES, precision)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return difference


def _write_graph(
    module: torch.nn.Module, path: Path, size: tuple[int, int] | None, has_share: bool
) -> None:
    """Trace a module and write its graph.

    By the exporter of traces: torch's newer one computes with symbols of sizes for minutes, and its
    optimiser takes minutes more for MiT-B4. onnxruntime folds the constants in seconds.
    """
    height, width = size or _PROBES[0]
    example = (torch.rand(1, 3, height, width), torch.rand(1, 1, height, width))
    outputs = [*OUTPUTS, SHARE] if has_share else list(OUTPUTS)
    axes = None if size else {name: {2: "height", 3: "width"} for name in (*INPUTS, *outputs)}
    with torch.no_grad(), warnings.catch_warnings():
        # Of traces: that they hold for one size, which the check disproves; and of the newer one.
        warnings.simplefilter("ignore")
        # Computes all size-dependent tensors before the trace.
        module(*example)
        torch.onnx.export(
            module,
            example,
            str(path),
            input_names=list(INPUTS),
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes=axes,
        )


def _fold_constants(path: Path) -> None:
    """Replace a file by what onnxruntime makes of it with operators of ONNX alone.

    Not in half precision: there it writes the casts of its own CPU kernels into the graph.
    """
    import onnx
    import onnxruntime

    folded = path.with_name(f"{path.stem}.folded.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    options.log_severity_level = _QUIET
    try:
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        model = onnx.load(str(folded))
        used = {node.domain for node in model.graph.node}
        kept = [each for each in model.opset_import if each.domain in used]
        del model.opset_import[:]
        model.opset_import.extend(kept)
        onnx.save(model, str(path))
    finally:
        folded.unlink(missing_ok=True)


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
