"""Where a pair's thermal pixels lie in its RGB picture, and which part of that is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import CameraInfo

from ..inference.input_images import check_homography
from ..registration import common_field_of_view, resize_homography
from ..registration.camera_calibration import homography_from_calibrations
from .camera_info import calibration_from_message, fingerprint, has_distortion
from .options import FusionOptions, ThermalOptions

Size = tuple[int, int]


class MissingCameraInfoError(Exception):
    """The registration needs a ``camera_info`` that has not come yet; says which and the mend."""


@dataclass(frozen=True)
class PairGeometry:
    """How a pair is put together.

    Attributes:
        homography: 3 x 3 float64, pixels of the thermal picture after ``thermal.crop`` to pixels
            of the RGB picture within the window; None: equal fields of view.
        window: (top, left, height, width), the part of the RGB picture that is shown; None: all.
    """

    homography: np.ndarray | None = None
    window: tuple[int, int, int, int] | None = None

    def cut(self, rgb: np.ndarray) -> np.ndarray:
        """Return a view of the part of an RGB picture that is shown."""
        if self.window is None:
            return rgb
        top, left, height, width = self.window
        return rgb[top : top + height, left : left + width]

    def size(self, rgb_size: Size) -> Size:
        """Return (height, width) of what is shown of RGB pictures of a size."""
        return rgb_size if self.window is None else self.window[2:]


class PairGeometries:
    """Gives the geometry of pairs; computes it anew only where something has changed.

    Args:
        warn: logs a warning, throttled by cause.
        topics: resolved names of the ``camera_info`` topics by stream, for messages.
    """

    def __init__(self, warn: Callable[[str], None], topics: Mapping[str, str]) -> None:
        self._warn = warn
        self._topics = topics
        self._key: tuple | None = None
        self._last = PairGeometry()

    def of(
        self,
        settings: FusionOptions,
        rgb_size: Size,
        thermal_size: Size,
        infos: Mapping[str, CameraInfo | None],
    ) -> PairGeometry:
        """Return a pair's geometry.

        Args:
            settings: as of now.
            rgb_size: (height, width) of the RGB picture.
            thermal_size: (height, width) of the thermal picture as it comes, before the crop.
            infos: last ``camera_info`` by stream, "rgb" and "thermal"; None where none has come.

        Raises:
            MissingCameraInfoError: a ``camera_info`` that is needed has not come.
            ValueError: a calibration cannot be used, or the pictures have no common part.
        """
        thermal = settings.thermal
        prints = None
        if thermal.registration_from != "homography":
            if self._topics["rgb"] == self._topics["thermal"]:
                raise ValueError(
                    f"thermal.registration_from is {thermal.registration_from}, but both cameras' "
                    f"camera_info is {self._topics['rgb']}: remap rgb/camera_info and "
                    "thermal/camera_info to each camera's own"
                )
            for stream in ("rgb", "thermal"):
                if infos[stream] is None:
                    raise MissingCameraInfoError(
                        f"thermal.registration_from is {thermal.registration_from}, but nothing "
                        f"has come on {self._topics[stream]}: publish the camera's calibration "
                        "there, or register with thermal.registration"
                    )
            prints = tuple(fingerprint(infos[stream]) for stream in ("rgb", "thermal"))
        key = (thermal, settings.crop_to_common_view, rgb_size, thermal_size, prints)
        if key != self._key:
            self._last = self._computed(settings, rgb_size, thermal_size, infos)
            self._key = key
        return self._last

    def _computed(
        self,
        settings: FusionOptions,
        rgb_size: Size,
        thermal_size: Size,
        infos: Mapping[str, CameraInfo | None],
    ) -> PairGeometry:
        thermal = settings.thermal
        if thermal.registration_from == "homography":
            matrix = _at_sizes(thermal, rgb_size, thermal_size)
        else:
            matrix = self._from_camera_infos(thermal, rgb_size, thermal_size, infos)
        if matrix is None:
            return PairGeometry()
        top, bottom, left, right = thermal.crop
        matrix = matrix @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], dtype=np.float64)
        if not settings.crop_to_common_view:
            return PairGeometry(matrix)
        cropped = thermal_size[0] - top - bottom, thermal_size[1] - left - right
        window = common_field_of_view(matrix, cropped, rgb_size)
        shift = np.array([[1, 0, -window[1]], [0, 1, -window[0]], [0, 0, 1]], dtype=np.float64)
        return PairGeometry(shift @ matrix, window)

    def _from_camera_infos(
        self,
        thermal: ThermalOptions,
        rgb_size: Size,
        thermal_size: Size,
        infos: Mapping[str, CameraInfo | None],
    ) -> np.ndarray:
        rectified = thermal.registration_from == "camera_info_rect"
        for stream, info in infos.items():
            if not rectified and has_distortion(info):
                self._warn(
                    f"{self._topics[stream]} tells of lens distortion, which the registration "
                    "leaves out: give rectified images (image_proc) and set "
                    "thermal.registration_from to camera_info_rect"
                )
        return homography_from_calibrations(
            calibration_from_message(infos["rgb"], rectified),
            calibration_from_message(infos["thermal"], rectified),
            np.array(thermal.rotation),
            rgb_size,
            thermal_size,
        )


def _at_sizes(thermal: ThermalOptions, rgb_size: Size, thermal_size: Size) -> np.ndarray | None:
    """Return ``thermal.registration`` for pictures of these sizes; None: equal fields of view."""
    matrix = check_homography(np.array(thermal.registration))
    if matrix is None or thermal.registration_sizes is None:
        return matrix
    rgb, registered = thermal.registration_sizes[:2], thermal.registration_sizes[2:]
    return resize_homography(rgb, rgb_size) @ matrix @ resize_homography(thermal_size, registered)
