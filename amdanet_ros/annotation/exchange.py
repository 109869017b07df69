"""Labels of a data set out to a task for people, and back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ..classes import NONE_OF, UNLABELED, ClassTable
from ..images.png_output import write_png
from ..one_line import one_line
from ..training.image_folder import FOLDERS, png_size
from ..training.label_images import read_label_image
from .coco import read_coco, write_coco
from .cvat import read_cvat, write_cvat
from .errors import AnnotationError
from .labelme import read_labelme, write_labelme
from .labelstudio import read_labelstudio, write_labelstudio
from .polygons import outlines
from .renaming import rename_classes, renamed, replace_table
from .shapes import AnnotatedImage, Annotations, Shape, names_by_index, painted

_READERS: dict[str, Callable[[Path], Annotations]] = {
    "cvat": read_cvat,
    "coco": read_coco,
    "labelme": read_labelme,
    "labelstudio": read_labelstudio,
}
_WRITERS = {
    "cvat": write_cvat,
    "coco": write_coco,
    "labelme": write_labelme,
    "labelstudio": write_labelstudio,
}
FORMATS = tuple(_READERS)

_EXTRA_COLORS = ((255, 255, 0), (128, 128, 128))


@dataclass(frozen=True)
class Exchange:
    """What was done.

    Attributes:
        images: label images written.
        left_out: how many shapes said no area, by kind.
        before: folder that keeps the labels as they were, or None.
    """

    images: int
    left_out: Counter[str]
    before: Path | None = None


def bring_back(
    kind: str,
    source: Path,
    root: Path,
    table: ClassTable,
    own: ClassTable | None = None,
    folder: str = FOLDERS["labels"],
) -> Exchange:
    """Write annotations as label images of a data set.

    All is read and checked before anything is written. The folder appears whole; one that was there
    is kept as FOLDER_before_N, and its labels of images that are not annotated are copied: by the
    classes' names where the set's own table differs, and classes.yaml becomes the new table.

    Args:
        kind: one of `FORMATS`.
        source: file, folder or .zip.
        root: the data set's folder.
        table: of the annotations' classes.
        own: of the labels in the data set; None: the same.
        folder: of the labels in the data set.

    Raises:
        AnnotationError: the annotations cannot be used, or do not belong to the data set.
        DataError: the data set cannot be read.
    """
    sizes = _sizes(root)
    target = root / folder
    if not _is_place_of_labels(target, folder, root):
        raise AnnotationError(f"--labels {one_line(folder)}: give the name of a folder of labels")
    rows = _rows(own, table)
    if rows is not None and folder != FOLDERS["labels"]:
        raise AnnotationError(
            f"--labels {one_line(folder)}: labels of other classes than those of classes.yaml go "
            f"to {FOLDERS['labels']}"
        )
    found = _READERS[kind](source)
    indices = {name: index for index, name in enumerate(table.names)}
    where = one_line(source)
    labels: dict[str, tuple[AnnotatedImage, str]] = {}
    for image in found.images:
        label = f"{where}, image {one_line(image.file, 80)!r}"
        name = _name_in(sizes, image.file, label)
        if name in labels:
            raise AnnotationError(f"{label} occurs twice: leave one out")
        if sizes[name] != image.size:
            raise AnnotationError(
                f"{label} is {image.size[1]} x {image.size[0]} pixels there, and "
                f"{sizes[name][1]} x {sizes[name][0]} in {one_line(root)}: it is another image"
            )
        painted(AnnotatedImage(image.file, (1, 1), image.shapes), indices, label)
        labels[name] = image, label
    if not labels:
        raise AnnotationError(f"{where} holds no annotated image")
    part = Path(tempfile.mkdtemp(prefix=f".{folder}.", suffix=".partial", dir=root))
    try:
        part.chmod(0o755)
        if target.is_dir():
            shutil.copytree(target, part, dirs_exist_ok=True)
        if rows is not None:
            rename_classes(root, part, set(sizes) - set(labels), rows)
        for name, (image, label) in labels.items():
            path = part / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_png(path, painted(image, indices, label))
        before = _swap(part, target)
        if rows is not None:
            replace_table(root, table)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exchange(len(labels), found.left_out, before)


def _is_place_of_labels(target: Path, name: str, root: Path) -> bool:
    """Whether labels may be written there: directly in the data set, and over no images."""
    if Path(name).name != name or target.resolve().parent != root.resolve():
        return False
    if not target.exists():
        return True
    others = (root / FOLDERS["rgb"], root / FOLDERS["thermal"])
    return target.is_dir() and not any(each.exists() and target.samefile(each) for each in others)


def _rows(own: ClassTable | None, table: ClassTable) -> np.ndarray | None:
    """Return the new index of each label, 256; None: the classes are the same."""
    if own is None or own.names == table.names:
        return None
    rows = np.full(256, UNLABELED, np.uint8)
    rows[NONE_OF] = NONE_OF
    for index, name in enumerate(own.names):
        if name in table.names and index not in own.ignored:
            rows[index] = table.names.index(name)
    return rows


def _swap(part: Path, target: Path) -> Path | None:
    """Give a whole folder its name; return where the one that was there is now."""
    if not target.exists():
        os.replace(part, target)
        return None
    number = 1
    while target.with_name(f"{target.name}_before_{number}").exists():
        number += 1
    before = target.with_name(f"{target.name}_before_{number}")
    os.replace(target, before)
    try:
        os.replace(part, target)
    except BaseException:
        os.replace(before, target)
        raise
    return before


def write_task(
    kind: str,
    root: Path,
    folder: Path,
    table: ClassTable,
    polygons: bool | None = None,
    labels: str = FOLDERS["labels"],
    own: ClassTable | None = None,
) -> Exchange:
    """Write a data set's RGB images and labels as a task for a program in which people draw.

    Args:
        kind: one of `FORMATS`.
        root: the data set's folder.
        folder: to write into; exists and is empty.
        table: of the task's classes.
        polygons: instead of masks; None: polygons for labelme alone.
        labels: folder of the labels in the data set.
        own: of these labels; None: the same. Classes that the table does not hold are left out.

    Raises:
        AnnotationError: labels that are no class of the table.
        DataError: the data set cannot be read.
    """
    as_polygons = kind == "labelme" if polygons is None else polygons
    sizes, rows = _sizes(root), _rows(own, table)
    if labels != FOLDERS["labels"] and not (root / labels).is_dir():
        raise AnnotationError(f"--labels {one_line(labels)}: {one_line(root)} has no such folder")
    images, special = [], {}
    for name, size in sizes.items():
        path = root / labels / f"{name}.png"
        shapes: list[Shape] = []
        if path.is_file():
            indices = read_label_image(path)
            if indices.shape != size:
                raise AnnotationError(f"{one_line(path)} has another size than its RGB image")
            if rows is not None:
                indices = renamed(indices, rows, one_line(path))
            present = names_by_index(table.names, np.unique(indices), one_line(path))
            special |= {each: None for each in present.values() if each not in table.names}
            shapes = _shapes(indices, present, as_polygons)
        images.append(AnnotatedImage(f"{name}.png", size, tuple(shapes)))
        copy = folder / "images" / f"{name}.png"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / FOLDERS["rgb"] / f"{name}.png", copy)
    colors = {
        name: tuple(color) for name, color in zip(table.names, table.palette.tolist(), strict=True)
    }
    colors |= dict(zip(special, _EXTRA_COLORS, strict=False))
    _WRITERS[kind](images, colors, folder)
    return Exchange(len(images), Counter())


def _shapes(labels: np.ndarray, present: Mapping[int, str], as_polygons: bool) -> list[Shape]:
    shapes = []
    for index, name in present.items():
        mask = labels == index
        if as_polygons:
            shapes += [Shape(name, (ring,)) for ring in outlines(mask)]
            continue
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        shapes.append(Shape.of_mask(name, part, (int(rows[0]), int(columns[0]))))
    # Simplified outlines overlap by a pixel: small areas lie on top.
    return sorted(shapes, key=lambda each: -_extent(each)) if as_polygons else shapes


def _extent(shape: Shape) -> float:
    x, y = shape.rings[0].T
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))


def _sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Return (height, width) of each RGB image of a data set, by name."""
    folder = root / FOLDERS["rgb"]
    paths = sorted(folder.rglob("*.png")) if folder.is_dir() else []
    if not paths:
        raise AnnotationError(
            f"{one_line(root)} is no data set: it has no images {FOLDERS['rgb']}/NAME.png"
        )
    sizes = {}
    for path in paths:
        size = png_size(path)
        if size is None:
            raise AnnotationError(f"{one_line(path)} is no PNG image: copy it again")
        sizes[path.relative_to(folder).with_suffix("").as_posix()] = size
    return sizes


def _name_in(names: Mapping[str, object], file: str, where: str) -> str:
    """Return the data set's name of an image whose file may lie in other folders there."""
    parts: Sequence[str] = PurePosixPath(file.replace("\\", "/")).parts
    for start in range(len(parts)):
        rest = "/".join(parts[start:])
        for name in (rest, rest.rpartition(".")[0]):
            if name in names:
                return name
        # Label Studio puts eight letters before the name of an uploaded file.
        head, dash, tail = rest.partition("-")
        if dash and len(head) == 8 and tail.rpartition(".")[0] in names:
            return tail.rpartition(".")[0]
    raise AnnotationError(
        f"{where} is no image of the data set: names there are such as {next(iter(names))}"
    )
