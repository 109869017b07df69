"""Image messages with the fields that ``images`` reads, made from arrays without any ROS."""

from dataclasses import dataclass

import cv2
import numpy as np

HEIGHT, WIDTH = 24, 32


@dataclass
class ImageMessage:
    """As ``sensor_msgs/Image``."""

    height: int
    width: int
    encoding: str
    step: int
    data: bytes
    is_bigendian: int = 0


@dataclass
class CompressedMessage:
    """As ``sensor_msgs/CompressedImage``."""

    format: str
    data: bytes = b""


def smooth_rgb(height=HEIGHT, width=WIDTH):
    """A smooth RGB image: chroma subsampling and demosaicing hardly change it."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (40 + 3 * x, 60 + 4 * y, 200 - 2 * x - y)
    return np.stack(channels, axis=-1).astype(np.uint8)


def packed(rows, encoding, width, padding=0, last_padding=True, bigendian=False):
    """A message from rows of bytes (H x row bytes), each followed by padding."""
    height, row = rows.shape
    padded = np.full((height, row + padding), 0xAB, np.uint8)
    padded[:, :row] = rows
    data = padded.tobytes()
    if padding and not last_padding:
        data = data[:-padding]
    return ImageMessage(height, width, encoding, row + padding, data, int(bigendian))


def encoded(extension, array, form):
    """A compressed message of an array in OpenCV's order of channels."""
    return CompressedMessage(form, cv2.imencode(extension, array)[1].tobytes())


def interleaved(array):
    """The bytes of an array row by row."""
    return np.ascontiguousarray(array).reshape(array.shape[0], -1).view(np.uint8)


def yuv422(rgb, order):
    """Pack R, G, B as the YUV 4:2:2 of BT.601 video range, by its definition."""
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    y = 16 + 0.257 * r + 0.504 * g + 0.098 * b
    u = 128 - 0.148 * r - 0.291 * g + 0.439 * b
    v = 128 + 0.439 * r - 0.368 * g - 0.071 * b
    planes = {
        "U": (u[:, ::2] + u[:, 1::2]) / 2,
        "V": (v[:, ::2] + v[:, 1::2]) / 2,
        "0": y[:, ::2],
        "1": y[:, 1::2],
    }
    return np.stack([planes[key] for key in order], -1).round().astype(np.uint8)


def planes(rgb, encoding, padding):
    """A message of R, G, B as Y and then U, V of BT.601 video range: nv12, nv21 or nv24."""
    packed422 = yuv422(np.repeat(rgb, 2, axis=1), "0U1V")  # each pixel twice: it keeps its colour
    y, u, v = packed422[..., 0], packed422[..., 1], packed422[..., 3]
    if encoding != "nv24":
        u, v = (plane[::2, ::2] for plane in (u, v))
    chroma = np.stack((v, u) if encoding == "nv21" else (u, v), axis=-1)
    step = rgb.shape[1] + padding
    data = np.full((len(y), step), 0xAB, np.uint8)
    data[:, : y.shape[1]] = y
    colours = np.full((len(chroma), step * (2 if encoding == "nv24" else 1)), 0xAB, np.uint8)
    colours[:, : chroma.shape[1] * 2] = chroma.reshape(len(chroma), -1)
    return ImageMessage(*rgb.shape[:2], encoding, step, data.tobytes() + colours.tobytes())


def mosaic(rgb, pattern):
    """The raw image of a sensor with a Bayer pattern."""
    raw = np.empty(rgb.shape[:2], np.uint8)
    for place, colour in enumerate(pattern):
        rows, columns = slice(place // 2, None, 2), slice(place % 2, None, 2)
        raw[rows, columns] = rgb[rows, columns, "rgb".index(colour)]
    return raw
