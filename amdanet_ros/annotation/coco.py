"""COCO's JSON: polygons, and masks as run lengths, plain or compressed.

https://cocodataset.org/#format-data: run lengths go down the columns, background first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import AnnotationError
from .plain_values import member, parsed_json, points, read_text, sides
from .run_lengths import coco_counts, coco_text, mask_of_runs, runs_of
from .shapes import AnnotatedImage, Annotations, MaskRoom, Shape

FILE = "annotations.json"
_NAMES = (FILE, "instances_*.json", "_annotations.coco.json", "result.json", "*.json")


def read_coco(path: Path) -> Annotations:
    """Read a file, or the one in a folder or .zip.

    Raises:
        AnnotationError: it cannot be used.
    """
    data, where = read_text(path, _NAMES)
    content = parsed_json(data, where)
    categories: dict[int, str] = {}
    for each in member(content, "categories", list, where):
        category = f"{where}, category"
        categories[member(each, "id", int, category)] = member(each, "name", str, category)
    images: dict[int, tuple[str, tuple[int, int], list[Shape]]] = {}
    for each in member(content, "images", list, where):
        file = member(each, "file_name", str, f"{where}, image")
        label = f"{where}, image {file[:80]!r}"
        size = sides(each, ("height", "width"), label)
        images[member(each, "id", int, label)] = (file, size, [])
    left_out: Counter[str] = Counter()
    room = MaskRoom()
    for each in member(content, "annotations", list, where):
        label = f"{where}, annotation {str(each.get('id') if isinstance(each, dict) else '')[:20]}"
        image = images.get(member(each, "image_id", int, label))
        name = categories.get(member(each, "category_id", int, label))
        if image is None or name is None:
            what = "image_id" if image is None else "category_id"
            raise AnnotationError(f"{label}: {what} {each[what]} is not in the file")
        shape = _shape(name, each.get("segmentation"), image[1], label)
        if shape is None:
            left_out["box without a segmentation"] += 1
        else:
            image[2].append(room.take(shape, label))
    return Annotations(
        [AnnotatedImage(file, size, tuple(shapes)) for file, size, shapes in images.values()],
        left_out,
    )


def _shape(name: str, segmentation: Any, size: tuple[int, int], where: str) -> Shape | None:
    if segmentation is None or segmentation == []:
        return None
    if isinstance(segmentation, list):
        if not isinstance(segmentation[0], list):
            segmentation = [segmentation]
        # Several polygons are parts of one object; where they overlap is object, too.
        rings = [points(each, where) for each in segmentation]
        return Shape(name, (rings[0],)) if len(rings) == 1 else _united(name, rings, size)
    counts = member(segmentation, "counts", (str, list), where)
    own = member(segmentation, "size", list, where)
    if own != list(size):
        raise AnnotationError(f"{where}: a mask of size {str(own)[:40]} in an image of {size}")
    runs = coco_counts(counts, where) if isinstance(counts, str) else counts
    mask = mask_of_runs(runs, size[0] * size[1], where)
    return Shape.of_mask(name, mask.reshape(size[::-1]).T)


def _united(name: str, rings: Sequence[np.ndarray], size: tuple[int, int]) -> Shape:
    from .polygons import filled

    mask = np.zeros(size, bool)
    for ring in rings:
        mask |= filled([ring], size)
    return Shape.of_mask(name, mask)


def write_coco(
    images: Sequence[AnnotatedImage], colors: Mapping[str, tuple[int, int, int]], folder: Path
) -> None:
    """Write `annotations.json` for images, whose files lie in the folder `images` beside it.

    Args:
        images: with their shapes.
        colors: of each label; COCO has only names.
        folder: to write into.
    """
    categories = {name: index for index, name in enumerate(colors, start=1)}
    entries, annotations = [], []
    for number, image in enumerate(images, start=1):
        height, width = image.size
        entries.append({"id": number, "file_name": image.file, "height": height, "width": width})
        for shape in image.shapes:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": categories[shape.label],
                    **_written(shape, image.size),
                }
            )
    content = {
        "info": {"description": "written by amdanet convert"},
        "images": entries,
        "categories": [{"id": i, "name": n, "supercategory": ""} for n, i in categories.items()],
        "annotations": annotations,
    }
    (folder / FILE).write_text(json.dumps(content), encoding="utf-8")


def _written(shape: Shape, size: tuple[int, int]) -> dict[str, Any]:
    if shape.mask is None:
        ring = shape.rings[0]
        (x0, y0), (x1, y1) = ring.min(axis=0), ring.max(axis=0)
        x, y = ring.T
        area = abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2
        flat = [round(float(value), 2) for value in ring.reshape(-1)]
        return _object([flat], area, (x0, y0, x1, y1), 0)
    whole = np.zeros(size, bool)
    (top, left), (height, width) = shape.corner, shape.mask.shape
    whole[top : top + height, left : left + width] = shape.mask
    rle = {"size": list(size), "counts": coco_text(runs_of(whole.T))}
    return _object(rle, int(shape.mask.sum()), (left, top, left + width, top + height), 1)


def _object(
    segmentation: Any, area: float, corners: tuple[float, float, float, float], is_crowd: int
) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(each) for each in corners)
    return {
        "segmentation": segmentation,
        "area": area,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "iscrowd": is_crowd,
    }
