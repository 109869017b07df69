"""The predictor: one RGB image and one thermal image in, labels and fused image out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from ..class_table_file import class_table_of
from ..classes import ClassTable, class_table_of_size
from ..network import AMDANet
from ..network.luminance_mixing import luminance
from .checkpoint_file import read_checkpoint, recommended_size_of
from .device import device_name
from .device_images import DeviceImages
from .device_place import device_place
from .engine_choice import choose_engine
from .errors import InferenceError, OutOfMemoryError
from .finite_output import check_finite
from .host_images import HostImages
from .image_backend import ImageBackend, InputGeometry, OverlayStyle
from .input_images import (
    bounded_size,
    check_homography,
    check_rgb,
    check_sides,
    check_size,
    reduced_size,
)
from .luminance_share import gives_share, without_mixing
from .onnx_model import OnnxModel
from .openvino_engine import OpenVinoEngine, note_use
from .options import NetworkOptions, PredictOptions
from .pace_watch import PaceWatch
from .plain_engine import Engine
from .precision import HALVES
from .prediction import Prediction
from .thermal_normalization import NormalizedThermal, ThermalNormalizer
from .threads import share_threads
from .transfer import Transfer

OUTPUTS = frozenset({"labels", "confidence", "fused"})
"""What a prediction holds unless told otherwise."""

_KNOWN = OUTPUTS | {"overlay"}

DEFAULT_OPTIONS = PredictOptions()

_NO_MEMORY = ("allocate memory", "not enough memory", "tried to allocate", "Insufficient memory")
"""Words of the errors that torch and OpenCV raise where the machine has too little memory."""


class Predictor:
    """Runs AMDANet on pairs of images. No call changes it; one thread at a time.

    Args:
        network: an AMDANet (it is copied and stays as it is) or an exported one.
        classes: names and colours; by default those of the data set with as many classes.
        device: "auto" (the first CUDA device, else the CPU), "cpu", "cuda", "cuda:N", or one that
            OpenVINO lists, "openvino:GPU" or "openvino:NPU".
        precision: "auto" (by measurement, see `choose_precision`), "fp32", "bf16" or "fp16".
        inference_size: (height, width) at which the network runs; None: see `recommended_size`.
        recommended_size: (height, width) at which the network is best; without an inference size,
            larger RGB images are computed with as many pixels, at their own aspect. None: at the
            RGB image's own size.
        engine: "torch", "openvino", "onnxruntime", or "auto" (by measurement, see `choose_engine`).

    Attributes:
        checkpoint: where the weights are from, for messages; "": not known.
        notice: what their file says to everyone who uses it, one line; "": nothing.

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
        recommended_size: tuple[int, int] | None = None,
        engine: str = "auto",
    ) -> None:
        self.classes = classes or class_table_of_size(network.config.num_classes)
        if len(self.classes) != network.config.num_classes:
            raise ValueError(
                f"the network has {network.config.num_classes} classes, but the class table "
                f"{self.classes.name!r} names {len(self.classes)}"
            )
        self.checkpoint = str(network.path) if isinstance(network, OnnxModel) else ""
        self.backbone: str = network.config.backbone
        self.notice = ""
        self.device, place = device_place(device)
        self.inference_size = _checked_size(
            inference_size, network.size if isinstance(network, OnnxModel) else None
        )
        self.recommended_size = None if self.inference_size else recommended_size
        self._gives_share = (
            network.gives_share if isinstance(network, OnnxModel) else gives_share(network)
        )
        with self._device_errors("loading the network"):
            if isinstance(network, AMDANet) and self._gives_share:
                network = without_mixing(network)
            choice = choose_engine(network, place, engine, precision, self.inference_size)
        self.precision = choice.precision
        self.precision_reason = choice.reason
        self._engine: Engine = choice.engine
        if isinstance(choice.engine, OpenVinoEngine):
            choice.engine.is_chosen = True
        else:
            note_use(None)
        self._pace = PaceWatch(choice.seconds_per_pixel)
        self._images: ImageBackend = _image_backend(self.device)

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        device: str = "auto",
        precision: str = "auto",
        inference_size: tuple[int, int] | None = None,
        classes: ClassTable | None = None,
        engine: str = "auto",
    ) -> Predictor:
        """Build the predictor of a checkpoint: ours (.safetensors), the authors' (.pth), or ONNX.

        Args:
            path: of the file, or the name of weights that come with the package: "street",
                "demo", "demo_adaptive".
            device: see `Predictor`.
            precision: see `Predictor`.
            inference_size: see `Predictor`.
            classes: names and colours instead of those that the file carries.
            engine: see `Predictor`.

        Raises:
            ValueError: a class table of another size than the network's.
            CheckpointError: missing, truncated, of another network, or not safe to load.
            DemoWeightsMissingError: such a name, and this installation came without them.
            OnnxModelError: an ONNX file that was not exported by this package or cannot be run.
        """
        if Path(path).suffix == ".onnx":
            model = OnnxModel(path)
            table, best = classes or model.classes, model.recommended_size
            return cls(model, table, device, precision, inference_size, best, engine)
        checkpoint, own = read_checkpoint(path)
        network, best = checkpoint.build(), recommended_size_of(checkpoint)
        predictor = cls(network, classes or own, device, precision, inference_size, best, engine)
        predictor.checkpoint = str(path)
        predictor.notice = checkpoint.metadata.get("notice", "")
        return predictor

    @classmethod
    def of(cls, options: NetworkOptions) -> Predictor:
        """Build the predictor that options ask for, and let all libraries use their threads.

        Raises:
            ClassTableError: `classes` names no table that can be used.
            ValueError, CheckpointError, InferenceError: see `from_checkpoint`.
        """
        classes = class_table_of(options.classes) if options.classes else None
        share_threads(options.threads)
        return cls.from_checkpoint(
            options.checkpoint,
            options.device,
            options.precision,
            options.inference_size,
            classes,
            options.engine,
        )

    def __call__(
        self,
        rgb: np.ndarray,
        thermal: np.ndarray | NormalizedThermal,
        needed: frozenset[str] | set[str] = OUTPUTS,
        options: PredictOptions = DEFAULT_OPTIONS,
    ) -> Prediction:
        """Predict one pair.

        Args:
            rgb: H x W x 3 uint8, channel order R, G, B.
            thermal: h x w uint8, uint16 or float, as the camera gave it, normalised by itself
                alone; or a frame of the caller's `ThermalNormalizer`, whose bounds follow a video.
            needed: any of "labels", "confidence", "fused" and "overlay" (no class is drawn where
                the confidence is below the threshold); the others are None and not computed.
            options: registration and drawing.

        Raises:
            ValueError: an image of a wrong shape or type, or too small.
            OutOfMemoryError: the device's memory does not suffice; the predictor stays usable.
            NonFiniteOutputError: the network gives NaN or infinite numbers.
            InferenceError: the network failed on the device.
        """
        needed = frozenset(needed)
        unknown = needed - _KNOWN
        if unknown:
            raise ValueError(f"needed {sorted(unknown)}: choose from {sorted(_KNOWN)}")
        started = time.perf_counter()
        check_rgb(rgb)
        if not isinstance(thermal, NormalizedThermal):
            thermal = ThermalNormalizer().frame(thermal)
        rgb_size = rgb.shape[:2]
        check_sides("rgb", rgb_size)
        check_sides("thermal", thermal.values.shape)
        size = self.size_for(rgb_size, options)
        check_size(size, "the RGB image")
        homography = None if options.pixel_map else check_homography(options.homography)
        geometry = InputGeometry(rgb_size, size, homography, options.pixel_map)
        style = OverlayStyle(
            self.classes.palette, options.overlay_alpha, options.confidence_threshold
        )
        with self._device_errors(f"a pair at {size[0]} x {size[1]}"), torch.inference_mode():
            rgb_input = self._images.rgb_input(rgb, size)
            thermal_input = self._images.thermal_input(thermal, geometry)
            prepared = time.perf_counter()
            drawn = "overlay" in needed
            want_logits = drawn or bool(needed & {"labels", "confidence"})
            output = self._engine(rgb_input, thermal_input, want_logits, drawn or "fused" in needed)
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            check_finite(output, self.precision, self.checkpoint)
            computed = time.perf_counter()
            self._pace.add(computed - prepared, size[0] * size[1])
            sure = "confidence" in needed or (drawn and style.threshold > 0.0)
            share = None
            if self._gives_share and output.fused is not None:
                share, output = luminance(output.fused), output._replace(fused=None)
            found = self._images.outputs(output, rgb_size, sure, options.fused_stretch)
            if share is not None:
                if size != rgb_size:
                    thermal_input = self._images.thermal_input(
                        thermal, geometry._replace(size=rgb_size)
                    )
                found["fused"] = self._images.mixed(
                    share, rgb, thermal_input, options.fused_stretch
                )
            resized = time.perf_counter()
            if drawn:
                found["overlay"] = self._images.draw(found, style)
            colored = time.perf_counter()
            arrays = self._images.arrays({name: found[name] for name in found if name in needed})
        finished = time.perf_counter()
        timings = {
            "prepare": prepared - started,
            "network": computed - prepared,
            "finish": finished - computed - (colored - resized),
            "draw": colored - resized,
        }
        return Prediction(
            arrays.get("labels"),
            arrays.get("confidence"),
            arrays.get("fused"),
            len(self.classes),
            timings,
            arrays.get("overlay"),
        )

    def size_for(
        self, rgb_size: tuple[int, int], options: PredictOptions = DEFAULT_OPTIONS
    ) -> tuple[int, int]:
        """Return the size (height, width) at which the network runs for RGB images of a size."""
        if self.inference_size:
            return self.inference_size
        if self.recommended_size:
            height, width = self.recommended_size
            rgb_size = reduced_size(rgb_size, height * width)
        return bounded_size(rgb_size, options.max_megapixels)

    def warm_up(self, size: tuple[int, int] | None = None, frames: int = 1) -> float:
        """Run made-up images of a size (height, width), so that the first real pair is not slow.

        Returns the seconds of the last frame.
        """
        size = size or self.inference_size or (480, 640)
        thermal = NormalizedThermal(np.zeros(size, np.float32), None)
        for _ in range(max(1, frames)):
            started = time.perf_counter()
            self(np.zeros((*size, 3), np.uint8), thermal)
        return time.perf_counter() - started

    def build_in_background(self) -> None:
        """Let torch serve a new size of images until the engine's graph for it is ready.

        Without this, a pair of a new size waits for it, some seconds, where OpenVINO is the engine.
        """
        if isinstance(self._engine, OpenVinoEngine):
            self._engine.in_background = True

    @property
    def slowness(self) -> float | None:
        """How many times slower the network is than when the engine was measured.

        None: not so slow that it matters, or not measured.
        """
        return self._pace.slowness

    def describe(self) -> str:
        """Return one line: network, classes, device, precision and why, path, size."""
        size = "the RGB image's size"
        if self.inference_size:
            size = f"{self.inference_size[0]} x {self.inference_size[1]}"
        elif self.recommended_size:
            height, width = self.recommended_size
            size = f"{height} x {width} pixels of the images' aspect, as the checkpoint recommends"
        reason = f" ({self.precision_reason})" if self.precision_reason else ""
        return (
            f"AMDANet {self.backbone}, {len(self.classes)} classes ({self.classes.name}), "
            f"{device_name(self.device)}, {self.precision}{reason}, {self._engine.name} path, "
            f"at {size}"
        )

    @contextlib.contextmanager
    def _device_errors(self, doing: str) -> Iterator[None]:
        """Turn what the libraries raise on a device into errors that say what to do."""
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
        except (MemoryError, RuntimeError, cv2.error) as error:
            if isinstance(error, MemoryError) or any(each in str(error) for each in _NO_MEMORY):
                raise OutOfMemoryError(
                    f"this machine has too little memory for {doing}: set a smaller "
                    "inference_size or a smaller backbone"
                ) from error
            precision = getattr(self, "precision", "auto")
            fix = "set the precision to fp32" if precision in HALVES else "try device: cpu"
            if self.device.type == "cpu" and precision not in HALVES:
                fix = "report this with the versions of `amdanet info`"
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise InferenceError(f"{self.device} failed at {doing}: {first}: {fix}") from error


def _checked_size(
    size: tuple[int, int] | None, only: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Return the size at which a network runs; ``only``: the one that an export can compute."""
    if size is None:
        return only
    size = tuple(int(side) for side in size)
    check_size(size, "inference_size")
    if only is not None and size != only:
        raise ValueError(
            f"inference_size: this export computes {only[0]} x {only[1]} alone: set "
            f"[{only[0]}, {only[1]}], or export for any size"
        )
    return size


def _image_backend(device: torch.device) -> ImageBackend:
    if device.type == "cuda":
        return DeviceImages(device, Transfer(device))
    return HostImages()
