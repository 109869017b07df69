"""A camera's calibration and the camera matrix of its images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .homography import check_rotation, resize_homography
from .lens import Lens
from .rig import Rig, RigCamera

_ASPECT_TOLERANCE = 0.02
"""Pixels; tolerance for odd sizes that are binned or resized to whole pixels."""


@dataclass(frozen=True)
class CameraCalibration:
    """A camera as in ``sensor_msgs/CameraInfo``.

    Attributes:
        matrix: 3 x 3 float64 camera matrix K of the whole sensor, in pixels.
        rotation: 3 x 3 float64 from directions of the camera to those of its image: the identity,
            or the rotation of rectification.
        size: (height, width) of the whole sensor, in pixels; (0, 0): that of the image.
        region: (top, left, height, width) of the transmitted part, in the sensor's pixels; height
            and width 0: the whole sensor.
        binning: (vertical, horizontal) sensor pixels in a pixel of the image, at least 1.
        lens: the distortion of the images; None: none.
    """

    matrix: np.ndarray
    rotation: np.ndarray
    size: tuple[int, int]
    region: tuple[int, int, int, int] = (0, 0, 0, 0)
    binning: tuple[int, int] = (1, 1)
    lens: Lens | None = None

    def region_of(self, image: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return (top, left, height, width) of an image (height, width), in the sensor's pixels."""
        if all(self.region[2:]):
            return self.region
        if all(self.size):
            return (0, 0, *self.size)
        return 0, 0, image[0] * self.binning[0], image[1] * self.binning[1]

    def matrix_of(self, image: tuple[int, int]) -> np.ndarray:
        """Return the 3 x 3 float64 camera matrix for an image (height, width) of this camera.

        It accounts for the region of interest, binning, and a resize by the driver.

        Raises:
            ValueError: the image has another aspect ratio than the calibrated one.
        """
        top, left, height, width = self.region_of(image)
        expected = height / self.binning[0], width / self.binning[1]
        aspect = (image[1] / image[0]) / (expected[1] / expected[0])
        if abs(aspect - 1.0) > _ASPECT_TOLERANCE:
            raise ValueError(
                f"images of {image[1]} x {image[0]} do not belong to a calibration of "
                f"{expected[1]:g} x {expected[0]:g}: calibrate the camera at the shape in use"
            )
        cut = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], dtype=np.float64)
        return resize_homography((height, width), image) @ cut @ self.matrix

    def camera_of(self, image: tuple[int, int]) -> RigCamera:
        """Return the camera of images (height, width).

        Raises:
            ValueError: another aspect ratio than the calibrated one, or a distortion that these
                images cannot have.
        """
        camera = RigCamera(self.matrix_of(image), self.lens)
        camera.check(image)
        return camera


def rig_from_calibrations(
    calibrations: tuple[CameraCalibration, CameraCalibration],
    cameras: tuple[RigCamera, RigCamera],
    rotation: np.ndarray,
    translation: np.ndarray,
) -> Rig:
    """Return the rig of two cameras by calibration.

    Args:
        calibrations: of the RGB and the thermal camera.
        cameras: the same, for their images' sizes.
        rotation: 3 x 3, from directions in the thermal camera's optical frame to the RGB camera's.
        translation: 3 numbers, metres; see `Rig`.

    Raises:
        ValueError: `rotation` is no rotation.
    """
    rgb, thermal = calibrations
    turn = rgb.rotation @ check_rotation(rotation) @ thermal.rotation.T
    return Rig(*cameras, turn, rgb.rotation @ np.asarray(translation, np.float64))
