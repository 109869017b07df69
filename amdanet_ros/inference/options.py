"""What a predictor is built with, and what may change from call to call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..parameters import OptionError, Options, parameter
from ..registration import PixelMap
from .input_images import LARGEST_SIDE, check_size
from .output_images import check_share


@dataclass(frozen=True)
class NetworkOptions(Options):
    """Which network runs, and where and how."""

    checkpoint: str = parameter(
        "street",
        "Weights: path of a .safetensors, .pth or .onnx file, or the name of those that come with "
        "the package: street (real streets, for research and evaluation), demo, demo_adaptive",
    )
    classes: str = parameter(
        "",
        "Names and colours of the classes: path of a YAML file, or mfnet, fmb, pst900, street, "
        "demo; empty: those that the checkpoint carries",
    )
    device: str = parameter(
        "auto",
        "Where the network runs: auto (the first CUDA device, else the CPU), cpu, cuda, cuda:N, or "
        "a device that OpenVINO lists: openvino:GPU, openvino:NPU",
    )
    engine: str = parameter(
        "auto",
        "What runs the network; auto: torch, but where OpenVINO is installed and the device is a "
        "CPU: the faster of both, by measurement, that gives the same labels; onnxruntime runs "
        ".onnx files",
        choices=("auto", "torch", "openvino", "onnxruntime"),
    )
    precision: str = parameter(
        "auto",
        "Number format; auto measures at configure which one is faster and gives the same labels",
        choices=("auto", "fp32", "bf16", "fp16"),
    )
    inference_size: tuple[int, int] | None = parameter(
        None,
        "[height, width] in pixels at which the network runs; [0, 0]: as many pixels as the "
        "checkpoint recommends (street: 240 x 320) at the RGB image's aspect, or the image's own "
        "size where it recommends none or the image is smaller",
        none=(0, 0),
        low=0,
        high=LARGEST_SIDE,
    )
    threads: int = parameter(
        0,
        "Threads of torch, OpenCV and OpenVINO; 0: the processors that this process may use, by "
        "affinity and by its cgroup's quota",
        low=0,
        high=1024,
    )

    def check(self) -> None:
        """Refuse an empty checkpoint and a size that is too small for the network."""
        if self.checkpoint == "":
            raise OptionError("checkpoint", "is empty: give the path of a file, or street")
        if self.inference_size is not None:
            try:
                check_size(self.inference_size, "inference_size")
            except ValueError as error:
                problem = str(error).removeprefix("inference_size ")
                raise OptionError("inference_size", problem) from None


@dataclass(frozen=True, eq=False)
class PredictOptions:
    """How one pair is predicted and drawn.

    Attributes:
        homography: 3 x 3, thermal pixels to RGB pixels, centres at integers; None or the identity:
            equal field of view, the thermal image is resized to the RGB image.
        fused_stretch: stretch the fused image from its minimum to its maximum, as the released
            scripts do for single images (a video flickers).
        overlay_alpha: weight of the classes' colours in the overlay, 0 to 1.
        confidence_threshold: no class is drawn below this confidence, 0 to 1.
        max_megapixels: larger RGB images are computed at a reduced size where the predictor has no
            inference size (see `bounded_size`); None: at their own size, whatever it is.
        pixel_map: instead of a homography: where the RGB image's pixels lie in the thermal image.
    """

    homography: np.ndarray | None = None
    fused_stretch: bool = False
    overlay_alpha: float = 0.5
    confidence_threshold: float = 0.0
    max_megapixels: float | None = None
    pixel_map: PixelMap | None = None

    def __post_init__(self) -> None:
        """Raise a ValueError for a weight or threshold that is not between 0 and 1."""
        check_share("the overlay's weight", self.overlay_alpha)
        check_share("the confidence threshold", self.confidence_threshold)
