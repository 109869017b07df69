"""From a pair of images to its fusion: register, judge, predict. No ROS; one thread at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..findings import Finding, FindingKind, Level
from ..images.errors import BadImage
from ..images.thermal import crop
from ..inference import Prediction
from ..inference.input_images import MIN_SIDE, check_rgb, check_sides
from ..inference.options import PredictOptions
from ..inference.thermal_normalization import NormalizedThermal, check_thermal
from ..one_line import one_line
from .class_mask import chosen_classes
from .fusion import ALL, Fusion
from .geometry import GeometryCache
from .health import HealthMonitor, ModalityHealth
from .image_pair import ImagePair
from .options import FusionOptions
from .pair_geometry import EQUAL_VIEWS, PairGeometry
from .parts import MEASURED, asked_of_network, parts_of
from .substitution import rgb_from_thermal, thermal_from_rgb
from .temperature import celsius_of

if TYPE_CHECKING:
    from ..inference import Predictor


class FusionPipeline:
    """Fuses and segments the pairs of one RGB and one thermal camera.

    It remembers from pair to pair: thermal bounds, what tells a frozen camera, image sizes. Several
    pipelines can share a predictor, one call at a time.

    Args:
        predictor: the network.
        options: how pairs are put together and drawn; replaced as a whole between two pairs.
    """

    def __init__(self, predictor: Predictor, options: FusionOptions | None = None) -> None:
        self.predictor = predictor
        self._options = options or FusionOptions()
        self._normalizer = self._options.thermal.normalizer()
        self._health = HealthMonitor()
        self._geometries = GeometryCache()
        self._rgb_size: tuple[int, int] | None = None
        self._thermal_size: tuple[int, int] | None = None
        self._rgb_frame: str | None = None

    @property
    def options(self) -> FusionOptions:
        """How pairs are put together and drawn; settable, from the next pair on."""
        return self._options

    @options.setter
    def options(self, options: FusionOptions) -> None:
        if options.thermal != self._options.thermal:
            self._normalizer = options.thermal.normalizer()
        self._options = options

    def reset(self) -> None:
        """Forget running statistics: a bag starts again."""
        self._normalizer.reset()
        self._health.reset()

    def process(self, pair: ImagePair, needed: frozenset[str] = ALL) -> Fusion:
        """Fuse and segment a pair.

        Args:
            pair: two images, or one where the other camera has stopped.
            needed: of `ALL`: what the outputs need; nothing else is computed. The running
                statistics move on in any case, also where nothing is needed.

        Raises:
            BadImage: an image that cannot be used; its ``stream`` says whose.
            RegistrationError: the images cannot be registered.
            InferenceError: the network failed.
            ValueError: neither image, or an unknown name in ``needed``.
        """
        if not needed <= ALL:
            raise ValueError(f"needed {sorted(needed - ALL)}: choose from {sorted(ALL)}")
        started = time.perf_counter()
        options = self._options
        rgb, thermal = self._checked_images(pair, options)
        health = self._judge(pair, thermal)
        geometry = self._geometry(pair, options)
        reduced = self._reduced(geometry.size(self._rgb_size or thermal.shape))
        fusion = Fusion(
            stamp_ns=pair.stamp_ns,
            frame_id=pair.thermal_frame if self._rgb_frame is None else self._rgb_frame,
            offset_ns=pair.offset_ns,
            classes=self.predictor.classes,
            options=options,
            health=health,
            rgb_info=self._geometries.infos(options, {"rgb": pair.rgb_info, "thermal": None})[
                "rgb"
            ],
            rgb_size=self._rgb_size,
            window=geometry.window,
            geometry=geometry,
            findings=geometry.findings + reduced + self._about_masks(geometry),
        )
        if not needed:
            if thermal is not None:
                self._normalizer.frame(thermal)
            return replace(fusion, timings={"total": time.perf_counter() - started})
        prediction = self._predict(rgb, thermal, geometry, asked_of_network(needed, options))
        celsius, doubts = celsius_of(thermal, options.thermal.unit)
        if celsius is not None and needed & MEASURED:
            celsius = geometry.nearest(celsius, geometry.size(self._rgb_size or thermal.shape))
        parts = parts_of(prediction, needed, options, self.predictor.classes, celsius)
        parts["findings"] = fusion.findings + doubts
        timings = {**prediction.timings, "total": time.perf_counter() - started}
        return replace(fusion, **parts, timings=timings)

    def _checked_images(
        self, pair: ImagePair, options: FusionOptions
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return both images, thermal without its margins, and remember what they are like."""
        rgb, thermal = pair.rgb, pair.thermal
        if rgb is None and thermal is None:
            raise ValueError("a pair needs an RGB or a thermal image")
        if rgb is not None:
            _check("rgb", check_rgb, rgb)
            _check("rgb", lambda image: check_sides("rgb", image.shape[:2]), rgb)
            self._rgb_size, self._rgb_frame = rgb.shape[:2], pair.rgb_frame
        if thermal is not None:
            _check("thermal", check_thermal, thermal)
            whole, thermal = thermal.shape, crop(thermal, options.thermal.crop)
            _check("thermal", lambda image: check_sides("thermal", image.shape), thermal)
            self._thermal_size = whole
        return rgb, thermal

    def _judge(self, pair: ImagePair, thermal: np.ndarray | None) -> Mapping[str, ModalityHealth]:
        """Return both cameras' health: measured before, now, or that no image came."""
        rgb_health, thermal_health = pair.rgb_health, pair.thermal_health
        if pair.rgb is None:
            rgb_health = ModalityHealth.lost("no RGB image came: the thermal one is used for it")
        elif rgb_health is None:
            rgb_health = self._health.check_rgb(pair.rgb, pair.stamp_ns)
        if thermal is None:
            thermal_health = ModalityHealth.lost(
                "no thermal image came: the RGB one is used for it"
            )
        elif thermal_health is None:
            thermal_health = self._health.check_thermal(thermal, pair.thermal_stamp_ns)
        return {"rgb": rgb_health, "thermal": thermal_health}

    def _geometry(self, pair: ImagePair, options: FusionOptions) -> PairGeometry:
        if self._rgb_size is None or self._thermal_size is None:
            return EQUAL_VIEWS  # one camera has never been seen: the other one's own pixels
        if pair.thermal is None and not options.crop_to_common_view:
            return EQUAL_VIEWS  # needs no registration, which may lack a camera_info
        found = self._geometries.of(options, self._rgb_size, self._thermal_size, _infos(pair))
        return found.with_depth(pair.depth, pair.rgb_frame)

    def _reduced(self, shown: tuple[int, int]) -> tuple[Finding, ...]:
        """Return that the limit has images of a size (height, width) computed at a smaller one."""
        limit = self._options.max_inference_megapixels
        used = self.predictor.size_for(shown, PredictOptions(max_megapixels=limit))
        if used == self.predictor.size_for(shown):
            return ()
        sizes = {"size": f"{shown[1]} x {shown[0]}", "used": f"{used[1]} x {used[0]}"}
        values = {**sizes, "limit": limit}
        return (Finding(FindingKind.REDUCED_SIZE, "rgb", Level.WARN, values),)

    def _about_masks(self, geometry: PairGeometry) -> tuple[Finding, ...]:
        """Return what users of the masks must know: their size, and classes that are unknown."""
        found = []
        whole = self._rgb_size
        if geometry.window is not None and whole is not None and geometry.size(whole) != whole:
            height, width = geometry.size(whole)
            values = {"size": f"{width} x {height}", "whole": f"{whole[1]} x {whole[0]}"}
            found.append(Finding(FindingKind.MASK_IS_PART, None, Level.OK, values))
        names = self.predictor.classes.names
        options = self._options
        wanted = {"mask": options.mask.classes, "detections": options.detections.classes}
        for section, given in wanted.items():
            _, unknown = chosen_classes(names, given)
            if unknown:
                values = {
                    "parameter": f"{section}.classes",
                    "unknown": one_line(", ".join(unknown)),
                    "known": ", ".join(names),
                }
                found.append(Finding(FindingKind.UNKNOWN_MASK_CLASS, None, Level.WARN, values))
        return tuple(found)

    def _predict(
        self,
        rgb: np.ndarray | None,
        thermal: np.ndarray | None,
        geometry: PairGeometry,
        asked: frozenset[str],
    ) -> Prediction:
        started = time.perf_counter()
        heat: NormalizedThermal | None = None
        homography, pixel_map = geometry.homography, geometry.pixel_map
        if thermal is not None:
            heat = self._normalizer.frame(thermal)
        if rgb is not None:
            rgb = geometry.cut(rgb)
        else:
            size = geometry.size(self._rgb_size or thermal.shape)
            rgb = rgb_from_thermal(heat, size, homography, pixel_map)
            heat = None
        if heat is None:
            heat, homography, pixel_map = thermal_from_rgb(rgb), None, None
        if self.predictor.inference_size is None and min(rgb.shape[:2]) < MIN_SIDE:
            height, width = rgb.shape[:2]
            raise BadImage(
                f"the image (or the part that both cameras see) has {width} x {height} pixels",
                f"each side must have at least {MIN_SIDE} pixels, or set an inference size",
                "rgb",
            )
        chosen = self._options
        options = PredictOptions(
            homography,
            chosen.fused.stretch,
            chosen.overlay_alpha,
            chosen.confidence_threshold,
            chosen.max_inference_megapixels,
            pixel_map,
        )
        prepared = time.perf_counter() - started
        prediction = self.predictor(rgb, heat, asked, options)
        prediction.timings["prepare"] += prepared
        return prediction


def _infos(pair: ImagePair) -> dict[str, Any]:
    return {"rgb": pair.rgb_info, "thermal": pair.thermal_info}


def _check(stream: str, check: Callable[[np.ndarray], None], image: np.ndarray) -> None:
    """Run a check whose ValueError says what is wrong with an image."""
    try:
        check(image)
    except ValueError as error:
        cause, _, remedy = str(error).partition(": ")
        raise BadImage(cause, remedy or "check the camera and its driver", stream) from error
