"""How the two images of a pair lie over each other, and which part of the RGB image is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..findings import Finding, FindingKind, Level
from ..images.nearest import resize_nearest
from ..registration import PixelMap
from ..registration.depth_map import DepthProjector
from ..registration.pixel_map import warped
from .depth_images import DepthImage

Size = tuple[int, int]


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
        return resize_nearest(values, size)


EQUAL_VIEWS = PairGeometry()
