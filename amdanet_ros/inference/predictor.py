"""The predictor: one RGB picture and one thermal picture in, labels and fused picture out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from ..classes import ClassTable, class_table_of_size
from ..network import AMDANet
from .checkpoint_file import read_checkpoint
from .device import choose_device, device_name
from .device_images import DevicePictures
from .errors import InferenceError, OutOfMemoryError
from .folded_engine import build_engine
from .host_images import HostPictures
from .image_path import InputGeometry, OverlayStyle, PicturePath
from .input_images import check_homography, check_rgb, check_size
from .onnx_model import OnnxModel
from .plain_engine import Engine
from .precision import PrecisionChoice, choose_precision
from .prediction import Prediction
from .thermal_normalization import ThermalNormalizer, check_thermal
from .transfer import Transfer

OUTPUTS = frozenset({"labels", "confidence", "fused"})
"""What a prediction holds unless told otherwise."""

_KNOWN = OUTPUTS | {"overlay"}


class Predictor:
    """Runs AMDANet on pairs of pictures. One thread at a time.

    Args:
        network: an AMDANet (it is copied and stays as it is) or an exported one.
        classes: names and colours; by default those of the data set with as many classes.
        device: "auto" (the first CUDA device, else the CPU), "cpu", "cuda" or "cuda:N".
        precision: "auto" (by measurement, see `choose_precision`), "fp32", "bf16" or "fp16".
        inference_size: (height, width) at which the network runs; None: the RGB picture's own.
        thermal: how thermal pictures become [0, 1]; by default `ThermalNormalizer()`.
        homography: 3 x 3, thermal pixels to RGB pixels, centres at integers; None or the
            identity: equal field of view, the thermal picture is resized to the RGB picture.
        fused_stretch: stretch each fused picture from its minimum to its maximum, as the released
            scripts do for single pictures (a video flickers).

    Raises:
        ValueError: a wrong argument.
        DeviceUnavailableError: no such device here.
        OutOfMemoryError: the weights do not fit the device.
    """

    def __init__(
        self,
        network: AMDANet | OnnxModel,
        classes: ClassTable | None = None,
        device: str = "auto",
        precision: str = "auto",
        inference_size: tuple[int, int] | None = None,
        thermal: ThermalNormalizer | None = None,
        homography: np.ndarray | None = None,
        fused_stretch: bool = False,
    ) -> None:
        self.classes = classes or class_table_of_size(network.config.num_classes)
        if len(self.classes) != network.config.num_classes:
            raise ValueError(
                f"the network has {network.config.num_classes} classes, but the class table "
                f"{self.classes.name!r} names {len(self.classes)}"
            )
        self.backbone: str = network.config.backbone
        self.device = choose_device(device)
        self.thermal = thermal or ThermalNormalizer()
        self.fused_stretch = fused_stretch
        self._only_size = network.size if isinstance(network, OnnxModel) else None
        self.inference_size = inference_size or self._only_size
        self.homography = homography
        with self._memory_errors("loading the network"):
            choice = _choice(network, self.device, precision)
        self._engine: Engine = choice.engine
        self._pictures: PicturePath = _picture_path(self.device)
        self.overlay_alpha = 0.5
        self.confidence_threshold = 0.0
        self.precision = choice.precision
        self.precision_reason = choice.reason
        self.checkpoint_metadata: dict[str, str] = {}

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        device: str = "auto",
        precision: str = "auto",
        inference_size: tuple[int, int] | None = None,
        thermal: ThermalNormalizer | None = None,
        homography: np.ndarray | None = None,
        fused_stretch: bool = False,
    ) -> Predictor:
        """Build the predictor of a checkpoint: ours (.safetensors), the authors' (.pth), or ONNX.

        Args:
            path: of the file, or "demo" for the weights that come with the package.
            device: and what follows: see `Predictor`.
            precision: see `Predictor`.
            inference_size: see `Predictor`.
            thermal: see `Predictor`.
            homography: see `Predictor`.
            fused_stretch: see `Predictor`.

        Raises:
            CheckpointError: missing, truncated, of another network, or not safe to load.
            DemoWeightsMissingError: "demo", and this installation came without them.
            OnnxModelError: an ONNX file that was not exported by this package or cannot be run.
        """
        options = (device, precision, inference_size, thermal, homography, fused_stretch)
        if Path(path).suffix == ".onnx":
            model = OnnxModel(path)
            return cls(model, model.classes, *options)
        checkpoint, classes = read_checkpoint(path)
        predictor = cls(checkpoint.build(), classes, *options)
        predictor.checkpoint_metadata = dict(checkpoint.metadata)
        return predictor

    @property
    def inference_size(self) -> tuple[int, int] | None:
        """(height, width) at which the network runs, None for the RGB picture's own; settable."""
        return self._inference_size

    @inference_size.setter
    def inference_size(self, size: tuple[int, int] | None) -> None:
        if size is not None:
            size = tuple(int(side) for side in size)
            check_size(size, "inference_size")
        if self._only_size is not None and size != self._only_size:
            height, width = self._only_size
            raise ValueError(
                f"inference_size: this export computes {height} x {width} alone: set [{height}, "
                f"{width}], or export for any size"
            )
        self._inference_size = size

    @property
    def homography(self) -> np.ndarray | None:
        """3 x 3, thermal pixels to RGB pixels, None for equal field of view; settable."""
        return self._homography

    @homography.setter
    def homography(self, matrix: np.ndarray | None) -> None:
        self._homography = check_homography(matrix)

    def __call__(
        self, rgb: np.ndarray, thermal: np.ndarray, want: frozenset[str] | set[str] = OUTPUTS
    ) -> Prediction:
        """Predict one pair.

        Args:
            rgb: H x W x 3 uint8, channel order R, G, B.
            thermal: h x w uint8, uint16 or float, as the camera gave it.
            want: any of "labels", "confidence", "fused" and "overlay" (drawn with `overlay_alpha`,
                and no class where the confidence is below `confidence_threshold`); the others are
                None and not computed.

        Raises:
            ValueError: a picture of a wrong shape or type, or too small.
            OutOfMemoryError: the device's memory does not suffice; the predictor stays usable.
            InferenceError: the network failed on the device.
        """
        want = frozenset(want)
        unknown = want - _KNOWN
        if unknown:
            raise ValueError(f"want {sorted(unknown)}: choose from {sorted(_KNOWN)}")
        check_rgb(rgb)
        check_thermal(thermal)
        rgb_size = rgb.shape[:2]
        size = self._inference_size or rgb_size
        check_size(size, "the RGB picture")
        style = OverlayStyle(self.classes.palette, self.overlay_alpha, self.confidence_threshold)
        with self._memory_errors(f"a pair at {size[0]} x {size[1]}"), torch.inference_mode():
            started = time.perf_counter()
            geometry = InputGeometry(rgb_size, size, self._homography)
            rgb_input = self._pictures.rgb_input(rgb, size)
            thermal_input = self._pictures.thermal_input(thermal, self.thermal, geometry)
            prepared = time.perf_counter()
            drawn = "overlay" in want
            want_logits = drawn or bool(want & {"labels", "confidence"})
            output = self._engine(rgb_input, thermal_input, want_logits, drawn or "fused" in want)
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            computed = time.perf_counter()
            sure = "confidence" in want or (drawn and style.threshold > 0.0)
            found = self._pictures.outputs(output, rgb_size, sure, self.fused_stretch)
            resized = time.perf_counter()
            if drawn:
                found["overlay"] = self._pictures.draw(found, style)
            colored = time.perf_counter()
            pictures = self._pictures.arrays({name: found[name] for name in found if name in want})
        finished = time.perf_counter()
        timings = {
            "prepare": prepared - started,
            "network": computed - prepared,
            "finish": finished - computed - (colored - resized),
            "draw": colored - resized,
        }
        return Prediction(
            pictures.get("labels"),
            pictures.get("confidence"),
            pictures.get("fused"),
            len(self.classes),
            timings,
            pictures.get("overlay"),
        )

    def warm_up(self, size: tuple[int, int] | None = None, frames: int = 1) -> float:
        """Run made-up pictures of a size (height, width), so that the first real pair is not slow.

        Leaves the running thermal statistics as they are. Returns the seconds of the last frame.
        """
        size = size or self._inference_size or (480, 640)
        normalizer, self.thermal = self.thermal, ThermalNormalizer("none")
        try:
            for _ in range(max(1, frames)):
                started = time.perf_counter()
                self(np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8))
        finally:
            self.thermal = normalizer
        return time.perf_counter() - started

    def reset(self) -> None:
        """Forget running statistics: the thermal bounds."""
        self.thermal.reset()

    def describe(self) -> str:
        """Return one line: network, classes, device, precision and why, size, normalisation."""
        size = "the RGB picture's size"
        if self._inference_size:
            size = f"{self._inference_size[0]} x {self._inference_size[1]}"
        reason = f" ({self.precision_reason})" if self.precision_reason else ""
        return (
            f"AMDANet {self.backbone}, {len(self.classes)} classes ({self.classes.name}), "
            f"{device_name(self.device)}, {self.precision}{reason}, {self._engine.name} path, "
            f"at {size}, thermal normalisation {self.thermal.mode}"
        )

    @contextlib.contextmanager
    def _memory_errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemoryError(
                f"{self.device} has too little memory for {doing}: set a smaller inference_size, "
                "a smaller backbone, or device: cpu"
            ) from error
        except InferenceError:
            raise
        except RuntimeError as error:
            if "allocate memory" in str(error):
                raise OutOfMemoryError(
                    f"this machine has too little memory for {doing}: set a smaller "
                    "inference_size or a smaller backbone"
                ) from error
            if self.device.type == "cuda" and "CUDA" in str(error):
                raise InferenceError(f"{self.device} failed at {doing}: {error}") from error
            raise


def _picture_path(device: torch.device) -> PicturePath:
    if device.type == "cuda":
        return DevicePictures(device, Transfer(device))
    return HostPictures()


def _choice(network: AMDANet | OnnxModel, device: torch.device, precision: str) -> PrecisionChoice:
    """The engine at the precision asked for; an export brings its own."""
    if isinstance(network, OnnxModel):
        chosen = "fp32" if precision == "auto" else precision
        return PrecisionChoice(network.build_engine(device, precision), chosen, "as exported")
    return choose_precision(lambda name: build_engine(network, device, name), device, precision)
