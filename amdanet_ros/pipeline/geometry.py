"""The geometry of pairs, from options and calibrations; made anew where one of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import registration
from ..findings import Finding, FindingKind, Level
from ..inference.input_images import check_homography
from ..registration import common_field_of_view, resize_homography
from ..registration.camera_info_file import CameraInfoFileError, read_camera_info_file
from ..registration.depth_map import DepthProjector
from ..registration.homography import are_inside, largest_window, seen_of_rgb
from ..registration.pixel_map import PlaneMap, View
from ..registration.rig import Rig, nearness_of
from .calibrated_rig import calibrated_rig
from .camera_info import fingerprint
from .options import FusionOptions, ThermalOptions
from .pair_geometry import EQUAL_VIEWS, PairGeometry
from .registration_error import RegistrationError

Size = tuple[int, int]


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
        rig, findings = calibrated_rig(options, rgb_size, thermal_size, infos)
        # A homography would also show what lies behind a camera, mirrored.
        is_turned_away = rig.rotation[2, 2] <= 0.0
        has_lens = rig.rgb.lens is not None or rig.thermal.lens is not None
        if is_by_depth(thermal) or has_lens or is_turned_away:
            return _mapped(rig, options, rgb_size, thermal_size, findings)
        try:
            matrix = rig.homography(thermal.registration_distance)
        except ValueError as error:
            raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error
    if matrix is None:
        return EQUAL_VIEWS
    top, _, left, _ = thermal.crop
    matrix = _checked(matrix) @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    after = _after_crop(thermal, thermal_size)
    if not options.crop_to_common_view:
        seen, _ = seen_of_rgb(_checked(matrix), after, rgb_size)
        return PairGeometry(_checked(matrix), None, None, (*findings, *_nothing_common(seen)))
    try:
        window = common_field_of_view(_checked(matrix), after, rgb_size)
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
    # A coarse grid is enough: the rectangle is rounded inwards by a cell.
    step = max(1, min(rgb_size) // 120)
    grid = View((0, 0, *rgb_size), margins).rgb_pixels(rgb_size)[::step, ::step]
    directions = rig.rgb.directions(grid.reshape(-1, 2))
    places = rig.thermal_pixels(directions, nearness) - np.array(margins[::-1])
    seen = are_inside(places, _after_crop(thermal, thermal_size)).reshape(grid.shape[:2])
    if options.crop_to_common_view:
        try:
            window = largest_window(seen, step, rgb_size)
        except ValueError:
            raise RegistrationError(FindingKind.NO_COMMON_VIEW) from None
    elif not is_by_depth(thermal):  # which may see what lies nearer
        findings = (*findings, *_nothing_common(seen))
    view = View(window or (0, 0, *rgb_size), margins)
    projector = None
    if is_by_depth(thermal):
        after = _after_crop(thermal, thermal_size)
        projector = DepthProjector(rig, nearness, view, rgb_size, after)
    return PairGeometry(None, PlaneMap(rig, nearness, view), window, findings, projector)


def _nothing_common(seen: np.ndarray) -> tuple[Finding, ...]:
    """Return the finding where no pixel of the RGB image is seen by the thermal camera."""
    if seen.any():
        return ()
    return (Finding(FindingKind.NO_COMMON_VIEW, None, Level.WARN),)


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


def _at_sizes(thermal: ThermalOptions, rgb_size: Size, thermal_size: Size) -> np.ndarray | None:
    """Return ``thermal.registration`` for images of these sizes; None: equal fields of view."""
    matrix = check_homography(np.array(thermal.registration))
    if matrix is None or thermal.registration_sizes is None:
        return matrix
    rgb, registered = thermal.registration_sizes[:2], thermal.registration_sizes[2:]
    return resize_homography(rgb, rgb_size) @ matrix @ resize_homography(thermal_size, registered)
