"""The street set (RGB-thermal images with merged labels) to the layout that training reads.

As distributed, a folder holds `msrs` (pairs, `label`, `objects`, `boxes.json`, lists), `camvid`
(RGB images with labels, no thermal) and folders of pairs without labels. What is written:

- `Visible`, `Infrared`, `Label`, one PNG a name each; `boxes.json`, in pixels of what is written;
- `train.txt` (msrs), `camvid.txt` (thermal is the grey of RGB), `unlabelled.txt` (all labels 255),
  and `test.txt`, `test_day.txt`, `test_night.txt`: the pairs to choose weights on;
- `no_vehicles.txt`: of the unlabelled pairs, those of `WITHOUT_VEHICLES`;
- label 254 (`NONE_OF`): none of person, bicycle, vehicle. At night the labels of the set know
  nothing else outside the boxes that people drew; in the test labels it comes from `objects`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from ..classes import NONE_OF, UNLABELED
from ..evaluation.object_scores import BOX_KINDS, outside_boxes
from ..images.png_output import write_png
from ..one_line import one_line
from ..whole_file import write_whole
from .image_files import image_file
from .image_folder import FOLDERS
from .image_lists import check_outside, data_folder
from .labelled_pair import DataError

UNLABELLED_PAIRS = ("roadscene", "m3svd", "llvip")

WITHOUT_VEHICLES = (
    *("0111_1716", "0111_1803", "0114_1551", "0114_1609", "0114_1611", "0115_1831", "0115_1834"),
    *("0115_1847", "v0111_1716", "v0113_1714", "v0117_1620", "v1230_1202"),
)
"""Scenes of M3SVD without a vehicle, as somebody who looked at each saw: stairs, parks, stalls, a
lake, shop fronts. Networks that know streets alone take facades for vehicles."""

BOX_MARGIN = 4.0
"""Pixels of the original around a box where nothing is said: people draw boxes a little off."""

Box = tuple[int, float, float, float, float]
"""Kind (0 person, 1 bicycle, 2 vehicle), x0, y0, x1, y1 in pixels."""


def convert_street(
    source: str | os.PathLike, destination: str | os.PathLike, size: tuple[int, int]
) -> dict[str, int]:
    """Write the street set; files that are there already are written again.

    Args:
        source: the set's folder.
        destination: folder to write; made if missing.
        size: (height, width) of what is written; images by area, labels by the nearest pixel.

    Returns:
        Number of names in each list, by the list's name.

    Raises:
        DataError: a part of the set is missing, or an image cannot be read.
    """
    root, target = data_folder(source), data_folder(destination)
    for part in ("msrs/train.txt", "msrs/val.txt", "msrs/boxes.json", "camvid/rgb"):
        if not (root / part).exists():
            raise DataError(f"{root / part} is missing: name the street set's folder")
    check_outside(target, root)
    for folder in FOLDERS.values():
        (target / folder).mkdir(parents=True, exist_ok=True)
    writer = _Writer(root, target, size)
    boxes = _boxes_of(root / "msrs/boxes.json")
    lists = {
        "train": [(name, "msrs", name) for name in (root / "msrs/train.txt").read_text().split()],
        "test": [(name, "msrs", name) for name in (root / "msrs/val.txt").read_text().split()],
        "camvid": [(p.stem, "camvid", p.stem) for p in sorted((root / "camvid/rgb").glob("*.jpg"))],
        "unlabelled": [
            (f"{part}_{path.stem}", part, path.stem)
            for part in UNLABELLED_PAIRS
            for path in sorted((root / part / "rgb").glob("*.jpg"))
        ],
    }
    scaled: dict[str, list[Box]] = {}
    with ThreadPoolExecutor(2) as threads:
        for split, entries in lists.items():
            jobs = [
                threads.submit(writer.write, split, *entry, boxes.get(entry[2], []))
                for entry in entries
            ]
            for (name, _, _), job in zip(entries, jobs, strict=True):
                found = job.result()
                if found:
                    scaled[name] = found
    write_whole(target / "boxes.json", json.dumps(scaled))
    names = {split: [entry[0] for entry in entries] for split, entries in lists.items()}
    for condition, letter in (("day", "D"), ("night", "N")):
        for split in ("train", "test"):
            names[f"{split}_{condition}"] = [n for n in names[split] if n.endswith(letter)]
    names["no_vehicles"] = [
        name
        for name, part, stem in lists["unlabelled"]
        if part == "m3svd" and stem.rsplit("_", 1)[0] in WITHOUT_VEHICLES
    ]
    names = {split: wanted for split, wanted in names.items() if wanted}
    for split, wanted in names.items():
        write_whole(target / f"{split}.txt", "".join(f"{name}\n" for name in wanted))
    return {split: len(wanted) for split, wanted in names.items()}


def read_boxes(root: str | os.PathLike) -> Mapping[str, Sequence[Box]]:
    """Return the boxes of `boxes.json` in a converted set's folder, by the image's name.

    Raises:
        DataError: no such file, or one that holds no boxes.
    """
    path = data_folder(root) / "boxes.json"
    if not path.is_file():
        raise DataError(f"{path} is missing: convert the street set again")
    return {name: [box[:5] for box in boxes] for name, boxes in _boxes_of(path).items()}


def _boxes_of(path: Path) -> dict[str, list[tuple]]:
    """Return the boxes of a file, [kind, x0, y0, x1, y1, ...] each; raises DataError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is no JSON: {one_line(error, 100)}") from error
    if not isinstance(content, dict) or not all(isinstance(b, list) for b in content.values()):
        raise DataError(f'{path} holds no boxes: expected is {{"NAME": [[kind, x0, y0, x1, y1]]}}')
    for name, boxes in content.items():
        for box in boxes:
            if not (isinstance(box, list) and len(box) >= 5 and _is_box(box)):
                raise DataError(
                    f"{path}: {one_line(repr(name), 60)} has {one_line(repr(box), 80)} for a box: "
                    f"expected is [kind, x0, y0, x1, y1], kind 0 to {len(BOX_KINDS) - 1}, in pixels"
                )
    return {name: [tuple(box) for box in boxes] for name, boxes in content.items()}


def _is_box(box: Sequence) -> bool:
    kind, *corners = box[:5]
    numbers = all(type(value) in (int, float) and abs(value) <= 1e6 for value in corners)
    return type(kind) is int and 0 <= kind < len(BOX_KINDS) and numbers


class _Writer:
    """Writes one pair at a time."""

    def __init__(self, root: Path, target: Path, size: tuple[int, int]) -> None:
        self.root, self.target, self.size = root, target, size

    def write(self, split: str, name: str, part: str, stem: str, boxes: list) -> list[Box]:
        """Write a pair under a name; returns its boxes in pixels of what is written."""
        rgb = self._read(self.root / part / "rgb" / f"{stem}.jpg", cv2.IMREAD_COLOR)
        if part == "camvid":
            thermal = cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY)
        else:
            thermal_path = self.root / part / "thermal" / f"{stem}.jpg"
            thermal = self._read(thermal_path, cv2.IMREAD_GRAYSCALE)
        labels = self._labels(split, part, stem, rgb.shape[:2])
        if split == "train" and stem.endswith("N"):
            known_absent = outside_boxes(labels.shape, boxes, BOX_MARGIN)
            labels[known_absent & (labels == UNLABELED)] = NONE_OF
        for folder, image, how in (
            ("rgb", rgb, cv2.INTER_AREA),
            ("thermal", thermal, cv2.INTER_AREA),
            ("labels", labels, cv2.INTER_NEAREST),
        ):
            resized = cv2.resize(image, self.size[::-1], interpolation=how)
            path = self.target / FOLDERS[folder] / f"{name}.png"
            write_png(path, resized, compression=1)
        down, across = self.size[0] / rgb.shape[0], self.size[1] / rgb.shape[1]
        return [
            (int(kind), x0 * across, y0 * down, x1 * across, y1 * down)
            for kind, x0, y0, x1, y1, *_ in boxes
        ]

    def _labels(self, split: str, part: str, stem: str, shape: tuple[int, int]) -> np.ndarray:
        if split == "unlabelled":
            return np.full(shape, UNLABELED, np.uint8)
        folder = "objects" if split == "test" else "label"
        return self._read(self.root / part / folder / f"{stem}.png", cv2.IMREAD_GRAYSCALE)

    @staticmethod
    def _read(path: Path, flags: int) -> np.ndarray:
        return image_file(path, flags)
