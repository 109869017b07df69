"""How a pair of images becomes a fusion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..images.read_options import MAX_IMAGE_MEGAPIXELS, THERMAL_FRAMES, ReadOptions
from ..inference.input_images import check_homography
from ..inference.thermal_normalization import LEAST_SPAN, MODES, ThermalNormalizer
from ..parameters import OptionError, Options, parameter, section
from ..registration.camera_info_file import CameraInfoFileError, read_camera_info_file
from ..registration.homography import check_rotation
from .temperature import UNITS

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def check_camera_info_file(name: str, path: str) -> None:
    """Refuse the path of a file that is no calibration; raises OptionError with the field's name.

    ``""`` stands for no file.
    """
    if path:
        try:
            read_camera_info_file(path)
        except CameraInfoFileError as error:
            raise OptionError(name, f"is refused: {error}") from None


@dataclass(frozen=True)
class ThermalOptions(Options):
    """How thermal images are prepared, and where their pixels lie in the RGB image."""

    normalization: str = parameter(
        "percentile",
        "How thermal values are scaled to 0..1: percentile (between two percentiles of the image, "
        "smoothed over time; 8-bit video stays as it is), fixed (thermal.range), none (the whole "
        "range of the type)",
        choices=MODES,
        live=True,
    )
    range: tuple[float, float] = parameter(
        (0.0, 16383.0),
        "[low, high] in raw counts or kelvin for thermal.normalization: fixed",
        low=-1e9,
        high=1e9,
        live=True,
    )
    smoothing: float = parameter(
        0.9,
        "Weight of the past in the percentiles, so that the image does not flicker",
        low=0.0,
        high=0.999,
        live=True,
    )
    unit: str = parameter(
        "none",
        "What the values of radiometric thermal images are, for the temperatures in segmentation "
        "and segmentation/detections: centikelvin (0.01 K: TLinear in high gain), decikelvin "
        "(0.1 K: TLinear in low gain), kelvin_64 (1/64 K: thermal.frame lower_half_raw16), kelvin, "
        "celsius; none: counts or video, no temperatures",
        choices=UNITS,
        live=True,
    )
    frame: str = parameter(
        "whole",
        "Which part of a frame is the thermal image: whole; of cameras that send two images one "
        "above the other (256 x 384): upper_half (8-bit video) or lower_half_raw16 (16-bit counts)",
        choices=THERMAL_FRAMES,
        live=True,
    )
    crop: tuple[int, int, int, int] = parameter(
        (0, 0, 0, 0),
        "Telemetry or border to cut, in pixels: [top, bottom, left, right]",
        low=0,
        high=16384,
    )
    registration: tuple[float, ...] = parameter(
        IDENTITY,
        "Homography from pixels of the thermal image (as it comes, before thermal.crop) to RGB "
        "pixels, 3 x 3 row by row; the identity: both cameras have the same field of view",
        live=True,
    )
    registration_sizes: tuple[int, int, int, int] | None = parameter(
        None,
        "Image sizes that thermal.registration belongs to, in pixels: [RGB height, RGB width, "
        "thermal height, thermal width]; it is scaled to other sizes; zeros: the sizes in use",
        none=(0, 0, 0, 0),
        low=0,
        high=16384,
        live=True,
    )
    registration_from: str = parameter(
        "homography",
        "homography: thermal.registration; camera_info: both cameras' calibrations, "
        "thermal.rotation and thermal.translation, for raw images, whose lens distortion is "
        "undone; camera_info_rect: the same for rectified images; depth, depth_rect: these by "
        "depth.topic, without parallax",
        choices=("homography", "camera_info", "camera_info_rect", "depth", "depth_rect"),
        live=True,
    )
    rotation: tuple[float, ...] = parameter(
        IDENTITY,
        "Rotation from the thermal camera's optical frame to the RGB camera's (z forward, x right, "
        "y down), 3 x 3 row by row, for thermal.registration_from: camera_info",
        low=-1.001,
        high=1.001,
        live=True,
    )
    translation: tuple[float, float, float] = parameter(
        (0.0, 0.0, 0.0),
        "Position of the thermal camera's optical centre in the RGB camera's optical frame, in "
        "metres: [right, down, forward]; a point X of the thermal camera is rotation X + "
        "translation",
        low=-100.0,
        high=100.0,
        live=True,
    )
    registration_distance: float = parameter(
        0.0,
        "Metres from the RGB camera to what thermal.registration_from: camera_info puts in place "
        "(a plane that faces it); nearer and farther things are off by their parallax; 0: far. "
        "With depth: where it is not known",
        low=0.0,
        high=1e6,
        live=True,
    )
    camera_info_file: str = parameter(
        "",
        "Calibration of the thermal camera, used instead of its camera_info topic: path of a YAML "
        "file as amdanet calibrate and camera_calibration write it; empty: the topic",
        live=True,
    )

    def check(self) -> None:
        """Refuse an empty range, a matrix of the wrong kind and incomplete sizes."""
        low, high = self.range
        if not low + LEAST_SPAN <= high:
            raise OptionError(
                "range", f"is [{low:g}, {high:g}]: low must be below high by {LEAST_SPAN:g}"
            )
        sizes = self.registration_sizes
        if sizes is not None and min(sizes) < 1:
            raise OptionError(
                "registration_sizes", f"is {list(sizes)}: give all four sizes, or four zeros"
            )
        for name, check in (("registration", check_homography), ("rotation", check_rotation)):
            try:
                check(getattr(self, name))
            except ValueError as error:
                raise OptionError(name, f"is refused: {error}") from None
        check_camera_info_file("camera_info_file", self.camera_info_file)

    def normalizer(self) -> ThermalNormalizer:
        """Return a fresh normaliser of these options."""
        return ThermalNormalizer(self.normalization, self.range, self.smoothing)


@dataclass(frozen=True)
class DepthOptions(Options):
    """Where depth images come from."""

    topic: str = parameter(
        "depth/image_raw",
        "Topic of the depth images for thermal.registration_from: depth, 16UC1 in millimetres or "
        "32FC1 in metres, in the pixels of the RGB camera (registered, aligned); a name that ends "
        "in /compressedDepth: that transport's, as PNG",
    )
    max_age: float = parameter(
        0.2,
        "Seconds between the stamps of a pair and of its depth image, at most; else the plane at "
        "thermal.registration_distance counts",
        low=0.0,
        high=60.0,
        live=True,
    )

    def check(self) -> None:
        """Refuse what is no name of a topic."""
        if not re.fullmatch(r"[~/]?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*", self.topic):
            raise OptionError("topic", f"is {self.topic[:80]!r}: it must be a name of a topic")


@dataclass(frozen=True)
class MaskOptions(Options):
    """Which classes segmentation/class_mask shows."""

    classes: tuple[str, ...] = parameter(
        (),
        "Classes that are 255 in segmentation/class_mask, such as [person, car]; all others are 0. "
        "Empty: the classes of people that the network has",
        live=True,
    )


@dataclass(frozen=True)
class DetectionOptions(Options):
    """Which connected regions of the mask are told one by one."""

    classes: tuple[str, ...] = parameter(
        (),
        "Classes whose connected regions are told in segmentation (components) and in "
        "segmentation/detections, such as [person, car]; empty: all but the background",
        live=True,
    )
    min_area: int = parameter(
        50,
        "Pixels of the mask; a region with fewer is not told",
        low=1,
        high=100_000_000,
        live=True,
    )
    max_count: int = parameter(
        100, "No more regions are told: the largest ones", low=1, high=1000, live=True
    )


@dataclass(frozen=True)
class FusedOptions(Options):
    """How the fused image is written."""

    stretch: bool = parameter(
        False,
        "Stretch each fused image to the full range, as the authors' scripts do; video flickers",
        live=True,
    )
    jpeg_quality: int = parameter(
        95, "Quality of fused/image_raw/compressed, 1 to 100", low=1, high=100, live=True
    )


@dataclass(frozen=True)
class FusionOptions(Options):
    """All that may change from one pair of images to the next."""

    thermal: ThermalOptions = section(ThermalOptions, "thermal")
    rgb_camera_info_file: str = parameter(
        "",
        "Calibration of the RGB camera, used instead of its camera_info topic: path of a YAML file "
        "as amdanet calibrate and camera_calibration write it; empty: the topic",
        name="rgb.camera_info_file",
        live=True,
    )
    depth: DepthOptions = section(DepthOptions, "depth")
    single_modality: str = parameter(
        "none",
        "What happens when one camera stops for max_wait: none (nothing is published), or "
        "substitute (the other camera's image takes its place, and the outputs say so)",
        choices=("none", "substitute"),
        live=True,
    )
    crop_to_common_view: bool = parameter(
        False,
        "All outputs show the largest rectangle of the RGB image that both cameras see, not the "
        "whole; the roi of fused/camera_info says which",
        live=True,
    )
    confidence_threshold: float = parameter(
        0.0,
        "Pixels below this confidence (0 to 1) become 255 (unlabelled) in the mask",
        low=0.0,
        high=1.0,
        live=True,
    )
    max_inference_megapixels: float = parameter(
        1.0,
        "With inference_size [0, 0], RGB images of more megapixels are computed at a reduced size "
        "of the same aspect, and a warning says so: the time grows faster than the number of "
        "pixels (1280 x 720 are 0.92)",
        low=0.01,
        high=64.0,
        live=True,
    )
    overlay_alpha: float = parameter(
        0.5, "Weight of the classes' colours in the overlay", low=0.0, high=1.0, live=True
    )
    mask: MaskOptions = section(MaskOptions, "mask")
    detections: DetectionOptions = section(DetectionOptions, "detections")
    fused: FusedOptions = section(FusedOptions, "fused")
    max_image_megapixels: float = parameter(
        MAX_IMAGE_MEGAPIXELS,
        "Images of more pixels, in millions, are refused before they are decoded",
        low=0.01,
        high=1000.0,
        live=True,
    )

    def check(self) -> None:
        """Refuse a file that is no calibration."""
        check_camera_info_file("rgb_camera_info_file", self.rgb_camera_info_file)

    @property
    def reading(self) -> ReadOptions:
        """How images are read."""
        return ReadOptions(self.max_image_megapixels, self.thermal.frame)
