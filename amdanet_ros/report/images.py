"""Images within a report, and sliders with two of them one over the other."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import cv2
import numpy as np

from .elements import text

_MOST_WIDTH = 640
_QUALITY = 82


def data_uri(image: np.ndarray, most_width: int = _MOST_WIDTH) -> str:
    """Return an image, H x W x 3 uint8 RGB, as a JPEG in a ``data:`` address."""
    height, width = image.shape[:2]
    scale = min(1.0, most_width / width, 2 * most_width / height)
    if scale < 1:
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    options = (cv2.IMWRITE_JPEG_QUALITY, _QUALITY)
    coded = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), options)[1]
    return "data:image/jpeg;base64," + base64.b64encode(coded.tobytes()).decode()


def slider(caption: object, images: Mapping[str, np.ndarray], shown: tuple[str, str]) -> str:
    """Return images of one size of which two are shown, one on each side of an edge that moves.

    Args:
        caption: below them.
        images: by name, H x W x 3 uint8 RGB; at least one.
        shown: names of the one on the left and the one on the right; others are chosen for them
            where they are missing.
    """
    names = list(images)
    sides = [names.index(each) if each in images else i % len(names)
             for i, each in enumerate(shown)]  # fmt: skip
    uris = [data_uri(image) for image in images.values()]
    choices = "".join(
        f"<label>{label} <select>"
        + "".join(
            f"<option value={i}{' selected' if i == sides[side] else ''}>{text(name)}</option>"
            for i, name in enumerate(names)
        )
        + "</select></label>"
        for side, label in enumerate(("Left", "Right"))
    )
    kept = "".join(
        f"<template><img alt='{text(name)}' src='{uri}'></template>"
        for name, uri in zip(names, uris, strict=True)
    )
    left, right = (uris[side] for side in sides)
    return (
        f"<figure class=compare><div class=choices>{choices}</div>"
        f"<div class=stage><img alt='left image' src='{left}'>"
        f"<img class=above alt='right image' src='{right}'><i></i></div>"
        "<input type=range min=0 max=100 step=0.5 value=50 aria-label='edge between the images'>"
        f"<figcaption>{text(caption)}</figcaption>{kept}</figure>"
    )


def sliders(parts: list[str]) -> str:
    """Return sliders side by side."""
    return f"<div class=pairs>{''.join(parts)}</div>"
