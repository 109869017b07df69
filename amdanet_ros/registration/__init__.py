"""Registration: the position of a thermal pixel in the RGB image.

A homography maps homogeneous thermal pixel coordinates ``(x, y, 1)``, pixel centres at integers, to
RGB pixel coordinates. It is exact for cameras that share one optical centre, for a far scene, and
for a plane. A pixel map gives the thermal place of each RGB pixel: it undoes lens distortion and
parallax too.
"""

from .estimation import Registration, RegistrationRefusedError, estimate_homography
from .homography import (
    check_homography,
    common_field_of_view,
    homography_from_cameras,
    resize_homography,
)
from .pixel_map import PixelMap

__all__ = [
    "PixelMap",
    "Registration",
    "RegistrationRefusedError",
    "check_homography",
    "common_field_of_view",
    "estimate_homography",
    "homography_from_cameras",
    "resize_homography",
]
