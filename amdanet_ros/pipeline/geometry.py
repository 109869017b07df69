"""Where a pair's thermal pixels lie in its RGB image, and which part of that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from .. import registration
from ..findings import Finding, FindingKind, Level
from ..inference.input_images import check_homography
from ..registration import common_field_of_view, resize_homography
from ..registration.camera_calibration import homography_from_calibrations
from .camera_info import calibration_from_info, fingerprint, has_distortion
from .options import FusionOptions, ThermalOptions

Size = tuple[int, int]


class RegistrationError(Exception):
    """A pair cannot be registered.

    Attributes:
        finding: why: ``NO_CAMERA_INFO``, ``SAME_CAMERA_INFO``, ``BAD_CALIBRATION``,
            ``BAD_REGISTRATION`` or ``NO_COMMON_VIEW``.
    """

    def __init__(self, kind: FindingKind, stream: str | None = None, **values: float | str) -> None:
        self.finding = Finding(kind, stream, Level.ERROR, values)
        super().__init__(f"{kind.name} {stream or ''} {values or ''}".strip())


@dataclass(frozen=True, eq=False)
class PairGeometry:
    """How a pair is put together.

    Attributes:
        homography: 3 x 3 float64, pixels of the thermal image after ``thermal.crop`` to pixels of
            the RGB image within the window; None: equal fields of view.
        window: (top, left, height, width), the part of the RGB image that is shown; None: all.
        findings: what the registration leaves out.
    """

    homography: np.ndarray | None = None
    window: tuple[int, int, int, int] | None = None
    findings: tuple[Finding, ...] = ()

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        """Return a view of the part of an RGB image that is shown."""
        if self.window is None:
            return rgb
        top, left, height, width = self.window
        return rgb[top : top + height, left : left + width]

    def size(self, rgb_size: Size) -> Size:
        """Return (height, width) of what is shown of RGB images of a size."""
        return rgb_size if self.window is None else self.window[2:]

    def nearest(self, values: np.ndarray, size: Size) -> np.ndarray:
        """Return measurements of the thermal camera over what is shown, not one mixed of several.

        Args:
            values: h x w float32, after ``thermal.crop``; NaN: no measurement.
            size: (height, width) of what is shown.

        Returns:
            height x width float32; NaN also where the thermal camera sees nothing.
        """
        if self.homography is not None:
            return cv2.warpPerspective(
                values, self.homography, size[::-1], flags=cv2.INTER_NEAREST, borderValue=np.nan
            )
        if values.shape == size:
            return values
        return cv2.resize(values, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


EQUAL_VIEWS = PairGeometry()


class GeometryCache:
    """Gives the geometry of pairs; computes it again only where something has changed."""

    def __init__(self) -> None:
        self._key: tuple | None = None
        self._last = EQUAL_VIEWS

    def of(
        self,
        options: FusionOptions,
        rgb_size: Size,
        thermal_size: Size,
        infos: Mapping[str, Any],
    ) -> PairGeometry:
        """Return a pair's geometry.

        Args:
            options: as of now.
            rgb_size: (height, width) of the RGB image.
            thermal_size: (height, width) of the thermal image as it comes, before the crop.
            infos: last ``sensor_msgs/CameraInfo`` by stream, "rgb" and "thermal", or None.

        Raises:
            RegistrationError: a calibration is missing or cannot be used, or the images have no
                common part.
        """
        source, prints = options.thermal.registration_from, None
        if source != "homography":
            prints = _fingerprints(infos, source)
        key = (options.thermal, options.crop_to_common_view, rgb_size, thermal_size, prints)
        if key != self._key:
            self._last = _computed(options, rgb_size, thermal_size, infos)
            self._key = key
        return self._last


def _fingerprints(infos: Mapping[str, Any], source: str) -> tuple:
    for stream in ("rgb", "thermal"):
        if infos[stream] is None:
            raise RegistrationError(FindingKind.NO_CAMERA_INFO, stream, registration_from=source)
    prints = tuple(fingerprint(infos[stream]) for stream in ("rgb", "thermal"))
    frames = [infos[stream].header.frame_id for stream in ("rgb", "thermal")]
    if frames[0] and frames[0] == frames[1] and prints[0] == prints[1]:
        raise RegistrationError(FindingKind.SAME_CAMERA_INFO, registration_from=source)
    return prints


def _computed(
    options: FusionOptions, rgb_size: Size, thermal_size: Size, infos: Mapping[str, Any]
) -> PairGeometry:
    thermal, findings = options.thermal, ()
    if thermal.registration_from == "homography":
        matrix = _at_sizes(thermal, rgb_size, thermal_size)
    else:
        matrix, findings = _from_calibrations(thermal, rgb_size, thermal_size, infos)
    if matrix is None:
        return EQUAL_VIEWS
    top, bottom, left, right = thermal.crop
    matrix = matrix @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], dtype=np.float64)
    if not options.crop_to_common_view:
        return PairGeometry(_checked(matrix), None, findings)
    cropped = thermal_size[0] - top - bottom, thermal_size[1] - left - right
    try:
        window = common_field_of_view(_checked(matrix), cropped, rgb_size)
    except ValueError:
        raise RegistrationError(FindingKind.NO_COMMON_VIEW) from None
    shift = np.array([[1, 0, -window[1]], [0, 1, -window[0]], [0, 0, 1]], dtype=np.float64)
    return PairGeometry(_checked(shift @ matrix), window, findings)


def _checked(matrix: np.ndarray) -> np.ndarray:
    """Return a homography that was put together from others, if it can be used."""
    try:
        return registration.check_homography(matrix)
    except ValueError as error:
        raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error


def _from_calibrations(
    thermal: ThermalOptions, rgb_size: Size, thermal_size: Size, infos: Mapping[str, Any]
) -> tuple[np.ndarray, tuple[Finding, ...]]:
    rectified = thermal.registration_from == "camera_info_rect"
    bent = [] if rectified else [stream for stream in infos if has_distortion(infos[stream])]
    cameras = {}
    for stream, size in (("rgb", rgb_size), ("thermal", thermal_size)):
        try:
            cameras[stream] = calibration_from_info(infos[stream], rectified)
            cameras[stream].matrix_of(size)
        except ValueError as error:
            raise RegistrationError(
                FindingKind.BAD_CALIBRATION, stream, cause=str(error)
            ) from error
    try:
        matrix = homography_from_calibrations(
            cameras["rgb"],
            cameras["thermal"],
            np.array(thermal.rotation),
            rgb_size,
            thermal_size,
        )
    except ValueError as error:
        raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error
    return matrix, tuple(
        Finding(FindingKind.LENS_DISTORTION, stream, Level.WARN) for stream in bent
    )


def _at_sizes(thermal: ThermalOptions, rgb_size: Size, thermal_size: Size) -> np.ndarray | None:
    """Return ``thermal.registration`` for images of these sizes; None: equal fields of view."""
    matrix = check_homography(np.array(thermal.registration))
    if matrix is None or thermal.registration_sizes is None:
        return matrix
    rgb, registered = thermal.registration_sizes[:2], thermal.registration_sizes[2:]
    return resize_homography(rgb, rgb_size) @ matrix @ resize_homography(thermal_size, registered)
