"""The encodings of ``sensor_msgs/Image`` that are read: one table for RGB and thermal images.

The node, ``amdanet fuse`` and all other commands read the same. Names are those of
``sensor_msgs/image_encodings.hpp`` and of OpenCV's types, in any case.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2


@dataclass(frozen=True)
class Encoding:
    """How the pixels of an encoding lie in the data.

    Attributes:
        kind: "packed" (each pixel has its channels), "yuv422" (two pixels share their colour),
            "bayer" (a colour sensor's raw pixels) or "planes" (Y, then U and V between each other).
        dtype: of numpy, without byte order.
        channels: values of a pixel; of "planes": of the first plane.
        to_rgb: OpenCV's conversion of uint8 pixels; None: it is RGB already, or there is none.
        luma: "yuv422": which of a pixel's two bytes is Y.
        chroma: "planes": rows and columns of pixels that share U and V (2 or 1), and whether V
            comes first.
        serves: "rgb", "thermal", or both.
    """

    kind: str
    dtype: str
    channels: int
    to_rgb: int | None = None
    luma: int = 0
    chroma: tuple[int, bool] = (2, False)
    serves: tuple[str, ...] = ("rgb", "thermal")


def _packed(dtype: str, channels: int, to_rgb: int | None, *serves: str) -> Encoding:
    return Encoding("packed", dtype, channels, to_rgb, serves=serves or ("rgb", "thermal"))


# OpenCV's older names (BayerBG) start at the second row's second pixel; these (BayerRGGB) name the
# first two rows, as ROS does.
BAYER = {
    "rggb": cv2.COLOR_BayerRGGB2RGB,
    "bggr": cv2.COLOR_BayerBGGR2RGB,
    "gbrg": cv2.COLOR_BayerGBRG2RGB,
    "grbg": cv2.COLOR_BayerGRBG2RGB,
}

_GREY, _BGR = cv2.COLOR_GRAY2RGB, cv2.COLOR_BGR2RGB
_UYVY = Encoding("yuv422", "u1", 2, cv2.COLOR_YUV2RGB_UYVY, luma=1)
_YUYV = Encoding("yuv422", "u1", 2, cv2.COLOR_YUV2RGB_YUYV, luma=0)

# 8UC3, 8UC4, 16UC3 and 16UC4 do not tell the order of channels: they are read as BGR(A), as
# cv_bridge reads them.
ENCODINGS: dict[str, Encoding] = {
    "rgb8": _packed("u1", 3, None),
    "bgr8": _packed("u1", 3, _BGR),
    "rgba8": _packed("u1", 4, cv2.COLOR_RGBA2RGB),
    "bgra8": _packed("u1", 4, cv2.COLOR_BGRA2RGB),
    "mono8": _packed("u1", 1, _GREY),
    "8UC1": _packed("u1", 1, _GREY),
    "8UC3": _packed("u1", 3, _BGR),
    "8UC4": _packed("u1", 4, cv2.COLOR_BGRA2RGB),
    "rgb16": _packed("u2", 3, None),
    "bgr16": _packed("u2", 3, _BGR),
    "rgba16": _packed("u2", 4, cv2.COLOR_RGBA2RGB),
    "bgra16": _packed("u2", 4, cv2.COLOR_BGRA2RGB),
    "mono16": _packed("u2", 1, _GREY),
    "16UC3": _packed("u2", 3, _BGR),
    "16UC4": _packed("u2", 4, cv2.COLOR_BGRA2RGB),
    **{
        f"bayer_{pattern}{bits}": Encoding("bayer", f"u{bits // 8}", 1, code, serves=("rgb",))
        for bits in (8, 16)
        for pattern, code in BAYER.items()
    },
    "uyvy": _UYVY,
    "yuv422": _UYVY,
    "yuyv": _YUYV,
    "yuv422_yuy2": _YUYV,
    "nv12": Encoding("planes", "u1", 1, chroma=(2, False)),
    "nv21": Encoding("planes", "u1", 1, chroma=(2, True)),
    "nv24": Encoding("planes", "u1", 1, chroma=(1, False)),
    "16UC1": _packed("u2", 1, None, "thermal"),
    "32FC1": _packed("f4", 1, None, "thermal"),
    "64FC1": _packed("f8", 1, None, "thermal"),
    "8SC1": _packed("i1", 1, None, "thermal"),
    "16SC1": _packed("i2", 1, None, "thermal"),
    "32SC1": _packed("i4", 1, None, "thermal"),
    "32FC3": _packed("f4", 3, None, "thermal"),
}

_BY_LOWER_CASE = {name.lower(): encoding for name, encoding in ENCODINGS.items()}


def encoding_of(name: str, stream: str) -> Encoding | None:
    """Return what is known of an encoding, or None where it does not serve "rgb" or "thermal"."""
    found = _BY_LOWER_CASE.get(name.strip().lower())
    return found if found is not None and stream in found.serves else None
