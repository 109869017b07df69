"""labelme's JSON, a file for each image: polygons, rectangles, circles and masks.

https://github.com/wkentaro/labelme, labelme/utils/shape.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from ..images.errors import BadImage
from ..images.image_file import values_of_file
from ..one_line import one_line
from .errors import AnnotationError
from .plain_values import member, number, parsed_json, points, read_text, sides
from .shapes import AnnotatedImage, Annotations, MaskRoom, Shape


def read_labelme(path: Path) -> Annotations:
    """Read a file, or all .json files of a folder and of its folders.

    Raises:
        AnnotationError: one of them cannot be used, or there is none.
    """
    if path.is_dir():
        files = sorted(each for each in path.rglob("*.json") if each.is_file())
        if not files:
            raise AnnotationError(f"{one_line(path)} holds no .json files of labelme")
    else:
        files = [path]
    images, left_out, room = [], Counter(), MaskRoom()
    for file in files:
        data, where = read_text(file, ("*.json",))
        content = parsed_json(data, where)
        size = sides(content, ("imageHeight", "imageWidth"), where)
        shapes = []
        for each in member(content, "shapes", list, where):
            shape = _shape(each, where)
            if shape is None:
                left_out[str(each.get("shape_type"))[:40]] += 1
            else:
                shapes.append(room.take(shape, where))
        # The file has the name of its image; imagePath may lead through other folders.
        name = file.relative_to(path) if path.is_dir() else Path(file.name)
        images.append(AnnotatedImage(name.as_posix(), size, tuple(shapes)))
    return Annotations(images, left_out)


def _shape(given: Any, where: str) -> Shape | None:
    label = member(given, "label", str, where)
    corners = member(given, "points", list, where)
    kind = given.get("shape_type") or "polygon"
    if kind == "polygon":
        return Shape(label, (points(corners, where),))
    if kind == "mask":
        return _mask(label, corners, member(given, "mask", str, where), where)
    if kind not in ("rectangle", "circle"):
        return None
    (x0, y0), (x1, y1) = _two(corners, where)
    if kind == "rectangle":
        return Shape(label, (np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]),))
    radius, around = math.hypot(x1 - x0, y1 - y0), np.linspace(0, 2 * math.pi, 128, endpoint=False)
    ring = np.stack([x0 + radius * np.cos(around), y0 + radius * np.sin(around)], axis=1)
    return Shape(label, (ring,))


def _mask(label: str, corners: list, text: str, where: str) -> Shape:
    (x0, y0), _ = _two(corners, where)
    try:
        data = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
        mask = values_of_file(data)
    except (binascii.Error, ValueError, BadImage) as error:
        raise AnnotationError(f"{where}: a mask is no image: save it again in labelme") from error
    mask = mask if mask.ndim == 2 else mask[..., 0]
    return Shape.of_mask(label, mask > 0, (round(y0), round(x0)))


def _two(corners: list, where: str) -> list[tuple[float, float]]:
    if len(corners) != 2 or not all(isinstance(c, list) and len(c) == 2 for c in corners):
        raise AnnotationError(f"{where}: a rectangle, circle or mask has two points [x, y]")
    return [tuple(number(value, "a corner", where) for value in each) for each in corners]


def write_labelme(
    images: Sequence[AnnotatedImage], colors: Mapping[str, tuple[int, int, int]], folder: Path
) -> None:
    """Write a .json file beside each image of the folder `images`, and `labels.txt`.

    Args:
        images: with their shapes.
        colors: of each label; labelme has colours of its own.
        folder: to write into.
    """
    for image in images:
        height, width = image.size
        content = {
            "version": "5.4.1",
            "flags": {},
            "shapes": [_written(shape) for shape in image.shapes],
            "imagePath": PurePosixPath(image.file).name,
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
        }
        path = (folder / "images" / image.file).with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in colors), encoding="utf-8")


def _written(shape: Shape) -> dict[str, Any]:
    common = {"label": shape.label, "group_id": None, "description": "", "flags": {}}
    if shape.mask is None:
        ring = [[round(float(x), 2), round(float(y), 2)] for x, y in shape.rings[0]]
        return {**common, "points": ring, "shape_type": "polygon"}
    (top, left), (height, width) = shape.corner, shape.mask.shape
    png = cv2.imencode(".png", shape.mask.astype(np.uint8) * 255)[1].tobytes()
    return {
        **common,
        "points": [[left, top], [left + width - 1, top + height - 1]],
        "shape_type": "mask",
        "mask": base64.b64encode(png).decode(),
    }
