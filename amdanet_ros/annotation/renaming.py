"""Labels of a data set under another class table, by the classes' names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..class_table_file import class_table_text
from ..classes import ClassTable
from ..evaluation.label_origin import LABEL_ORIGIN, label_digest, network_of
from ..images.png_output import write_png
from ..training.label_images import read_label_image
from ..whole_file import whole_file
from .errors import AnnotationError

CLASSES_FILE = "classes.yaml"


def renamed(labels: np.ndarray, rows: np.ndarray, where: str) -> np.ndarray:
    """Return labels, H x W, under new indices.

    Args:
        labels: as they are.
        rows: 256 values, the new index of each.
        where: for the message.

    Raises:
        AnnotationError: labels of more than 8 bits.
    """
    if labels.max(initial=0) > 255:
        raise AnnotationError(f"{where} holds label {int(labels.max())}: 8 bits are needed")
    return rows[labels]


def rename_classes(root: Path, folder: Path, names: Iterable[str], rows: np.ndarray) -> None:
    """Write label images of a folder under new indices.

    What says that they are as a network wrote them goes on saying so.

    Args:
        root: the data set's folder.
        folder: of label images, NAME.png.
        names: of the images; those without labels are passed over.
        rows: 256 values, the new index of each label.

    Raises:
        AnnotationError: labels that cannot be used.
        DataError: an image that cannot be read.
    """
    network, digests = network_of(root)
    for name in names:
        path = folder / f"{name}.png"
        if not path.is_file():
            continue
        before = read_label_image(path)
        after = renamed(before, rows, str(path))
        write_png(path, after)
        if name in digests and digests[name] == label_digest(before):
            digests[name] = label_digest(after)
    if digests:
        with whole_file(root / LABEL_ORIGIN) as part:
            part.write_text(json.dumps({"network": network, "labels": digests}, indent=1))


def replace_table(root: Path, table: ClassTable) -> None:
    """Write a data set's class table; the one that was there is kept as classes_before_N.yaml."""
    file, number = root / CLASSES_FILE, 1
    while (root / f"classes_before_{number}.yaml").exists():
        number += 1
    if file.exists():
        os.replace(file, root / f"classes_before_{number}.yaml")
    with whole_file(file) as part:
        part.write_text(class_table_text(table), encoding="utf-8")
