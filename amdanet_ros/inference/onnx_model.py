"""An exported network as a backend of the predictor, run by onnxruntime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..classes import ClassTable
from ..network import AMDANetConfig
from ..one_line import one_line
from ..optional_package import optional_package
from ..regular_file import refusal
from ..user_folders import NoHomeError, cache_folder, expanded
from .errors import InferenceError
from .plain_engine import EngineOutput

SHARE = "share"
"""The output of exports of networks with `luminance_mixing`."""

PRECISION_KEY = "amdanet_precision"
"""Of the file's metadata; files without it are in fp32."""

_CPU = ["CPUExecutionProvider"]


class OnnxModelError(InferenceError):
    """The file is not an AMDANet export, or onnxruntime cannot run it."""


class OnnxModel:
    """An ONNX file written by ``amdanet export``.

    Attributes:
        path: the file.
        config: of the exported network.
        classes: names and colours.
        size: (height, width) that it was exported for; None: any.
        recommended_size: (height, width) at which the network is best; None: not known.
        precision: "fp32" or "fp16", in which it was exported.
        gives_share: it gives thermal's share in RGB's luminance as a third output, "share".

    Raises:
        OnnxModelError: onnxruntime is not installed, or the file is not an AMDANet export.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            self.path = expanded(path)
        except NoHomeError as error:
            raise OnnxModelError(str(error)) from error
        if words := refusal(self.path, "an .onnx file"):
            raise OnnxModelError(f"{self.path} {words}")
        if not self.path.is_file():
            raise OnnxModelError(f"{self.path} does not exist: make it with `amdanet export`")
        self._on_cpu = session = self._session(_CPU)
        metadata = session.get_modelmeta().custom_metadata_map
        if "amdanet_config" not in metadata:
            raise OnnxModelError(f"{self.path} was not written by `amdanet export`")
        try:
            self.config = AMDANetConfig(**json.loads(metadata["amdanet_config"]))
            self.classes = ClassTable(
                metadata["amdanet_class_table"],
                tuple(json.loads(metadata["amdanet_classes"])),
                np.array(json.loads(metadata["amdanet_palette"]), np.uint8),
            )
            size = json.loads(metadata["amdanet_size"])
            self.size: tuple[int, int] | None = tuple(size) if size else None
            best = json.loads(metadata.get("amdanet_inference_size", "null"))
            self.recommended_size: tuple[int, int] | None = tuple(best) if best else None
            self.precision = json.loads(metadata.get(PRECISION_KEY, '"fp32"'))
            if self.precision not in ("fp32", "fp16"):
                raise ValueError(f"precision {self.precision!r}")
        except (LookupError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise OnnxModelError(
                f"{self.path} has damaged metadata ({one_line(error, 120)}): export it again"
            ) from error
        self.gives_share = SHARE in [output.name for output in session.get_outputs()]

    def build_engine(self, device: torch.device, precision: str) -> OnnxEngine:
        """Return an engine on a device, in the file's precision or "auto".

        With TensorRT a file in "fp32" is computed in "fp16" too.

        On a GPU it uses onnxruntime's TensorRT provider if there is one, else the CUDA provider.

        Raises:
            OnnxModelError: this onnxruntime does not support the device or precision.
        """
        onnxruntime = optional_package("onnxruntime")
        available = onnxruntime.get_available_providers()
        has_tensorrt = device.type != "cpu" and "TensorrtExecutionProvider" in available
        lowered = has_tensorrt and (self.precision, precision) == ("fp32", "fp16")
        if precision not in ("auto", self.precision) and not lowered:
            raise OnnxModelError(
                f"{self.path} was exported in {self.precision}, and onnxruntime computes it so on "
                f"{device}, not in {precision}: set the precision to auto or {self.precision}"
            )
        if device.type == "cpu":
            return OnnxEngine(self._on_cpu or self._session(_CPU), "onnxruntime CPU")
        self._on_cpu = None  # its memory is free before the GPU's session is made
        cuda = ("CUDAExecutionProvider", {"device_id": device.index or 0})
        if has_tensorrt:
            options = {
                "device_id": device.index or 0,
                "trt_fp16_enable": precision in ("auto", "fp16"),
                **_engine_cache(),
            }
            session = self._session([("TensorrtExecutionProvider", options), cuda])
            return OnnxEngine(session, "onnxruntime TensorRT")
        if "CUDAExecutionProvider" in available:
            return OnnxEngine(self._session([cuda]), "onnxruntime CUDA")
        raise OnnxModelError(
            f"{self.path} on {device}: this onnxruntime has no CUDA provider: "
            "pip install onnxruntime-gpu"
        )

    def _session(self, providers: list[Any]) -> Any:
        try:
            onnxruntime = optional_package("onnxruntime")
        except ImportError as error:
            raise OnnxModelError(
                f"{self.path} needs onnxruntime ({one_line(error, 120)}): pip install "
                "'amdanet_ros[export]'"
            ) from error
        try:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            return onnxruntime.InferenceSession(str(self.path), options, providers=providers)
        except Exception as error:  # onnxruntime raises a different class for each cause
            first = str(error).splitlines()[0]
            raise OnnxModelError(f"{self.path} cannot be run by onnxruntime: {first}") from error


def _engine_cache() -> dict[str, object]:
    """Return where TensorRT keeps its engines; without a folder it makes them at each start."""
    folder = cache_folder("tensorrt")
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = None
    if folder is None:
        return {"trt_engine_cache_enable": False}
    return {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(folder)}


class OnnxEngine:
    """Runs a session; see ``plain_engine.Engine``."""

    def __init__(self, session: Any, name: str) -> None:
        self._session = session
        self.name = name
        outputs = [output.name for output in session.get_outputs()]
        self._fused = SHARE if SHARE in outputs else "fused"

    def __call__(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool = True, want_fused: bool = True
    ) -> EngineOutput:
        """Compute what is wanted; inputs and outputs are copied through the host's memory.

        Of an export with a share, "fused" is that share in all three channels.
        """
        names = (("logits", want_logits), (self._fused, want_fused))
        wanted = [name for name, want in names if want]
        feeds = {"rgb": rgb.cpu().numpy(), "thermal": thermal.cpu().numpy()}
        try:
            results = self._session.run(wanted, feeds)
        except Exception as error:  # onnxruntime raises a different class for each cause
            first = str(error).strip().splitlines()[0]
            raise OnnxModelError(
                f"{self.name} failed: {first}: export the network again"
            ) from error
        found = dict(zip(wanted, results, strict=True))
        tensors = {name: torch.from_numpy(value).to(rgb.device) for name, value in found.items()}
        fused = tensors.get(self._fused)
        if fused is not None:
            fused = fused.expand(-1, 3, -1, -1)
        return EngineOutput(tensors.get("logits"), fused)
