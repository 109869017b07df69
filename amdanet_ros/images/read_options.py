"""What all readers of images are told."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import BadImage

THERMAL_FRAMES = ("whole", "upper_half", "lower_half_raw16")
"""Which part of a thermal camera's frame is its image, see `thermal_frame`."""

MAX_IMAGE_MEGAPIXELS = 64.0


@dataclass(frozen=True)
class ReadOptions:
    """How images are read.

    Attributes:
        max_image_megapixels: images of more pixels (in millions) are refused, undecoded.
        thermal_frame: of `THERMAL_FRAMES`: the whole frame; or, of a frame with two images one
            above the other, the upper one (8-bit video), or the lower one as 16-bit counts.
    """

    max_image_megapixels: float = MAX_IMAGE_MEGAPIXELS
    thermal_frame: str = "whole"

    def check_size(self, width: int, height: int) -> None:
        """Refuse an image that is empty or too large.

        Raises:
            BadImage: a side is below 1, or there are more pixels than allowed.
        """
        if height <= 0 or width <= 0:
            raise BadImage(
                f"the image is empty ({width} x {height})", "set width and height in the driver"
            )
        if width * height > self.max_image_megapixels * 1e6:
            raise BadImage(
                f"the image has {width} x {height} pixels, more than the allowed "
                f"{self.max_image_megapixels:g} million",
                "send smaller images, or raise max_image_megapixels",
            )


DEFAULT = ReadOptions()
