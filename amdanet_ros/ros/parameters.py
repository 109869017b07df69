"""The node's parameters: one table from which they are declared, described, checked and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.parameter import Parameter

from ..inference.input_images import check_homography, check_size
from ..inference.thermal_normalization import MODES, ThermalNormalizer
from ..registration.homography import check_rotation
from .parameter_spec import ParameterSpec

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


PARAMETERS = (
    ParameterSpec(
        "checkpoint",
        "demo",
        "Weights: path of a .safetensors or .pth file, or demo: those that come with the package",
        fixed=True,
    ),
    ParameterSpec(
        "device",
        "auto",
        "Where the network runs: auto (the first CUDA device, else the CPU), cpu, cuda or cuda:N",
        fixed=True,
    ),
    ParameterSpec(
        "precision",
        "auto",
        "Number format; auto measures at configure which one is faster and gives the same labels",
        choices=("auto", "fp32", "bf16", "fp16"),
        fixed=True,
    ),
    ParameterSpec(
        "inference_size",
        (0, 0),
        "[height, width] in pixels at which the network runs; [0, 0]: the RGB image's own",
        0,
        16384,
        fixed=True,
    ),
    ParameterSpec(
        "sync.slop", 0.05, "Largest distance of the stamps of a pair, in seconds", 0.0, 10.0
    ),
    ParameterSpec(
        "sync.queue_size",
        10,
        "Messages of each camera that may wait for a partner: more than the difference of the "
        "cameras' delays times their rate",
        1,
        1000,
        fixed=True,
    ),
    ParameterSpec(
        "sync.thermal_offset",
        0.0,
        "Seconds added to thermal stamps: corrects a trigger or driver delay",
        -1e6,
        1e6,
    ),
    ParameterSpec(
        "sync.reuse_thermal",
        False,
        "A slow thermal camera: its last image serves for each RGB image within the slop",
    ),
    ParameterSpec(
        "max_wait",
        0.1,
        "Seconds that a pair waits at most for a better partner; also the silence of one camera "
        "after which the other goes on alone with single_modality: substitute",
        0.0,
        60.0,
    ),
    ParameterSpec(
        "single_modality",
        "none",
        "What happens when one camera stops for max_wait: none (nothing is published), or "
        "substitute (the other camera's picture stands in for it, and the outputs say so)",
        choices=("none", "substitute"),
    ),
    ParameterSpec(
        "max_age",
        1.0,
        "Seconds; a pair whose RGB stamp is older is dropped, not computed; 0: no limit. Stamps of "
        "another clock (10 s or more away): the time since arrival counts",
        0.0,
        3600.0,
    ),
    ParameterSpec(
        "rgb.transport",
        "raw",
        "raw: rgb/image_raw; compressed: rgb/image_raw/compressed",
        choices=("raw", "compressed"),
        fixed=True,
    ),
    ParameterSpec(
        "thermal.transport",
        "raw",
        "raw: thermal/image_raw; compressed: thermal/image_raw/compressed",
        choices=("raw", "compressed"),
        fixed=True,
    ),
    ParameterSpec(
        "qos.reliability",
        "auto",
        "Of the image subscriptions; auto follows what the publishers offer",
        choices=("auto", "reliable", "best_effort"),
        fixed=True,
    ),
    ParameterSpec(
        "thermal.normalization",
        "percentile",
        "How thermal values become grey: percentile (of the picture, smoothed; 8-bit video stays "
        "as it is), fixed (thermal.range), none (the whole range of the type)",
        choices=MODES,
    ),
    ParameterSpec(
        "thermal.range",
        (0.0, 16383.0),
        "[low, high] in raw counts or kelvin for thermal.normalization: fixed",
    ),
    ParameterSpec(
        "thermal.smoothing",
        0.9,
        "Weight of the past in the percentiles, so that the picture does not flicker",
        0.0,
        0.999,
    ),
    ParameterSpec(
        "thermal.crop",
        (0, 0, 0, 0),
        "Telemetry or border to cut, in pixels: [top, bottom, left, right]",
        0,
        16384,
        fixed=True,
    ),
    ParameterSpec(
        "thermal.registration",
        IDENTITY,
        "Homography from pixels of the thermal image (as it comes, before thermal.crop) to RGB "
        "pixels, 3 x 3 row by row; the identity: both cameras have the same field of view",
    ),
    ParameterSpec(
        "thermal.registration_sizes",
        (0, 0, 0, 0),
        "Picture sizes that thermal.registration belongs to, in pixels: [RGB height, RGB width, "
        "thermal height, thermal width]; others are scaled to; zeros: the sizes in use",
        0,
        16384,
    ),
    ParameterSpec(
        "thermal.registration_from",
        "homography",
        "homography: thermal.registration; camera_info: both cameras' camera_info and "
        "thermal.rotation, for a far scene and raw images; camera_info_rect: the same for "
        "rectified images",
        choices=("homography", "camera_info", "camera_info_rect"),
    ),
    ParameterSpec(
        "thermal.rotation",
        IDENTITY,
        "Rotation from the thermal camera's optical frame to the RGB camera's (z forward, x right, "
        "y down), 3 x 3 row by row, for thermal.registration_from: camera_info",
        -1.001,
        1.001,
    ),
    ParameterSpec(
        "crop_to_common_view",
        False,
        "All outputs show the largest rectangle of the RGB image that both cameras see, not the "
        "whole; fused/camera_info says which in its roi",
    ),
    ParameterSpec(
        "confidence_threshold",
        0.0,
        "Pixels below this confidence (0 to 1) become 255 (unlabelled) in the mask",
        0.0,
        1.0,
    ),
    ParameterSpec("overlay_alpha", 0.5, "Weight of the classes' colours in the overlay", 0.0, 1.0),
    ParameterSpec(
        "fused.stretch",
        False,
        "Stretch each fused picture to the full range, as the authors' scripts do; video flickers",
    ),
    ParameterSpec(
        "fused.jpeg_quality", 95, "Quality of fused/image_raw/compressed, 1 to 100", 1, 100
    ),
    ParameterSpec(
        "autostart", True, "The node configures and activates itself when it starts", fixed=True
    ),
)

_SPECS = {spec.name: spec for spec in PARAMETERS}


@dataclass(frozen=True)
class SyncSettings:
    """How images are paired; see the parameters ``sync.*`` and ``max_wait``. Seconds."""

    slop: float
    queue_size: int
    thermal_offset: float
    reuse_thermal: bool
    max_wait: float


@dataclass(frozen=True)
class ThermalSettings:
    """How thermal pictures are prepared; see the parameters ``thermal.*``."""

    normalization: str
    range: tuple[float, float]
    smoothing: float
    crop: tuple[int, int, int, int]
    registration: tuple[float, ...]
    registration_sizes: tuple[int, int, int, int] | None
    registration_from: str
    rotation: tuple[float, ...]

    def normalizer(self) -> ThermalNormalizer:
        """Return a fresh normaliser of these settings."""
        return ThermalNormalizer(self.normalization, self.range, self.smoothing)


@dataclass(frozen=True)
class Settings:
    """All parameters, checked; names as in ``PARAMETERS`` with dots as underscores."""

    checkpoint: str
    device: str
    precision: str
    inference_size: tuple[int, int] | None
    sync: SyncSettings
    single_modality: str
    max_age: float
    rgb_transport: str
    thermal_transport: str
    qos_reliability: str
    thermal: ThermalSettings
    crop_to_common_view: bool
    confidence_threshold: float
    overlay_alpha: float
    fused_stretch: bool
    fused_jpeg_quality: int
    autostart: bool


def declare(node: Node) -> None:
    """Declare all parameters with their descriptors."""
    for spec in PARAMETERS:
        default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        node.declare_parameter(spec.name, default, spec.descriptor())


def read_settings(node: Node) -> Settings:
    """Read the node's parameters.

    Raises:
        ValueError: a value that is wrong by itself or beside another one.
    """
    return settings_from({spec.name: node.get_parameter(spec.name).value for spec in PARAMETERS})


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Check parameters by name and put them in order.

    Raises:
        ValueError: a value that is wrong by itself or beside another one.
    """
    v = {spec.name: spec.parse(values[spec.name]) for spec in PARAMETERS}
    size = v["inference_size"]
    if size == (0, 0):
        size = None
    else:
        check_size(size, "inference_size")
    if v["checkpoint"] == "":
        raise ValueError("checkpoint is empty: give the path of a file, or demo")
    low, high = v["thermal.range"]
    if not low < high:
        raise ValueError(f"thermal.range is [{low:g}, {high:g}]: low must be below high")
    check_homography(np.array(v["thermal.registration"]))
    sizes = v["thermal.registration_sizes"]
    if any(sizes) and min(sizes) < 1:
        raise ValueError(
            f"thermal.registration_sizes is {list(sizes)}: give all four sizes, or four zeros"
        )
    try:
        check_rotation(v["thermal.rotation"])
    except ValueError as error:
        raise ValueError(f"thermal.rotation: {error}") from None
    return Settings(
        checkpoint=v["checkpoint"],
        device=v["device"],
        precision=v["precision"],
        inference_size=size,
        sync=SyncSettings(
            v["sync.slop"],
            v["sync.queue_size"],
            v["sync.thermal_offset"],
            v["sync.reuse_thermal"],
            v["max_wait"],
        ),
        single_modality=v["single_modality"],
        max_age=v["max_age"],
        rgb_transport=v["rgb.transport"],
        thermal_transport=v["thermal.transport"],
        qos_reliability=v["qos.reliability"],
        thermal=ThermalSettings(
            v["thermal.normalization"],
            v["thermal.range"],
            v["thermal.smoothing"],
            v["thermal.crop"],
            v["thermal.registration"],
            sizes if any(sizes) else None,
            v["thermal.registration_from"],
            v["thermal.rotation"],
        ),
        crop_to_common_view=v["crop_to_common_view"],
        confidence_threshold=v["confidence_threshold"],
        overlay_alpha=v["overlay_alpha"],
        fused_stretch=v["fused.stretch"],
        fused_jpeg_quality=v["fused.jpeg_quality"],
        autostart=v["autostart"],
    )


def refusal(
    changes: Sequence[Parameter], present: Callable[[str], Any], configured: bool
) -> str | None:
    """Say why parameters may not be changed so, or return None where they may.

    Args:
        changes: the parameters to set, together; those of other owners (use_sim_time) are ignored.
        present: gives the present value of a parameter by name.
        configured: whether the node holds a network: read-only parameters are refused then.
    """
    wanted = {change.name: change.value for change in changes if change.name in _SPECS}
    if not wanted:
        return None
    values = {name: present(name) for name in _SPECS}
    for name, value in wanted.items():
        try:
            parsed = _SPECS[name].parse(value)
            unchanged = parsed == _SPECS[name].parse(values[name])
        except ValueError as error:
            return str(error)
        if configured and _SPECS[name].fixed and not unchanged:
            return (
                f"{name} is read-only after configure: deactivate and clean up the node, set it, "
                "and configure again"
            )
    try:
        settings_from({**values, **wanted})
    except ValueError as error:
        return str(error)
    return None
