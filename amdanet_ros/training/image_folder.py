"""A data set in the authors' folder layout, checked when it is opened."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from tqdm import tqdm

from ..classes import NONE_OF, UNLABELED, ClassTable, without
from ..one_line import one_line
from .image_files import check_size, image_file
from .image_lists import data_folder, meant_instead, read_list
from .label_images import read_label_image
from .labelled_pair import DataError, LabelledPair

_T = TypeVar("_T")

FOLDERS = {"rgb": "Visible", "thermal": "Infrared", "labels": "Label"}

CONDITIONS = ("day", "night")
"""Conditions that a list `SPLIT_CONDITION.txt` may give images, as MFNet has them."""


class ImageFolder:
    """Pairs in `Visible/NAME.png`, `Infrared/NAME.png`, `Label/NAME.png`.

    Thermal images are 8-bit (as published) or 16-bit; a colour file with three equal channels
    counts as grey. Labels are 8-bit class indices, 255 = no label. Lists
    `SPLIT_day.txt` and `SPLIT_night.txt`, if there are any, give the pairs their condition.

    Args:
        root: folder of the data set.
        names: of the images, without extension; or a list's name ("train" reads `train.txt`).
        classes: their table, or their number K; a label from K to 254 is an error, unless the table
            ignores it: it is read as 255. None: labels are not checked.
        partial: label 254 (`NONE_OF`) is allowed.
        labels: folder of the labels.
        in_memory: decode each image once, now, and keep it (5 bytes a pixel of a pair, 6 with
            16-bit thermal). Processes that are forked afterwards share the memory.

    Attributes:
        present: label values that occur; empty where labels are not checked.
        doubtful: names of pairs whose labels are 255 alone, or 0 and 255, while others hold more.

    Raises:
        DataError: the folder, a list or an image is missing, images of a pair differ in size, or
            a label is out of range; the message names the file.
    """

    def __init__(
        self,
        root: str | os.PathLike,
        names: Sequence[str] | str,
        classes: ClassTable | int | None = None,
        partial: bool = False,
        labels: str = FOLDERS["labels"],
        in_memory: bool = False,
    ) -> None:
        self.root = data_folder(root)
        self.names = self.names_of(self.root, names) if isinstance(names, str) else list(names)
        table = classes if isinstance(classes, ClassTable) else None
        self.classes, self.ignored = (len(table), table.ignored) if table else (classes, ())
        self.partial = partial
        self.folders = {**FOLDERS, "labels": labels}
        self._conditions = self._read_conditions()
        self._check_files()
        self._kept: list[LabelledPair] = []
        with ThreadPoolExecutor() as threads:  # OpenCV releases Python's lock while it decodes
            values = self._shown(threads.map(self._check_on_opening, self.names), "checking")
            if in_memory:
                self._kept = self._shown(threads.map(self.__getitem__, range(len(self))), "reading")
        self.present = frozenset().union(*values)
        self.doubtful = [
            name
            for name, own in zip(self.names, values, strict=True)
            if own and own <= {0, UNLABELED} and own != {0} and own != self.present
        ]

    @staticmethod
    def names_of(root: Path, split: str) -> list[str]:
        """Return the names in `SPLIT.txt` of a data set's folder; `split` may end with ".txt"."""
        path = data_folder(root) / f"{split.removesuffix('.txt')}.txt"
        if not path.is_file():
            raise DataError(
                f"{path} is missing: a data set's folder holds train.txt and test.txt, "
                f"{', '.join(FOLDERS.values())} (docs/training.md)"
            )
        return read_list(path)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> LabelledPair:
        if self._kept:
            return self._kept[index]
        name = self.names[index]
        rgb = cv2.cvtColor(self._read("rgb", name, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        thermal, labels = self._thermal(name), self.labels(index)
        sizes = {"rgb": rgb.shape[:2], "thermal": thermal.shape, "labels": labels.shape}
        self._check_sizes(sizes, name)
        self._check_labels(labels, name)
        return LabelledPair(name, rgb, thermal, labels, self.condition(index))

    def labels(self, index: int) -> np.ndarray:
        """Return the labels of one pair, H x W."""
        return self._kept[index].labels if self._kept else self._labels(self.names[index])

    def condition(self, index: int) -> str:
        """Return the condition of one pair, "" if no list gives it one."""
        return self._conditions.get(self.names[index], "")

    def check(self) -> None:
        """Read every image; opening has read the labels and the images' sizes only.

        Raises:
            DataError: names the first image that cannot be used.
        """
        for index in range(len(self)):
            self[index]

    def _shown(self, results: Iterable[_T], doing: str) -> list[_T]:
        """Return the results of all pairs, with a progress bar if that takes long."""
        words = f"{doing} {self.root}"
        return list(tqdm(results, words, len(self.names), leave=False, unit="pair", delay=2))

    def _read_conditions(self) -> dict[str, str]:
        return {
            name: condition
            for condition in CONDITIONS
            for path in sorted(self.root.glob(f"*_{condition}.txt"))
            for name in self.names_of(self.root, path.stem)
        }

    def _path(self, folder: str, name: str) -> Path:
        return self.root / folder / f"{name}.png"

    def _read(self, what: str, name: str, flags: int) -> np.ndarray:
        path = self._path(self.folders[what], name)
        return image_file(path, flags)

    def _labels(self, name: str) -> np.ndarray:
        return without(read_label_image(self._path(self.folders["labels"], name)), self.ignored)

    def _thermal(self, name: str) -> np.ndarray:
        image = self._read("thermal", name, cv2.IMREAD_UNCHANGED)
        if image.ndim == 2:
            return image
        first = image[..., 0]
        if any((image[..., c] != first).any() for c in range(1, min(3, image.shape[2]))):
            path = self._path(self.folders["thermal"], name)
            raise DataError(f"{path} is a colour image: one channel of values is needed")
        return np.ascontiguousarray(first)

    def _check_files(self) -> None:
        """Refuse a list that names images which are not there."""
        for folder in self.folders.values():
            missing = [name for name in self.names if not self._path(folder, name).is_file()]
            if missing:
                path = self._path(folder, missing[0])
                more = f", and {len(missing) - 1} more of {folder}" if len(missing) > 1 else ""
                raise DataError(
                    f"{one_line(path)} is missing: it belongs to a name of the list{more}"
                    f"{meant_instead(path)}"
                )

    def _check_on_opening(self, name: str) -> frozenset[int]:
        """Check sizes and labels of one pair; return the label values that occur."""
        sizes = {}
        for what, folder in self.folders.items():
            path = self._path(folder, name)
            size = png_size(path)
            if size:
                check_size(path, size)
            sizes[what] = size or self._read(what, name, cv2.IMREAD_UNCHANGED).shape[:2]
        self._check_sizes(sizes, name)
        if self.classes is None:
            return frozenset()
        labels = self._labels(name)
        self._check_labels(labels, name)
        return frozenset(np.flatnonzero(np.bincount(labels.reshape(-1), minlength=256)).tolist())

    def _check_sizes(self, sizes: Mapping[str, tuple[int, ...]], name: str) -> None:
        height, width = sizes["rgb"]
        for what in ("thermal", "labels"):
            if sizes[what] != (height, width):
                path = self._path(self.folders[what], name)
                raise DataError(
                    f"{path} is {sizes[what][0]} x {sizes[what][1]} "
                    f"pixels, its RGB image {height} x {width}: "
                    "give both the same field of view and size"
                )

    def _check_labels(self, labels: np.ndarray, name: str) -> None:
        path = self._path(self.folders["labels"], name)
        if labels.dtype != np.uint8:
            raise DataError(f"{path} is {labels.dtype}: 8 bits are needed")
        if self.classes is None:
            return
        known = labels != UNLABELED
        if self.partial:
            known &= labels != NONE_OF
        wrong = labels[(labels >= self.classes) & known]
        if wrong.size:
            raise DataError(
                f"{path} holds label {int(wrong[0])}: "
                f"the data set has {self.classes} classes (0 to {self.classes - 1}; 255: no label"
                + (
                    "; 254: none of the classes that data.none_of in a training or --objects of "
                    "evaluate name)"
                    if wrong[0] == NONE_OF
                    else ")"
                )
            )


def png_size(path: Path) -> tuple[int, int] | None:
    """Return (height, width) from a PNG's header (PNG specification, 5.3 and 11.2.2).

    None if the file is not a PNG.
    """
    with path.open("rb") as stream:
        head = stream.read(24)
    if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", head[16:])
    return height, width


def held_out_split(names: Sequence[str], share: float, seed: int) -> tuple[list[str], list[str]]:
    """Split a training list at random into (training, held out), at least one name each.

    Raises:
        DataError: fewer than two names, or a share outside (0, 1).
    """
    if not 0.0 < share < 1.0:
        raise DataError(f"data.validation_share is {share:g}: it must be above 0 and below 1")
    if len(names) < 2:
        raise DataError(
            "train.txt names one pair, and at least one more is needed to be held out for the "
            "validation: name more, or name another list in data.validation_list"
        )
    order = np.random.default_rng([seed, 3]).permutation(len(names))
    count = min(len(names) - 1, max(1, round(share * len(names))))
    held_out = set(order[:count].tolist())
    return (
        [name for i, name in enumerate(names) if i not in held_out],
        [name for i, name in enumerate(names) if i in held_out],
    )
