"""Label Studio's JSON: polygons (in percent) and brush masks.

https://labelstud.io/guide/export: a list of tasks; the last annotation of a task that was not
cancelled counts, else its predictions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import quoteattr

import numpy as np

from ..one_line import one_line
from .errors import AnnotationError
from .plain_values import member, number, parsed_json, points, read_text, sides
from .run_lengths import brush_data, brush_mask
from .shapes import AnnotatedImage, Annotations, MaskRoom, Shape

FILE = "tasks.json"
_NAMES = (FILE, "project-*.json", "result.json", "*.json")


def read_labelstudio(path: Path) -> Annotations:
    """Read a file, or the one in a folder or .zip.

    Raises:
        AnnotationError: it cannot be used.
    """
    data, where = read_text(path, _NAMES)
    tasks = parsed_json(data, where)
    if not isinstance(tasks, list):
        raise AnnotationError(f"{where} is no list of tasks: export it as JSON (not JSON-MIN)")
    images, left_out, room = [], Counter(), MaskRoom()
    for task in tasks:
        fields = member(task, "data", dict, f"{where}, task")
        address = fields.get("image") or next(
            (each for each in fields.values() if isinstance(each, str)), ""
        )
        file = _file(str(address))
        label = f"{where}, image {one_line(file, 80)!r}"
        results = _results(task, label)
        size, shapes = None, []
        for result in results:
            kind = member(result, "type", str, label)
            if kind not in ("polygonlabels", "brushlabels"):
                left_out[kind[:40]] += 1
                continue
            own = sides(result, ("original_height", "original_width"), label)
            if size not in (None, own):
                raise AnnotationError(f"{label}: its results give two sizes, {size} and {own}")
            size = own
            shapes.append(room.take(_shape(kind, result, size, label), label))
        if size is None:
            left_out["task without an area"] += 1
        else:
            images.append(AnnotatedImage(file, size, tuple(shapes)))
    return Annotations(images, left_out)


def _results(task: Mapping[str, Any], where: str) -> list[Any]:
    for key in ("annotations", "completions", "predictions"):
        given = task.get(key)
        if given is None:
            continue
        if not isinstance(given, list):
            raise AnnotationError(f"{where}: {key} is no list")
        kept = [each for each in given if isinstance(each, dict) and not each.get("was_cancelled")]
        if kept:
            return member(kept[-1], "result", list, where)
    return []


def _shape(kind: str, result: Mapping[str, Any], size: tuple[int, int], where: str) -> Shape:
    value = member(result, "value", dict, where)
    names = member(value, kind, list, where)
    if len(names) != 1 or not isinstance(names[0], str):
        raise AnnotationError(f"{where}: an area has {len(names)} labels, and needs one")
    if kind == "brushlabels":
        if value.get("format") != "rle":
            raise AnnotationError(f"{where}: a brush mask is not in the format rle")
        return Shape.of_mask(names[0], brush_mask(value.get("rle"), size, where))
    percent = points(member(value, "points", list, where), where)
    if number(result.get("image_rotation", 0), "image_rotation", where):
        raise AnnotationError(f"{where}: the image was turned: turn it back in Label Studio")
    return Shape(names[0], (percent * np.array(size[::-1]) / 100.0,))


def _file(address: str) -> str:
    """Return the image's path in an address such as /data/local-files/?d=images/a.png."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    query = parse_qs(parts.query).get("d")
    return query[0] if query else unquote(parts.path)


def write_labelstudio(
    images: Sequence[AnnotatedImage], colors: Mapping[str, tuple[int, int, int]], folder: Path
) -> None:
    """Write `tasks.json` (shapes as predictions) and `labeling_config.xml`.

    The images lie in the folder `images` beside them, for Label Studio's local files.

    Args:
        images: with their shapes.
        colors: R, G, B of each label.
        folder: to write into.
    """
    tasks = []
    for number_, image in enumerate(images, start=1):
        results = [
            _written(shape, image.size, f"{number_}_{index}")
            for index, shape in enumerate(image.shapes)
        ]
        address = f"/data/local-files/?d={quote('images/' + image.file)}"
        prediction = {"model_version": "amdanet", "result": results}
        tasks.append({"id": number_, "data": {"image": address}, "predictions": [prediction]})
    (folder / FILE).write_text(json.dumps(tasks), encoding="utf-8")
    labels = "".join(
        f'<Label value={quoteattr(name)} background="#{r:02x}{g:02x}{b:02x}"/>'
        for name, (r, g, b) in colors.items()
    )
    (folder / "labeling_config.xml").write_text(
        '<View><Image name="image" value="$image" zoom="true"/>\n'
        f'<BrushLabels name="brush" toName="image">{labels}</BrushLabels>\n'
        f'<PolygonLabels name="polygon" toName="image">{labels}</PolygonLabels></View>\n',
        encoding="utf-8",
    )


def _written(shape: Shape, size: tuple[int, int], name: str) -> dict[str, Any]:
    height, width = size
    common = {
        "id": name,
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
    }
    if shape.mask is None:
        percent = shape.rings[0] * 100.0 / np.array([width, height])
        value = {
            "points": [[round(float(x), 4), round(float(y), 4)] for x, y in percent],
            "polygonlabels": [shape.label],
            "closed": True,
        }
        return {**common, "from_name": "polygon", "type": "polygonlabels", "value": value}
    whole = np.zeros(size, bool)
    (top, left), (rows, columns) = shape.corner, shape.mask.shape
    whole[top : top + rows, left : left + columns] = shape.mask
    value = {"format": "rle", "rle": brush_data(whole), "brushlabels": [shape.label]}
    return {**common, "from_name": "brush", "type": "brushlabels", "value": value}
