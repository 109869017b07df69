"""Where a pair's thermal pixels lie in its RGB image, and which part of that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from .. import registration
from ..findings import Finding, FindingKind, Level
from ..inference.input_images import check_homography
from ..registration import PixelMap, common_field_of_view, resize_homography
from ..registration.camera_calibration import rig_from_calibrations
from ..registration.camera_info_file import CameraInfoFileError, read_camera_info_file
from ..registration.depth_map import DepthProjector
from ..registration.homography import are_inside, largest_window
from ..registration.pixel_map import PlaneMap, View, warped
from ..registration.rig import Rig, nearness_of
from .camera_info import calibration_from_info, fingerprint, is_distortion_known
from .depth_images import DepthImage
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
            the RGB image within the window; None: equal fields of view, or a map.
        pixel_map: where a homography does not suffice: the places of the window's pixels in the
            thermal image after ``thermal.crop``.
        window: (top, left, height, width), the part of the RGB image that is shown; None: all.
        findings: what the registration leaves out.
        projector: makes the map by a depth image; None: no depth is wanted.
    """

    homography: np.ndarray | None = None
    pixel_map: PixelMap | None = None
    window: tuple[int, int, int, int] | None = None
    findings: tuple[Finding, ...] = ()
    projector: DepthProjector | None = None

    def with_depth(self, depth: DepthImage | None, rgb_frame: str) -> PairGeometry:
        """Return the geometry of a pair by its depth image, if one is wanted.

        Without one, and with one that does not fit, the plane at a distance stays, and a finding
        says so.

        Args:
            depth: of the pair, or None.
            rgb_frame: the RGB image's; "": not known.
        """
        if self.projector is None:
            return self
        if depth is None:
            missing = Finding(FindingKind.NO_DEPTH, "depth", Level.WARN)
            return replace(self, findings=(*self.findings, missing))
        cause = self._misfit(depth, rgb_frame)
        if cause:
            bad = Finding(FindingKind.BAD_DEPTH, "depth", Level.WARN, {"cause": cause})
            return replace(self, findings=(*self.findings, bad))
        return replace(self, pixel_map=self.projector.map(depth.metres))

    def _misfit(self, depth: DepthImage, rgb_frame: str) -> str:
        """Return why a depth image does not belong to the RGB images, with the fix; "": it does."""
        if rgb_frame and depth.frame_id and depth.frame_id != rgb_frame:
            return (
                f"its frame_id is {depth.frame_id!r} and the RGB image's {rgb_frame!r}: publish "
                "depth that is registered to the RGB camera (depth_image_proc register, or the "
                "driver's aligned depth)"
            )
        if not self.projector.fits(depth.metres.shape):
            height, width = depth.metres.shape
            return (
                f"its {width} x {height} pixels are not the RGB image's or those of its shape: "
                "publish depth that is registered to the RGB camera"
            )
        return ""

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        """Return a view of the part of an RGB image that is shown."""
        if self.window is None:
            return rgb
        top, left, height, width = self.window
        return rgb[top : top + height, left : left + width]

    def placed(self, thermal: np.ndarray, size: Size) -> np.ndarray:
        """Return a thermal image over the part of the RGB image that is shown.

        Args:
            thermal: h x w or h x w x 3, after ``thermal.crop``.
            size: (height, width) of the part that is shown.

        Returns:
            height x width (x 3) of the same type; 0 where the thermal camera sees nothing.
        """
        if self.pixel_map is not None:
            return warped(thermal, self.pixel_map.at(size))
        if self.homography is not None:
            return cv2.warpPerspective(thermal, self.homography, size[::-1])
        if thermal.shape[:2] == size:
            return thermal
        how = cv2.INTER_AREA if thermal.shape[0] > size[0] else cv2.INTER_LINEAR
        return cv2.resize(thermal, size[::-1], interpolation=how)

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
        if self.pixel_map is not None:
            return warped(values, self.pixel_map.at(size), cv2.INTER_NEAREST, np.nan)
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
        self._files: dict[str, Any] = {}

    def infos(self, options: FusionOptions, infos: Mapping[str, Any]) -> dict[str, Any]:
        """Return the calibrations that count, by stream: that of a file before that of a topic.

        A file is read when its name is first given.

        Raises:
            RegistrationError: a file cannot be used.
        """
        files = {
            "rgb": options.rgb_camera_info_file,
            "thermal": options.thermal.camera_info_file,
        }
        if not any(files.values()):
            return dict(infos)
        if self._files.keys() != set(filter(None, files.values())):
            self._files = {file: _of_file(stream, file) for stream, file in files.items() if file}
        return {
            stream: self._files[file] if file else infos[stream] for stream, file in files.items()
        }

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
            infos = self.infos(options, infos)
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


def _of_file(stream: str, file: str) -> Any:
    try:
        return read_camera_info_file(file)
    except CameraInfoFileError as error:
        values = {"cause": str(error), "file": file}
        raise RegistrationError(FindingKind.BAD_CALIBRATION, stream, **values) from error


def _computed(
    options: FusionOptions, rgb_size: Size, thermal_size: Size, infos: Mapping[str, Any]
) -> PairGeometry:
    thermal = options.thermal
    if thermal.registration_from == "homography":
        matrix, findings = _at_sizes(thermal, rgb_size, thermal_size), ()
    else:
        rig, findings = _rig(options, rgb_size, thermal_size, infos)
        if is_by_depth(thermal) or rig.rgb.lens is not None or rig.thermal.lens is not None:
            return _mapped(rig, options, rgb_size, thermal_size, findings)
        try:
            matrix = rig.homography(thermal.registration_distance)
        except ValueError as error:
            raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error
    if matrix is None:
        return EQUAL_VIEWS
    top, _, left, _ = thermal.crop
    matrix = _checked(matrix) @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    if not options.crop_to_common_view:
        return PairGeometry(_checked(matrix), None, None, findings)
    try:
        window = common_field_of_view(
            _checked(matrix), _after_crop(thermal, thermal_size), rgb_size
        )
    except ValueError:
        raise RegistrationError(FindingKind.NO_COMMON_VIEW) from None
    shift = np.array([[1, 0, -window[1]], [0, 1, -window[0]], [0, 0, 1]], dtype=np.float64)
    return PairGeometry(_checked(shift @ matrix), None, window, findings)


def _mapped(
    rig: Rig,
    options: FusionOptions,
    rgb_size: Size,
    thermal_size: Size,
    findings: tuple[Finding, ...],
) -> PairGeometry:
    """Return the geometry of cameras whose lenses or parallax are undone."""
    thermal = options.thermal
    nearness = nearness_of(thermal.registration_distance)
    margins = thermal.crop[0], thermal.crop[2]
    window = None
    if options.crop_to_common_view:
        # A coarse grid is enough: the rectangle is rounded inwards by a cell.
        step = max(1, min(rgb_size) // 120)
        grid = View((0, 0, *rgb_size), margins).rgb_pixels(rgb_size)[::step, ::step]
        directions = rig.rgb.directions(grid.reshape(-1, 2))
        places = rig.thermal_pixels(directions, nearness) - np.array(margins[::-1])
        seen = are_inside(places, _after_crop(thermal, thermal_size)).reshape(grid.shape[:2])
        try:
            window = largest_window(seen, step, rgb_size)
        except ValueError:
            raise RegistrationError(FindingKind.NO_COMMON_VIEW) from None
    view = View(window or (0, 0, *rgb_size), margins)
    projector = None
    if is_by_depth(thermal):
        after = _after_crop(thermal, thermal_size)
        projector = DepthProjector(rig, nearness, view, rgb_size, after)
    return PairGeometry(None, PlaneMap(rig, nearness, view), window, findings, projector)


def is_by_depth(thermal: ThermalOptions) -> bool:
    """Return whether a depth image of each pair is wanted."""
    return thermal.registration_from.startswith("depth")


def _after_crop(thermal: ThermalOptions, size: Size) -> Size:
    top, bottom, left, right = thermal.crop
    return size[0] - top - bottom, size[1] - left - right


def _checked(matrix: np.ndarray) -> np.ndarray:
    """Return a homography that was put together from others, if it can be used."""
    try:
        return registration.check_homography(matrix)
    except ValueError as error:
        raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error


def _rig(
    options: FusionOptions, rgb_size: Size, thermal_size: Size, infos: Mapping[str, Any]
) -> tuple[Rig, tuple[Finding, ...]]:
    """Return the calibrated cameras, and what of their calibrations is left out."""
    thermal = options.thermal
    rectified = thermal.registration_from.endswith("_rect")
    calibrations, cameras = [], []
    for stream, size in (("rgb", rgb_size), ("thermal", thermal_size)):
        try:
            calibrations.append(calibration_from_info(infos[stream], rectified))
            cameras.append(calibrations[-1].camera_of(size))
        except ValueError as error:
            values = {"cause": str(error), **_named(options, stream)}
            raise RegistrationError(FindingKind.BAD_CALIBRATION, stream, **values) from error
    try:
        rig = rig_from_calibrations(
            tuple(calibrations),
            tuple(cameras),
            np.array(thermal.rotation),
            np.array(thermal.translation),
        )
    except ValueError as error:
        raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error
    unknown = [] if rectified else [each for each in infos if not is_distortion_known(infos[each])]
    return rig, tuple(
        Finding(
            FindingKind.LENS_DISTORTION,
            stream,
            Level.WARN,
            {"model": infos[stream].distortion_model, **_named(options, stream)},
        )
        for stream in unknown
    )


def _named(options: FusionOptions, stream: str) -> dict[str, str]:
    """Return the file of a stream's calibration, where it is not from a topic."""
    file = options.rgb_camera_info_file if stream == "rgb" else options.thermal.camera_info_file
    return {"file": file} if file else {}


def _at_sizes(thermal: ThermalOptions, rgb_size: Size, thermal_size: Size) -> np.ndarray | None:
    """Return ``thermal.registration`` for images of these sizes; None: equal fields of view."""
    matrix = check_homography(np.array(thermal.registration))
    if matrix is None or thermal.registration_sizes is None:
        return matrix
    rgb, registered = thermal.registration_sizes[:2], thermal.registration_sizes[2:]
    return resize_homography(rgb, rgb_size) @ matrix @ resize_homography(thermal_size, registered)
