"""CVAT's XML "for images 1.1": polygons, masks, boxes, ellipses.

https://docs.cvat.ai/docs/manual/advanced/xml_format/: points are "x,y;x,y", a mask's `rle` are the
run lengths of its box row by row, background first; `z_order` says what lies on top.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np

from .errors import AnnotationError
from .plain_values import number, points, read_text, sides
from .run_lengths import mask_of_runs, runs_of
from .shapes import AnnotatedImage, Annotations, MaskRoom, Shape

FILE = "annotations.xml"
_AREAS = ("polygon", "mask", "box", "ellipse")
_OTHERS = ("polyline", "points", "cuboid", "skeleton", "tag")
_MOST_DEPTH = 50


def read_cvat(path: Path) -> Annotations:
    """Read a file, or the one in a folder or .zip as CVAT exports it.

    Raises:
        AnnotationError: it cannot be used.
    """
    data, where = read_text(path, (FILE, "*.xml"))
    reader = _Reader(where)
    reader.read(data)
    return Annotations(reader.images, reader.left_out)


class _Reader:
    """Follows the elements of the XML as they come."""

    def __init__(self, where: str) -> None:
        self.images: list[AnnotatedImage] = []
        self.left_out: Counter[str] = Counter()
        self._file_label = where
        self._where = where
        self._image: tuple[str, tuple[int, int]] | None = None
        self._shapes: list[tuple[int, Shape]] = []
        self._stack: list[str] = []
        self._room = MaskRoom()

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        # Entities are defined there, and could grow without bound or name files.
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        try:
            parser.Parse(data, True)
        except AnnotationError:
            raise
        except expat.ExpatError as error:
            raise AnnotationError(f"{self._file_label} is no XML: {error}") from error
        except (LookupError, ValueError) as error:
            raise AnnotationError(f"{self._file_label} is XML in an unknown encoding") from error

    def _refuse(self, *_arguments: object) -> None:
        raise AnnotationError(
            f"{self._file_label} has a DOCTYPE, which CVAT does not write: export it again"
        )

    def _begin(self, name: str, given: Mapping[str, str]) -> None:
        if not self._stack and name != "annotations":
            raise AnnotationError(
                f"{self._file_label} begins with <{name[:40]}>: export it as CVAT for images 1.1"
            )
        self._stack.append(name)
        if len(self._stack) > _MOST_DEPTH:
            raise AnnotationError(f"{self._file_label} is no CVAT for images 1.1: too deep")
        if name == "track" and len(self._stack) == 2:
            raise AnnotationError(
                f"{self._file_label} holds tracks: export it as CVAT for images 1.1, not for video"
            )
        if name == "image" and len(self._stack) == 2:
            file = given.get("name", "")
            self._where = f"{self._file_label}, image {file[:80]!r}"
            size = sides(given, ("height", "width"), self._where)
            self._image, self._shapes = (file, size), []
        elif self._image is not None and len(self._stack) == 3:
            if name in _AREAS:
                order = int(number(given.get("z_order", "0"), "z_order", self._where))
                shape = self._room.take(_shape(name, given, self._where), self._where)
                self._shapes.append((order, shape))
            elif name in _OTHERS:
                self.left_out[name] += 1

    def _end(self, name: str) -> None:
        self._stack.pop()
        if name == "image" and len(self._stack) == 1:
            file, size = self._image
            # Sorting keeps the order of equals.
            shapes = tuple(shape for _, shape in sorted(self._shapes, key=lambda each: each[0]))
            self.images.append(AnnotatedImage(file, size, shapes))
            self._image = None


def _shape(kind: str, given: Mapping[str, str], where: str) -> Shape:
    label = given.get("label")
    if not label:
        raise AnnotationError(f"{where}: a {kind} has no label")
    if kind == "polygon":
        corners = [each.split(",") for each in given.get("points", "").split(";")]
        return Shape(label, (points(corners, where),))
    if kind == "mask":
        left, top = (int(number(given.get(each), each, where)) for each in ("left", "top"))
        height, width = sides(given, ("height", "width"), where)
        try:
            runs = [int(each) for each in given.get("rle", "").split(",")]
        except ValueError:
            raise AnnotationError(f"{where}: a mask's rle is no list of whole numbers") from None
        mask = mask_of_runs(runs, width * height, where)
        return Shape.of_mask(label, mask.reshape(height, width), (top, left))
    turn = math.radians(number(given.get("rotation", "0"), "rotation", where))
    if kind == "box":
        x0, y0, x1, y1 = (
            number(given.get(each), each, where) for each in ("xtl", "ytl", "xbr", "ybr")
        )
        ring = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    else:
        cx, cy, rx, ry = (number(given.get(each), each, where) for each in ("cx", "cy", "rx", "ry"))
        around = np.linspace(0, 2 * math.pi, 128, endpoint=False)
        ring = np.stack([cx + rx * np.cos(around), cy + ry * np.sin(around)], axis=1)
    middle = ring.mean(axis=0)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return Shape(label, ((ring - middle) @ rotation.T + middle,))


def write_cvat(
    images: Sequence[AnnotatedImage], colors: Mapping[str, tuple[int, int, int]], folder: Path
) -> None:
    """Write `annotations.xml` for images, whose files lie in the folder `images` beside it.

    Args:
        images: with their shapes.
        colors: R, G, B of each label.
        folder: to write into.
    """
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n')
        file.write("<version>1.1</version>\n<meta><job><labels>\n")
        for label, color in colors.items():
            name = quoteattr(label)[1:-1]
            hexed = "#{:02x}{:02x}{:02x}".format(*color)
            file.write(f"<label><name>{name}</name><color>{hexed}</color><type>any</type>")
            file.write("<attributes></attributes></label>\n")
        file.write("</labels></job></meta>\n")
        for number_, image in enumerate(images):
            height, width = image.size
            name = quoteattr(image.file)
            file.write(f'<image id="{number_}" name={name} width="{width}" height="{height}">\n')
            for order, shape in enumerate(image.shapes):
                file.write(_written(shape, order))
            file.write("</image>\n")
        file.write("</annotations>\n")


def _written(shape: Shape, order: int) -> str:
    head = f'label={quoteattr(shape.label)} source="auto" occluded="0" z_order="{order}"'
    if shape.mask is None:
        text = ";".join(f"{x:.2f},{y:.2f}" for x, y in shape.rings[0])
        return f'<polygon {head} points="{text}"></polygon>\n'
    (top, left), (height, width) = shape.corner, shape.mask.shape
    runs = ", ".join(map(str, runs_of(shape.mask)))
    return (
        f'<mask {head} rle="{runs}" left="{left}" top="{top}" width="{width}" height="{height}">'
        "</mask>\n"
    )
